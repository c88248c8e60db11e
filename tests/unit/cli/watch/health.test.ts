import { expect, it } from 'vitest';
import { Terminal } from '../../../../cli/terminal/terminal.ts';
import { Conditions } from '../../../../cli/watch/conditions.ts';
import { healthOf, type WatchState } from '../../../../cli/watch/health.ts';
import { inWords } from '../../../../cli/watch/timing.ts';
import { WatchLog } from '../../../../cli/watch/watch-log.ts';

class Lines extends Terminal {
  readonly said: { level: string; event: string; text: string }[] = [];
  override event(event: object): void {
    this.said.push(event as { level: string; event: string; text: string });
  }
}

const clock = () => new Date('2023-10-12T00:00:00Z');
function made() {
  const lines = new Lines(true);
  const conditions = new Conditions(new WatchLog(lines, undefined, (text) => text, clock), clock);
  const state: WatchState = {
    startedAt: clock(),
    sources: ['sensors', 'weather'],
    lastCheck: undefined,
    lastSign: 0,
    lastHit: undefined,
    building: undefined,
    champions: [],
    ready: false,
  };
  return { lines, conditions, state };
}

it('is starting, ok, degraded by a failure and ok again', () => {
  const { conditions, state } = made();
  expect(healthOf(state, conditions, 1000, 60_000).status).toBe('starting');
  state.ready = true;
  expect(healthOf(state, conditions, 1000, 60_000).status).toBe('ok');
  conditions.failed('weather', 'the server is gone');
  expect(healthOf(state, conditions, 1000, 60_000)).toMatchObject({
    status: 'degraded',
    sources: {
      sensors: { ok: true },
      weather: { ok: false, failing_since: '2023-10-12T00:00:00.000Z', message: 'the server is gone', failures: 1 },
    },
  });
  conditions.recovered('weather');
  expect(healthOf(state, conditions, 1000, 60_000).status).toBe('ok');
});

it('is degraded when the last sign of life is more than five intervals old', () => {
  const { conditions, state } = made();
  state.ready = true;
  expect(healthOf(state, conditions, 300_000, 60_000)).toMatchObject({ status: 'ok', checks_overdue: false });
  expect(healthOf(state, conditions, 300_001, 60_000)).toMatchObject({ status: 'degraded', checks_overdue: true });
});

it('writes a line where something changes, and only there', () => {
  const { lines, conditions } = made();
  conditions.recovered('sensors');
  for (let again = 0; again < 100; again += 1) conditions.failed('sensors', 'the share is gone', 'It is tried again.');
  conditions.failed('sensors', 'no permission', 'It is tried again.');
  conditions.failed('sensors', 'the share is gone', 'It is tried again.');
  conditions.recovered('sensors');
  conditions.recovered('sensors');
  expect(lines.said.map(({ level, text }) => [level, text.replace(/\d+\.\d s/, 'a while')])).toEqual([
    ['error', 'sensors: the share is gone. It is tried again.'],
    ['error', 'sensors: no permission'],
    ['info', 'sensors: works again after a while (102 failures)'],
  ]);
});

it('tells another reason of the database once it lasts, and at once what needs a person', () => {
  const { lines, conditions } = made();
  const told = () => lines.said.splice(0).map(({ text }) => text);
  conditions.failed('database', 'the connection to the database was lost', 'It is tried again.');
  expect(told()).toEqual(['database: the connection to the database was lost. It is tried again.']);
  conditions.failed('database', 'nothing listens there');
  conditions.failed('database', 'the server is starting up');
  expect(told()).toEqual([]);
  for (let again = 0; again < 10; again += 1) conditions.failed('database', 'nothing listens there');
  expect(told()).toEqual(['database: nothing listens there']);
  for (let again = 0; again < 3; again += 1)
    conditions.failed('database', 'the password is wrong', '', { tellAtOnce: true });
  expect(told()).toEqual(['database: the password is wrong']);
  expect(conditions.failing().get('database')?.message).toBe('the password is wrong');
});

it('tells ever new reasons a few times only', () => {
  const { lines, conditions } = made();
  for (let number = 0; number < 50; number += 1) conditions.failed('build', `reason ${number}`);
  expect(lines.said).toHaveLength(5);
});

it.each([
  [0, '0.0 s'],
  [9949, '9.9 s'],
  [59_400, '59 s'],
  [60_000, '1 min'],
  [200_000, '3 min 20 s'],
  [7_500_000, '2 h 5 min'],
  [86_400_000, '1 d'],
  [273_600_000, '3 d 4 h'],
])('%i ms in words are %s', (milliseconds, words) => {
  expect(inWords(milliseconds)).toBe(words);
});
