import { afterEach, describe, expect, it } from 'vitest';
import { readSeed } from '../../../../../runner/build/transaction/seed.ts';
import { compileProject } from '../../../../../runner/compile/compile.ts';
import { readProject } from '../../../../../runner/project/read-project.ts';
import { TemporaryProject } from '../../../../integration/temporary-project.ts';
import { seedOf } from '../../projects.ts';

describe('the dates of a seed', () => {
  let project: TemporaryProject;
  afterEach(() => project.dispose());

  function read(type: string, value: string) {
    project = new TemporaryProject({
      'seeds/days.csv': `name,day\nfirst,2023-01-01\nsecond,"${value}"\n`,
      'seeds/days.yml': `seeds: [{ name: days, columns: [{ name: day, data_type: "${type}" }] }]`,
    });
    const compiled = compileProject(readProject({ root: project.root, env: {} }));
    return readSeed(project.root, seedOf(compiled, 'days')).csv;
  }

  it.each([
    ['date', '2023-08-31'],
    ['date', ''],
    ['date', '-infinity'],
    ['date', '20230831'],
    ['date', '0044-03-15 BC'],
    ['timestamp', '2023-08-31 23:59:59.123456'],
    ['timestamp(0)', '2023-08-31T23:59'],
    ['timestamptz', '2023-08-31T23:59:59Z'],
    ['timestamptz', '2023-08-31 23:59+02'],
    ['timestamp with time zone', '2023-08-31 23:59:00 Europe/Zurich'],
    ['text', '01.08.2023'],
  ])('%s: %s', (type, value) => {
    expect(read(type, value)).toContain(value);
  });

  it.each([
    ['date', '01.08.2023'],
    ['date', '1.8.23'],
    ['date', '08/01/2023'],
    ['date', '2023.08.01'],
    ['date', '1 Aug 2023'],
    ['timestamp', '01.08.2023 12:00'],
    ['timestamptz', '01/08/2023 12:00:00 PM'],
    ['timestamp(3) with time zone', '23-08-01 12:00'],
    ['date', 'today'],
    ['date', '45139'],
  ])('%s: %s is refused at its line, whatever the server makes of it', (type, value) => {
    expect(() => read(type, value)).toThrow(
      expect.objectContaining({
        message: expect.stringMatching(
          /^seeds\/days\.csv: ".+" in column "day" \(.+\) is not a date as ISO 8601 writes it$/,
        ),
        where: 'seeds/days.csv:3:8',
      }),
    );
  });
});
