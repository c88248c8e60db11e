import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DailyJob } from '../../../cli/schedule/daily-job.ts';
import { isDue, latestDue } from '../../../cli/schedule/due.ts';

const before = process.env.TZ;
beforeAll(() => {
  process.env.TZ = 'Europe/Zurich';
});
afterAll(() => {
  if (before === undefined) delete process.env.TZ;
  else process.env.TZ = before;
});

const minuteMs = 60_000;
const at = (hour: number, minute = 0) => ({ hour, minute });

/** Runs a watcher's clock from one moment to another, minute by minute and with jumps; returns when the job was done. */
function worked(
  time: { hour: number; minute: number },
  stretches: readonly (readonly [from: string, to: string])[],
  lastSuccess: string | undefined,
): string[] {
  let success = lastSuccess === undefined ? undefined : new Date(lastSuccess);
  const done: string[] = [];
  for (const [from, to] of stretches) {
    for (let now = Date.parse(from); now <= Date.parse(to); now += minuteMs) {
      if (!isDue(new Date(now), time, success)) continue;
      success = new Date(now);
      done.push(success.toISOString());
    }
  }
  return done;
}

describe('latestDue', () => {
  it('runs in the zone that these tests are about', () => {
    expect(new Date('2023-07-01T00:00:00Z').getHours()).toBe(2);
  });

  it.each([
    ['2023-10-12T05:29:59Z', at(7, 30), '2023-10-11T05:30:00.000Z'],
    ['2023-10-12T05:30:00Z', at(7, 30), '2023-10-12T05:30:00.000Z'],
    ['2023-10-12T21:59:59Z', at(0), '2023-10-11T22:00:00.000Z'],
    ['2023-10-12T22:00:00Z', at(0), '2023-10-12T22:00:00.000Z'],
    // Across a change of the clock a day has 23 or 25 hours.
    ['2023-03-26T05:29:00Z', at(7, 30), '2023-03-25T06:30:00.000Z'],
    ['2023-03-26T05:30:00Z', at(7, 30), '2023-03-26T05:30:00.000Z'],
    ['2023-10-29T06:29:00Z', at(7, 30), '2023-10-28T05:30:00.000Z'],
    ['2023-10-29T06:30:00Z', at(7, 30), '2023-10-29T06:30:00.000Z'],
    // 2:30 does not exist on 26 March: it is the moment when the wall shows 3:30.
    ['2023-03-26T01:10:00Z', at(2, 30), '2023-03-25T01:30:00.000Z'],
    ['2023-03-26T01:30:00Z', at(2, 30), '2023-03-26T01:30:00.000Z'],
    // 2:30 is there twice on 29 October: the first counts.
    ['2023-10-29T00:29:00Z', at(2, 30), '2023-10-28T00:30:00.000Z'],
    ['2023-10-29T00:30:00Z', at(2, 30), '2023-10-29T00:30:00.000Z'],
    ['2023-10-29T01:30:00Z', at(2, 30), '2023-10-29T00:30:00.000Z'],
    // The first of a month and of a year.
    ['2024-01-01T05:00:00Z', at(7, 30), '2023-12-31T06:30:00.000Z'],
  ])('at %s for %o is %s', (now, time, due) => {
    expect(latestDue(new Date(now), time).toISOString()).toBe(due);
  });
});

describe('a weekly job', () => {
  const sunday = { ...at(0), weekday: 0 };

  it('is due once a week, and later where that was missed', () => {
    expect(worked(sunday, [['2023-10-10T12:00:00Z', '2023-10-24T12:00:00Z']], '2023-10-10T11:00:00Z')).toEqual([
      '2023-10-14T22:00:00.000Z',
      '2023-10-21T22:00:00.000Z',
    ]);
    expect(worked(sunday, [['2023-10-17T12:00:00Z', '2023-10-18T12:00:00Z']], '2023-10-14T21:59:00Z')).toEqual([
      '2023-10-17T12:00:00.000Z',
    ]);
  });
});

