import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureStaging } from '../../../loaders/landing/staging.ts';
import { relation } from '../../../warehouse/quote.ts';
import type { Warehouse } from '../../../warehouse/warehouse.ts';
import { ProjectCopy } from '../cli/command.ts';
import { servers, type TestDatabase } from '../databases.ts';
import { type Served, send, serve } from './served.ts';

/** Readings of two apartments, 64 a minute and apartment (docs/operating.md): 85 days make 15.7 million. */
const days = 85;
const minutes = days * 1440;
const first = Date.UTC(2023, 7, 1) / 1000;
const last = first + days * 86_400;

const zero: Readonly<Record<string, string>> = { boolean: 'false', text: "''", 'timestamp with time zone': 'now()' };

/** Fills a table: columns that are not named are NULL, or, where they may not be, nothing much. @param from what is inserted, row by row. */
async function fill(on: Warehouse, table: string, from: string, values: Readonly<Record<string, string>>) {
  const [schema = '', name = ''] = table.split('.');
  const { rows } = await on.query<{ column: string; type: string }>(
    `select column_name::text as column, data_type::text as type from information_schema.columns
     where table_schema = $1 and table_name = $2 and is_nullable = 'NO' and column_default is null and is_identity = 'NO'`,
    [schema, name],
  );
  const needed = rows.filter(({ column }) => !(column in values));
  const all = { ...values, ...Object.fromEntries(needed.map(({ column, type }) => [column, zero[type] ?? '0'])) };
  await on.session(async (session) => {
    // Rows that reference nothing: no other table is looked at here.
    await session.query('set session_replication_role = replica');
    await session.query(
      `insert into ${relation({ schema, name })} (${Object.keys(all).join(', ')}) select ${Object.values(all).join(', ')} from ${from}`,
    );
    await session.query('reset session_replication_role');
    await session.query(`analyze ${relation({ schema, name })}`);
  });
}

const each = (step: string, rooms: number) =>
  `generate_series(0, ${step === 'minute' ? minutes : days * 24} - 1) as i
   cross join generate_series(1, 2) as flat
   cross join generate_series(1, ${rooms}) as room
   cross join lateral (select to_timestamp(${first}) + i * interval '1 ${step}' as at) as time`;
const keys = {
  datetime_key: `to_char(at at time zone 'UTC', 'YYYYMMDDHH24MI')::bigint`,
  date_key: `to_char(at at time zone 'UTC', 'YYYYMMDD')::int`,
  apartment_key: 'flat',
  room_key: 'flat * 10 + room',
};

/** The median of five, in milliseconds, and the largest body. */
async function timed(ask: () => Promise<{ status: number; body: string }>) {
  const times: number[] = [];
  let bytes = 0;
  for (let round = 0; round < 5; round += 1) {
    const start = performance.now();
    const { status, body } = await ask();
    times.push(performance.now() - start);
    expect([status, body.slice(0, 200)]).toEqual([200, body.slice(0, 200)]);
    bytes = body.length;
  }
  return { ms: Math.round(times.sort((a, b) => a - b)[2] ?? 0), bytes };
}

