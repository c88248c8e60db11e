import { describe, expect, it } from 'vitest';
import { openWarehouse } from '../../../warehouse/open.ts';
import type { Warehouse } from '../../../warehouse/warehouse.ts';
import { servers } from '../databases.ts';
import { Household, sampleMinutes } from './household.ts';

interface Grows {
  /** The rows of the first five minutes. */
  readonly first: string;
  /** What a copy of one has that is `d` days older. */
  readonly older: string;
  /** How many copies of a row a day has; one if not given. A table that is small is read whole. */
  readonly copies?: number;
}

const ofFile: Grows = { first: 't.file_id < 1000', older: `'file_id', t.file_id + d * 1000, 'name', d || t.name` };

function ofMinute(time: string, own = ''): Grows {
  const key = (format: string) => `to_char(${time} - d * interval '1 day', '${format}')`;
  return {
    first: `${time} >= '2023-10-12' and ${time} < '2023-10-12 10:05'`,
    older: `${own}'date_key', ${key('YYYYMMDD')}, 'datetime_key', ${key('YYYYMMDDHH24MI')}`,
  };
}

const ofFact = ofMinute(`to_timestamp(t.datetime_key::text, 'YYYYMMDDHH24MI')::timestamp`);

/** The tables that grow with every minute. All days of the year are in dim_date from the beginning. */
const history: Readonly<Record<string, Grows>> = {
  'staging.file': { ...ofFile, copies: 12 },
  'staging.sensor_file': ofFile,
  'silver.sensor_events': ofMinute('t.timestamp', `'timestamp', t.timestamp - d * interval '1 day', `),
  'gold.dim_datetime': ofMinute('t.timestamp_utc', `'timestamp_utc', t.timestamp_utc - d * interval '1 day', `),
  'gold.fact_energy_minute': ofFact,
  'gold.fact_environment_minute': ofFact,
  'gold.fact_presence_minute': ofFact,
};

describe.each(servers)('a build with new files on $name', (kind) => {
  it('reads as many rows of a long history as of a short one', async () => {
    const database = await kind.open();
    /** What a session reads is counted when it ends. */
    const inOwnSessions = async (work: (warehouse: Warehouse) => Promise<unknown>) => {
      const warehouse = await openWarehouse({ url: database.url, folder: '', purpose: 'test', concurrency: 4 });
      try {
        await work(warehouse);
      } finally {
        await warehouse.close();
      }
      const others = `select from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'`;
      await expect.poll(async () => (await database.warehouse.query(others)).rows.length).toBe(0);
    };
    const bring = (first: number, last: number) =>
      inOwnSessions(async (warehouse) => {
        const home = new Household(warehouse);
        try {
          home.put(sampleMinutes('12.10.2023', (minute) => minute >= first && minute <= last));
          expect((await home.load(first === last ? 'new' : 'full')).landed).toBe(2 * (last - first + 1));
          expect((await home.build()).ok).toBe(true);
        } finally {
          home.dispose();
        }
      });
    /** The rows that two new files make a build read, by table. */
    const readFor = async (minute: number) => {
      const counted = async () => {
        const { rows } = await database.warehouse.query<{ name: string; read: string }>(
          `select schemaname || '.' || relname as name, seq_tup_read + coalesce(idx_tup_fetch, 0) as read from pg_stat_user_tables`,
        );
        return new Map(rows.map(({ name, read }) => [name, Number(read)]));
      };
      const before = await counted();
      await bring(minute, minute);
      const after = await counted();
      return new Map(Object.keys(history).map((name) => [name, (after.get(name) ?? 0) - (before.get(name) ?? 0)]));
    };
    const addDays = (from: number, to: number) =>
      inOwnSessions(async (warehouse) => {
        for (const [name, { first, older, copies = 1 }] of Object.entries(history)) {
          await warehouse.query(
            `insert into ${name} overriding system value
             select (jsonb_populate_record(t, jsonb_build_object(${older}))).*
             from ${name} as t, generate_series(${from * copies}, ${(to + 1) * copies - 1}) as d
             where ${first}`,
          );
          await warehouse.query(`analyze ${name}`);
        }
      });
    try {
      await bring(600, 604);
      await addDays(1, 30);
      const short = await readFor(605);
      await addDays(31, 120);
      for (const [name, read] of await readFor(606)) {
        const before = short.get(name) ?? 0;
        expect(read, `rows of ${name}, after ${before}`).toBeLessThanOrEqual(before * 1.2 + 100);
      }
    } finally {
      await database.drop();
    }
  });
});
