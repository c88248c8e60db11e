import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expireRows } from '../../../runner/retention/expire.ts';
import { type Verified, verifiedByDefault, verifyModels } from '../../../runner/verify/verify.ts';
import { oneDatabase, type TestDatabase } from '../databases.ts';
import { Household, sampleMinutes } from './household.ts';

/** At midnight after the last of the forty days. */
const now = new Date('2023-11-01T00:00:00Z');
const silverFrom = 20231022;
const goldFrom = 20231012;

const dayBefore = (days: number) => new Date(now.getTime() - days * 86_400_000).toISOString().slice(0, 10);
const german = (day: string) => day.split('-').reverse().join('.');

const twoMinutes = sampleMinutes(german(dayBefore(0)), (minute) => minute % 720 === 600);
const filesOf = (day: string) =>
  twoMinutes.map(({ name, content }) => ({
    name: name.replace(german(dayBefore(0)), german(day)),
    content: content.replaceAll(german(dayBefore(0)), german(day)),
  }));

describe.each(oneDatabase)('retention in the household on $name', (kind) => {
  let database: TestDatabase;
  let household: Household;
  let before: readonly string[];

  beforeAll(async () => {
    database = await kind.open();
    household = new Household(database.warehouse);
    const settings = join(household.project, 'project.yml');
    const text = readFileSync(settings, 'utf8').replace(
      /^retention:.*$/m,
      'retention: { silver: 10 days, features: 38 days, gold: 20 days }',
    );
    writeFileSync(settings, text);
    // Jeremie's apartment falls silent before what silver keeps.
    for (let days = 40; days > 0; days -= 1)
      household.put(filesOf(dayBefore(days)).filter(({ name }) => days > 15 || !name.includes('Jeremie')));
    await household.load();
    await household.build({ dataTests: false, now });
    before = await health();
    await expireRows(household.compile(), database.warehouse, { dryRun: false, clock: () => now });
  });
  afterAll(async () => {
    household.dispose();
    await database.drop();
  });

  const health = async () =>
    (
      await household.rows<{ row: string }>(
        'select f::text as row from gold.fact_device_health_day as f order by date_key, device_key',
      )
    ).map(({ row }) => row);
  const dayOf = (row: string) => Number(row.slice(1, 9));

  async function verify(): Promise<Map<string, string>> {
    const compiled = household.compile();
    const results: readonly Verified[] = await verifyModels(compiled, database.warehouse, {
      selected: verifiedByDefault(compiled.manifest),
      limit: 5,
      clock: () => now,
      onVerified: () => undefined,
    });
    return new Map(
      results.map(({ node, verdict }) => [
        node.name,
        'reason' in verdict ? `${verdict.status}: ${verdict.reason}` : verdict.status,
      ]),
    );
  }

  it('makes no day of health again of which the readings are gone', async () => {
    const left = before.filter((row) => dayOf(row) >= goldFrom);
    expect(left.length).toBeLessThan(before.length);
    expect(await health()).toEqual(left);
    await household.build({ dataTests: false, now });
    expect(await health()).toEqual(left);
  });

  it('neither makes nor changes such a day for a late file; later days it does', async () => {
    const standing = await health();
    for (const days of [30, 15, 5])
      household.put(
        sampleMinutes(german(dayBefore(days)), (minute) => minute === 700).filter(({ name }) => name.includes('Jimmy')),
      );
    await household.load();
    await household.build({ dataTests: false, now });
    const changed = (await health()).filter((row) => !standing.includes(row));
    expect(new Set(changed.map(dayOf))).toEqual(new Set([Number(dayBefore(5).replaceAll('-', ''))]));
    expect(await health()).toHaveLength(standing.length);
    await expireRows(household.compile(), database.warehouse, { dryRun: false, clock: () => now });
  });

  it('verify finds nothing wrong, and says what it cannot compare', async () => {
    await household.build({ dataTests: false, now });
    const verdicts = await verify();
    const gone = 'skipped: made of rows of sensor_events that retention has deleted';
    expect(verdicts.get('fact_device_health_day')).toBe('equal');
    expect(verdicts.get('sensor_devices')).toBe(gone);
    // Readings are judged by the 28 days before them.
    const [quarters] = await household.rows(
      `select min(q.quarter)::date::text as first, min(p.quarter)::date::text as judged
       from silver.room_quarter as q full join silver.room_quarter_profile as p using (quarter, apartment, room)`,
    );
    expect(quarters).toEqual({ first: dayBefore(38), judged: '2023-10-22' });
    expect(verdicts.get('dim_datetime')).toMatch(
      /^skipped: made of rows of .*sensor_events.* that retention has deleted$/,
    );
    expect([...verdicts].filter(([, verdict]) => verdict.startsWith('differs') || verdict.startsWith('error'))).toEqual(
      [],
    );
  });

  it('a rebuild of the health leaves kept days alone and gives the same rows', async () => {
    const standing = await health();
    expect(standing.some((row) => dayOf(row) < silverFrom)).toBe(true);
    await household.build({ dataTests: false, now, fullRefresh: true, select: ['fact_device_health_day'] });
    expect(await health()).toEqual(standing);
  });

  it('refuses to lose since when a sensor is there, until its readings are back', async () => {
    await expect(
      household.build({ dataTests: false, now, fullRefresh: true, select: ['sensor_devices'] }),
    ).rejects.toThrow(
      'sensor_devices would be rebuilt (full refresh), but retention has deleted rows it is made of: sensor_events (before 2023-10-22)',
    );
    const seen = 'select min(first_seen)::date::text as first from silver.sensor_devices';
    expect(await household.rows(seen)).toEqual([{ first: dayBefore(40) }]);
    await household.build({ dataTests: false, now, fullRefresh: true });
    expect(await household.rows(seen)).toEqual([{ first: dayBefore(40) }]);
    expect([...(await verify()).values()].filter((verdict) => verdict !== 'equal')).toEqual([]);
  });
});