// Minutes of filling: for the long form alone.
describe.runIf(process.env.TEST_LONG === '1').each(servers)('at 15 million readings, on $name', (kind) => {
  let project: ProjectCopy;
  let database: TestDatabase;
  let served: Served;
  beforeAll(async () => {
    project = new ProjectCopy();
    database = await kind.open();
    const { url = '', warehouse: on } = database;
    await ensureStaging(on);
    for (const command of [['seed'], ['run']]) {
      const { code, stderr, stdout } = await project.run(command, { DB_URL: url });
      if (code !== 0) throw new Error(`${stderr}\n${stdout.slice(-1500)}`);
    }
    await fill(on, 'gold.dim_room', 'generate_series(1, 2) as flat cross join generate_series(1, 8) as room', {
      room_key: keys.room_key,
      apartment_key: 'flat',
      room_name: "'room ' || room",
      room_label: "'room ' || room",
    });
    await fill(on, 'gold.fact_energy_minute', each('minute', 6), {
      ...keys,
      device_key: keys.room_key,
      power_w: 'i % 100 + room',
      is_valid: 'true',
    });
    const climate = { temperature_c: '20 + i % 5', co2_ppm: '500', humidity_pct: '40', noise_db: '30' };
    await fill(on, 'gold.fact_environment_minute', each('minute', 7), { ...keys, ...climate });
    await fill(on, 'gold.fact_presence_minute', each('minute', 5), { ...keys, presence_flag: 'i % 7 = 0' });
    const { datetime_key: hourKey, ...hour } = keys;
    await fill(on, 'gold.room_hour', each('hour', 8), {
      ...hour,
      hour_key: hourKey,
      hour_start: 'at',
      hour: "extract(hour from at at time zone 'UTC')",
      temperature_c_mean: '20 + i % 5',
      presence_minutes: 'i % 60',
    });
    await fill(on, 'silver.sensor_events', each('minute', 64), {
      apartment: "'flat ' || flat",
      room: "'room ' || room",
      sensor_type: "'plug'",
      field: "'power'",
      value: 'i',
      timestamp: 'at',
      load_id: '1',
    });
    writeFileSync(join(project.root, '.env'), `DB_URL=${url}\n`);
    served = await serve(project.root);
  }, 1_800_000);
  afterAll(async () => {
    await served?.close();
    project?.dispose();
    await database?.drop();
  });

  it('Overview is there within 300 ms, Explore within 500 ms', async () => {
    const ask = (path: string) =>
      timed(() => send(served.server.listensOn, { path, headers: { cookie: served.cookie } }));
    await ask('/api/about');
    const explore = (measure: string, from: number) =>
      ask(`/api/explore?apartment=1&measure=${measure}&from=${from}&to=${last}`);
    const found: Record<string, { ms: number; bytes: number }> = {
      overview: await ask('/api/overview'),
      explorable: await ask('/api/explorable'),
      presence: await ask('/api/presence?apartment=1'),
    };
    for (const measure of ['power', 'temperature', 'presence', 'windows', 'predictions']) {
      found[`${measure}, all`] = await explore(measure, first);
      found[`${measure}, a week`] = await explore(measure, last - 7 * 86_400);
      found[`${measure}, four days`] = await explore(measure, last - 4 * 86_400);
    }
    const lines = Object.entries(found).map(
      ([name, { ms, bytes }]) => `  ${name}: ${ms} ms, ${Math.round(bytes / 1000)} KB`,
    );
    process.stderr.write(`15.7 million readings:\n${lines.join('\n')}\n`);
    const slow = Object.entries(found).filter(([name, { ms }]) => ms > (name === 'overview' ? 300 : 500));
    expect(slow).toEqual([]);
  });

  it('Explore reads the rows that it shows, and few others', async () => {
    const seen: string[] = [];
    const site = {
      compiled: () => served.site.compiled(),
      warehouse: () => served.site.warehouse(),
    };
    const { explored } = await import('../../../cli/explore/explore.ts');
    for (const measure of ['power', 'temperature', 'presence'])
      await explored(
        site,
        { apartment: '1', measure, from: String(last - 86_400), to: String(last) },
        async (sql, params) => {
          const { rows } = await database.warehouse.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(
            `explain (analyze, format json) ${sql}`,
            params,
          );
          for (const { rows: read, removed } of scans(rows[0]?.['QUERY PLAN'][0].Plan))
            if (read + removed > 40_000) seen.push(`${measure}: ${read} rows read, ${removed} of them in vain`);
          return [];
        },
      );
    expect(seen).toEqual([]);
  });
});

interface Plan {
  readonly 'Node Type': string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly Plans?: readonly Plan[];
}

function scans(plan: Plan | undefined): { rows: number; removed: number }[] {
  if (plan === undefined) return [];
  const own = plan['Node Type'].includes('Scan')
    ? [
        {
          rows: plan['Actual Rows'] * plan['Actual Loops'],
          removed: (plan['Rows Removed by Filter'] ?? 0) * plan['Actual Loops'],
        },
      ]
    : [];
  return [...own, ...(plan.Plans ?? []).flatMap(scans)];
}
