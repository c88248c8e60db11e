import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { batchSizes } from '../../../../runner/project/config.ts';
import { readBatches } from '../../../../runner/state/batch-windows.ts';
import { ensureState } from '../../../../runner/state/schema.ts';
import { oneDatabase, type TestDatabase } from '../../databases.ts';

/** Zones whose clocks are changed, by an hour or half of one, at midnight or not, one of them by a day, and when. */
const changes = [
  ['UTC', '2023-10-29'],
  ['Europe/Zurich', '2023-10-29'],
  ['Europe/Zurich', '2024-03-31'],
  ['America/New_York', '2023-11-05'],
  ['America/Sao_Paulo', '2018-11-04'],
  ['America/Sao_Paulo', '2018-02-18'],
  ['America/Havana', '2023-11-05'],
  ['Australia/Lord_Howe', '2023-04-02'],
  ['Australia/Lord_Howe', '2023-10-01'],
  ['Asia/Kathmandu', '2023-10-29'],
  ['Pacific/Apia', '2011-12-30'],
] as const;

describe.each(oneDatabase)('batches of time on $name', (kind) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await kind.open();
    await ensureState(database.warehouse);
  });
  afterAll(() => database.drop());

  const read = (size: (typeof batchSizes)[number], timeZone: string, begin: string, now: string) =>
    readBatches(database.warehouse, 'm', { size, timeZone, begin }, now);

  it('follow each other from begin to now without gap or overlap, and begin when the clock of the zone says so', async () => {
    const history = fc.record({
      change: fc.constantFrom(...changes),
      size: fc.constantFrom(...batchSizes),
      before: fc.integer({ min: 0, max: 4 * 1440 }),
      after: fc.integer({ min: 0, max: 4 * 1440 }),
    });
    await fc.assert(
      fc.asyncProperty(history, async ({ change: [zone, day], size, before, after }) => {
        const middle = Date.parse(`${day}T00:00:00Z`);
        const [begin, now] = [new Date(middle - before * 60_000), new Date(middle + after * 60_000)];
        const batches = await read(size, zone, begin.toISOString(), now.toISOString());
        const times = batches.map(({ from, to }) => [Date.parse(from.at), Date.parse(to.at)] as const);
        const [first, last] = [times[0], times.at(-1)];
        expect(first?.[0]).toBeLessThanOrEqual(begin.getTime());
        expect(first?.[1]).toBeGreaterThan(begin.getTime());
        expect(last?.[0]).toBeLessThanOrEqual(now.getTime());
        expect(last?.[1]).toBeGreaterThan(now.getTime());
        for (const [index, [start, end]] of times.entries()) {
          expect(end).toBeGreaterThan(start);
          if (index > 0) expect(times[index - 1]?.[1]).toBe(start);
        }
        const clock = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' });
        for (const { from, to } of batches) {
          // Whatever the clock shows in a batch is of its time, so that times without a zone find their batch.
          for (const at of [Date.parse(from.at), Date.parse(from.at) + 3_600_000, Date.parse(to.at) - 1000]) {
            expect(clock.format(new Date(at)) >= from.local).toBe(true);
            expect(at >= Date.parse(to.at) || clock.format(new Date(at)) < to.local).toBe(true);
          }
          const shown = clock.format(new Date(from.at));
          expect(shown.slice(14)).toBe('00:00');
          // Where the clock skips the beginning of a day, that is the moment at which it does.
          if (shown !== from.local) expect(clock.format(new Date(Date.parse(from.at) - 1000)) < from.local).toBe(true);
          if (size !== 'hour') expect(from.local.slice(11)).toBe('00:00:00');
          if (size === 'week') expect(new Date(`${from.local.slice(0, 10)}T00:00:00Z`).getUTCDay()).toBe(1);
          if (size === 'month' || size === 'year') expect(from.local.slice(8, 10)).toBe('01');
          if (size === 'year') expect(from.local.slice(5, 7)).toBe('01');
        }
      }),
      { numRuns: 150 },
    );
  });

  it.each([
    ['Europe/Zurich', '2023-10-28', '2023-10-30T12:00:00Z', [24, 25, 24]],
    ['Europe/Zurich', '2024-03-30', '2024-04-01T12:00:00Z', [24, 23, 24]],
    // The day that Samoa left out.
    ['Pacific/Apia', '2011-12-29', '2011-12-31T12:00:00Z', [24, 24, 24]],
  ])('a day in %s from %s', async (zone, begin, now, hours) => {
    const batches = await read('day', zone, begin, now);
    expect(batches.map(({ from, to }) => (Date.parse(to.at) - Date.parse(from.at)) / 3_600_000)).toEqual(hours);
  });

  it.each([
    ['America/Havana', '2023-11-04', '2023-11-06T12:00:00Z', '2023-11-05T04:00:00Z'],
    ['Atlantic/Azores', '2023-10-28', '2023-10-30T12:00:00Z', '2023-10-29T00:00:00Z'],
  ])('a day whose midnight the clock in %s shows twice begins with the first', async (zone, begin, now, first) => {
    const batches = await read('day', zone, begin, now);
    expect(batches[1]?.from).toEqual({ at: first, local: `${first.slice(0, 10)} 00:00:00` });
    expect(batches[1]?.to.local).toBe(batches[2]?.from.local);
  });

  it('an hour that the clock shows twice is one batch of two', async () => {
    const batches = await read('hour', 'Europe/Zurich', '2023-10-29 01:00', '2023-10-29T02:10:00Z');
    expect(batches.map(({ from }) => `${from.at} ${from.local.slice(11)}`)).toEqual([
      '2023-10-28T23:00:00Z 01:00:00',
      '2023-10-29T00:00:00Z 02:00:00',
      '2023-10-29T02:00:00Z 03:00:00',
    ]);
  });

  it('a begin with an offset is that instant', async () => {
    const [first] = await read('day', 'Europe/Zurich', '2023-08-18T23:30:00Z', '2023-08-20T00:00:00Z');
    expect(first?.from).toEqual({ at: '2023-08-18T22:00:00Z', local: '2023-08-19 00:00:00' });
  });
});
