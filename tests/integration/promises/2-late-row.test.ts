import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { relation } from '../../../warehouse/quote.ts';
import { oneDatabase, type TestDatabase } from '../databases.ts';
import { Household, sampleMinutes } from '../main-job/household.ts';

describe.each(oneDatabase)('a file that comes 90 days late, on $name', (kind) => {
  let database: TestDatabase;
  let home: Household;
  beforeAll(async () => {
    database = await kind.open();
    home = new Household(database.warehouse);
    for (const day of ['14.07.2023', '15.07.2023', '12.10.2023'])
      home.put(sampleMinutes(day, (minute) => minute < 60 && (day !== '14.07.2023' || minute !== 30)));
    await home.load();
    await home.build({ dataTests: false, now: new Date('2023-10-12T04:00:00Z') });
  });
  afterAll(async () => {
    home.dispose();
    await database.drop();
  });

  /** Every row of every table of silver and gold with the transaction that last wrote it, by table. */
  async function versions(): Promise<Map<string, ReadonlySet<string>>> {
    const found = new Map<string, ReadonlySet<string>>();
    for (const node of home.compile().manifest.nodes.values()) {
      if (node.kind !== 'model' || (node.materialized !== 'table' && node.materialized !== 'incremental')) continue;
      const rows = await home.rows<{ version: string }>(
        `select xmin || ' ' || ctid as version from ${relation(node.relation)}`,
      );
      found.set(node.name, new Set(rows.map(({ version }) => version)));
    }
    return found;
  }

  it('rewrites only what it touches, and everything is as after a rebuild', async () => {
    const before = await versions();
    home.put(sampleMinutes('14.07.2023', (minute) => minute === 30));
    await home.load();
    await home.build({ dataTests: false, now: new Date('2023-10-12T05:00:00Z') });
    const written = new Map(
      [...(await versions())].flatMap(([table, rows]) => {
        const fresh = [...rows].filter((row) => before.get(table)?.has(row) !== true).length;
        return fresh === 0 ? [] : [[table, fresh] as const];
      }),
    );
    const count = async (from: string) =>
      Number((await home.rows<{ n: number }>(`select count(*) as n from ${from}`))[0]?.n);
    const minute = 202307140030;
    const energy = await count(`gold.fact_energy_minute where datetime_key = ${minute}`);
    const {
      fact_energy_minute: ofEnergy = 0,
      room_quarter: ofQuarters = 0,
      room_quarter_profile: ofProfiles = 0,
      ...others
    } = Object.fromEntries(written);
    expect(others).toEqual({
      sensor_events: await count(`silver.sensor_events where timestamp = '2023-07-14T00:30Z'`),
      dim_datetime: 1,
      fact_environment_minute: await count(`gold.fact_environment_minute where datetime_key = ${minute}`),
      fact_presence_minute: await count(`gold.fact_presence_minute where datetime_key = ${minute}`),
      fact_device_health_day: await count('gold.fact_device_health_day where date_key = 20230714'),
      room_hour: await count('gold.room_hour where hour_key = 202307140000'),
      room_day: await count('gold.room_day where date_key = 20230714'),
      apartment_day: await count('gold.apartment_day where date_key = 20230714'),
    });
    // A room whose quarter comes to the same is not written again.
    expect(ofQuarters).toBeGreaterThan(0);
    expect(ofQuarters).toBeLessThanOrEqual(await count(`silver.room_quarter where quarter = '2023-07-14T00:30Z'`));
    // What is usual is the mean of the 28 days before, and what has stood still is counted on from one quarter to the next.
    expect(ofProfiles).toBeGreaterThan(0);
    expect(ofProfiles).toBeLessThanOrEqual(
      await count(`silver.room_quarter_profile where quarter between '2023-07-14T00:30Z' and '2023-08-12T00:30Z'`),
    );
    // The rise of a counter since the reading before belongs to the reading after it, which is at most one of each device.
    expect(energy).toBeGreaterThan(0);
    expect(ofEnergy).toBeGreaterThanOrEqual(energy);
    expect(ofEnergy).toBeLessThanOrEqual(2 * energy);

    const incremental = await home.contents();
    await home.build({ dataTests: false, now: new Date('2023-10-12T05:00:00Z'), fullRefresh: true });
    for (const [table, rows] of await home.contents()) expect(incremental.get(table), table).toEqual(rows);
  });
});
