import { describe, expect, it } from 'vitest';
import { environmentOf } from '../../../cli/predict/scoring.ts';
import { predictorSettings } from '../../../predictors/predictor-settings.ts';

const one = { name: 'forest', command: ['python3', 'predict.py'] };
const read = (...predictors: readonly unknown[]) => predictorSettings({ predictors });

describe('the predictors of project.yml', () => {
  it('are none, or have defaults', () => {
    expect(predictorSettings(undefined)).toEqual([]);
    expect(predictorSettings({ min_days: 21 })).toEqual([]);
    expect(read(one)).toEqual([
      {
        ...one,
        version: '1',
        targets: ['occupied', 'mean_power_w'],
        horizons: ['quarter', 'hour', 'day'],
        timeoutMs: 60_000,
      },
    ]);
  });

  it.each([
    [{ ...one, name: undefined }, 'predictors[0].name is missing'],
    [{ ...one, name: 'Forest' }, 'predictors[0].name is "Forest"'],
    [{ ...one, name: 'trees' }, 'another name than those of models that are there'],
    [{ ...one, name: 'hour-of-week' }, 'another name than those of models that are there'],
    [
      { ...one, command: 'python3 predict.py' },
      'predictors[0].command is "python3 predict.py", and has to be a list of texts',
    ],
    [{ ...one, command: [] }, 'predictors[0].command is []'],
    [{ ...one, command: ['python3', 3] }, 'predictors[0].command is ["python3",3]'],
    [{ ...one, targets: ['presence'] }, 'has to be a list of some of occupied, mean_power_w'],
    [{ ...one, horizons: [] }, 'has to be a list of some of quarter, hour, day'],
    [{ ...one, timeout_seconds: 0 }, 'has to be a number from 1 to 600'],
    [{ ...one, shell: true }, 'predictors[0].shell is true, and has to be left out'],
    ['forest', 'has to be a mapping with name and command'],
  ])('are refused where they make no sense: %j', (given, message) => {
    expect(() => read(given)).toThrow(message);
  });

  it('are refused where a name stands twice, or they are no list', () => {
    expect(() => read(one, one)).toThrow('no name stands twice');
    expect(() => predictorSettings({ predictors: one })).toThrow('has to be a list');
  });

  it('get the variables that interpreters need, and no secrets', () => {
    const env = {
      Path: '/bin',
      DB_URL: 'postgres://a:b@c/d',
      SFTP_PASSWORD: 'x',
      PSEUDONYM_KEY: 'y',
      LANG: 'C',
      HOME: undefined,
    };
    expect(environmentOf(env)).toEqual({ Path: '/bin', LANG: 'C' });
  });
});