describe('a daily job, once for each due time', () => {
  it('on days without anything special', () => {
    expect(worked(at(0), [['2023-10-10T12:00:00Z', '2023-10-13T12:00:00Z']], '2023-10-10T11:00:00Z')).toEqual([
      '2023-10-10T22:00:00.000Z',
      '2023-10-11T22:00:00.000Z',
      '2023-10-12T22:00:00.000Z',
    ]);
  });

  it('at once if it was never done, or missed while nothing ran', () => {
    expect(worked(at(0), [['2023-10-10T12:00:00Z', '2023-10-10T13:00:00Z']], undefined)).toEqual([
      '2023-10-10T12:00:00.000Z',
    ]);
    expect(worked(at(0), [['2023-10-10T12:00:00Z', '2023-10-10T13:00:00Z']], '2023-10-07T22:05:00Z')).toEqual([
      '2023-10-10T12:00:00.000Z',
    ]);
  });

  it.each([
    ['skipped', '2023-03-24', '2023-03-27', ['03-25T01:30', '03-26T01:30', '03-27T00:30']],
    ['doubled', '2023-10-27', '2023-10-30', ['10-28T00:30', '10-29T00:30', '10-30T01:30']],
  ])('at half past two where that is %s', (_, from, to, times) => {
    const stretch = [`${from}T12:00:00Z`, `${to}T12:00:00Z`] as const;
    expect(worked(at(2, 30), [stretch], `${from}T11:00:00Z`)).toEqual(times.map((time) => `2023-${time}:00.000Z`));
  });

  it.each([
    ['2023-03-25T12:00:00Z', '2023-03-27T12:00:00Z', ['2023-03-25T23:00:00.000Z', '2023-03-26T22:00:00.000Z']],
    ['2023-10-28T12:00:00Z', '2023-10-30T12:00:00Z', ['2023-10-28T22:00:00.000Z', '2023-10-29T23:00:00.000Z']],
  ])('at midnight around a change of the clock, from %s to %s', (from, to, times) => {
    expect(worked(at(0), [[from, to]], from)).toEqual(times);
  });

  it('when the clock jumps forward over midnight', () => {
    const stretches = [
      ['2023-10-12T21:00:00Z', '2023-10-12T21:50:00Z'],
      ['2023-10-12T22:40:00Z', '2023-10-13T12:00:00Z'],
    ] as const;
    expect(worked(at(0), stretches, '2023-10-11T22:05:00Z')).toEqual(['2023-10-12T22:40:00.000Z']);
  });

  it('when the clock jumps back over midnight, once or again and again', () => {
    const stretches = [
      ['2023-10-12T21:00:00Z', '2023-10-12T22:05:00Z'],
      ['2023-10-12T21:50:00Z', '2023-10-12T22:10:00Z'],
      ['2023-10-12T21:30:00Z', '2023-10-13T12:00:00Z'],
    ] as const;
    expect(worked(at(0), stretches, '2023-10-11T22:05:00Z')).toEqual(['2023-10-12T22:00:00.000Z']);
  });

  it('when the clock was years ahead for a while', () => {
    const stretches = [
      ['2036-02-07T06:28:00Z', '2036-02-07T06:30:00Z'],
      ['2023-10-12T12:00:00Z', '2023-10-13T12:00:00Z'],
    ] as const;
    expect(worked(at(0), stretches, '2023-10-11T22:05:00Z')).toEqual([
      '2036-02-07T06:28:00.000Z',
      '2023-10-12T12:00:00.000Z',
      '2023-10-12T22:00:00.000Z',
    ]);
  });
});

describe('a daily job that fails', () => {
  const options = { at: at(7, 30), retries: 2, retryDelayMs: 1000 };
  const now = new Date('2023-10-12T06:00:00Z');

  it('is tried again after the delay so many times, then hourly, until it succeeds', () => {
    const job = new DailyJob(options);
    expect(job.shouldStart(now, 0)).toBe(true);
    job.started();
    expect(job.shouldStart(now, 0)).toBe(false);
    expect(job.failed(0)).toBe(1000);
    expect(job.shouldStart(now, 999)).toBe(false);
    expect(job.shouldStart(now, 1000)).toBe(true);
    job.started();
    expect(job.failed(1000)).toBe(1000);
    job.started();
    expect(job.failed(2000)).toBe(3_600_000);
    expect(job.shouldStart(now, 3_601_999)).toBe(false);
    expect(job.shouldStart(now, 3_602_000)).toBe(true);
    job.started();
    job.succeeded(now);
    expect(job.shouldStart(now, 9_999_999)).toBe(false);
  });

  it('starts afresh at its next due time', () => {
    const job = new DailyJob(options);
    expect(job.shouldStart(now, 0)).toBe(true);
    for (let failure = 0; failure < 3; failure += 1) {
      job.started();
      job.failed(0);
    }
    expect(job.shouldStart(now, 1000)).toBe(false);
    expect(job.shouldStart(new Date('2023-10-13T05:30:00Z'), 1000)).toBe(true);
    job.started();
    expect(job.failed(1000)).toBe(1000);
  });

  it('is not done again when another process has done it', () => {
    const job = new DailyJob(options);
    job.learn(new Date('2023-10-12T05:45:00Z'));
    expect(job.shouldStart(now, 0)).toBe(false);
    job.learn(new Date('2023-10-12T05:15:00Z'));
    expect(job.shouldStart(now, 0)).toBe(true);
    job.started();
    job.interrupted();
    expect(job.shouldStart(now, 0)).toBe(true);
  });
});
