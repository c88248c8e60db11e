import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeSampleForecasts } from '../../../cli/demo/sample-forecasts.ts';
import { loadWeather } from '../../../loaders/weather/load-weather.ts';
import { identifier, relation } from '../../../warehouse/quote.ts';
import { databases, type TestDatabase } from '../databases.ts';
import { Household, sampleMinutes } from '../main-job/household.ts';
import { powerRecord, predict, record, storeTrained, trained } from '../main-job/prediction-records.ts';
import { rounds } from '../rounds.ts';

const server = databases.find(({ name }) => name === 'PostgreSQL');
const refreshes = rounds({ gate: 8, long: 50 });

describe.runIf(server)('readers of gold beside full refreshes', () => {
  let database: TestDatabase;
  let home: Household;
  const role = `reader_${randomBytes(4).toString('hex')}`;

  beforeAll(async () => {
    if (server === undefined) return;
    database = await server.open();
    home = new Household(database.warehouse);
    // A day that is over, as the outlook shows, and a quarter of which enough was seen.
    home.put(sampleMinutes('11.10.2023', (minute) => minute < 3));
    home.put(sampleMinutes('12.10.2023', (minute) => minute < 90 && (minute < 10 || minute % 6 === 0)));
    await home.load();
    await writeSampleForecasts(home.bronze);
    const source = { sftp: undefined, bronzeRoot: home.bronze, attempts: 1, retryDelay: 0 };
    await loadWeather(database.warehouse, source, { mode: 'from-bronze', clock: () => new Date() });
    await storeTrained(database.warehouse);
    await predict(database.warehouse, [record(), record({ target: 'occupied' }), powerRecord({ model: trained })]);
    await home.build({ dataTests: false });
  });
  afterAll(async () => {
    home?.dispose();
    await database?.warehouse.query(`drop owned by ${role}`);
    await database?.warehouse.query(`drop role ${role}`);
    await database?.drop();
  });

  // What forecasts and anomalies are made from is read by people, too.
  const ofSilver = ['room_quarter', 'room_quarter_profile'];
  const gold = () =>
    [...home.compile().manifest.nodes.values()].flatMap((node) =>
      node.kind === 'model' && (node.relation.schema === 'gold' || ofSilver.includes(node.name)) ? [node.relation] : [],
    );
  const byHand = (table: string) => relation('public', `on_${table}`);

  /** Identities of everything that was created by hand: what is dropped and made again has another oid. */
  const createdByHand = () =>
    home.rows(
      `select 'view' as kind, oid::text as id from pg_class where relnamespace = 'public'::regnamespace
       union all select 'constraint', oid::text from pg_constraint where conname like '%by_hand%'
       union all select 'policy', oid::text from pg_policy where polname = 'by_hand'
       union all select 'index', indexrelid::text from pg_index where indexrelid::regclass::text like '%by_hand%'
       union all select 'trigger', oid::text from pg_trigger where tgname = 'by_hand'
       union all
       select 'grant', table_schema || '.' || table_name || ' ' || privilege_type
       from information_schema.role_table_grants where grantee = '${role}'
       order by 1, 2`,
    );

  it(`see every table of gold whole in ${refreshes} of them, and what was created by hand is still there`, async () => {
    const statements = [
      `create role ${role}`,
      `grant usage on schema gold, silver, bi, public to ${role}`,
      ...gold().flatMap(({ schema, name }) => [
        `create view ${byHand(name)} as select * from ${relation(schema, name)}`,
        `grant select on ${relation(schema, name)}, ${byHand(name)} to ${role}`,
      ]),
      `create table public.noted_by_hand (room_key integer constraint room_by_hand references gold.dim_room, datetime_key bigint,
           device_key integer, constraint energy_by_hand foreign key (datetime_key, device_key) references gold.fact_energy_minute)`,
      'insert into public.noted_by_hand select room_key, null, null from gold.dim_room',
      `insert into public.noted_by_hand select null, datetime_key, device_key from gold.fact_energy_minute limit 5`,
      'create index power_by_hand on gold.fact_energy_minute (power_w)',
      'alter table gold.fact_energy_minute add constraint power_checked_by_hand check (power_w > -1e9)',
      `create policy by_hand on gold.fact_presence_minute for select to ${role} using (true)`,
      'alter table gold.dim_date enable row level security',
      `create policy by_hand on gold.dim_date for select to ${role} using (year > 0)`,
      `create function public.nothing() returns trigger language plpgsql as 'begin return null; end'`,
      'create trigger by_hand after update on gold.dim_room for each statement execute function public.nothing()',
    ];
    for (const statement of statements) await database.warehouse.query(statement);
    const before = await createdByHand();
    expect(before.length).toBeGreaterThan(50);
    const rows = new Map<string, { schema: string; count: number }>();
    for (const { schema, name } of gold()) {
      const [found] = await home.rows<{ n: number }>(`select count(*) as n from ${relation(schema, name)}`);
      rows.set(name, { schema, count: found?.n ?? 0 });
    }
    expect([...rows].filter(([, { count }]) => count === 0)).toEqual([]);

    let stop = false;
    const seen = { reads: 0, wrong: [] as string[] };
    const read = async () => {
      const client = new pg.Client({ connectionString: database.url });
      await client.connect();
      try {
        // A pause after each round leaves the processor to the builds that it is about.
        for (; !stop; await sleep(10)) {
          for (const [table, { schema, count }] of rows) {
            for (const from of [relation(schema, table), byHand(table)]) {
              const { rows: found } = await client.query(`select count(*)::int as n from ${from}`);
              seen.reads += 1;
              if (found[0]?.n !== count) seen.wrong.push(`${from}: ${found[0]?.n} instead of ${count}`);
            }
          }
        }
      } finally {
        await client.end();
      }
    };
    const reading = Promise.all([read(), read()]);
    try {
      for (let round = 0; round < refreshes; round += 1) {
        // Not the same rows every time: all of energy is worth more, or less, than before.
        await home.rows(`update seeds.tariffs set chf_per_kwh = 0.30 + ${round % 7} / 100.0`);
        const summary = await home.build({
          command: 'run',
          fullRefresh: true,
          select: ['path:models/gold', ...ofSilver],
        });
        expect(summary.ok).toBe(true);
        const energy = summary.results.find(({ node }) => node.name === 'fact_energy_minute');
        expect(energy?.updated).toBeGreaterThan(0);
      }
    } finally {
      stop = true;
      await reading;
    }
    expect(seen.wrong).toEqual([]);
    expect(seen.reads).toBeGreaterThan(refreshes * rows.size);
    expect(await createdByHand()).toEqual(before);
    const asReader = await home.rows<{ n: number }>(
      `select count(*) as n from information_schema.role_table_grants where grantee = '${role}' and privilege_type = 'SELECT'`,
    );
    expect(asReader[0]?.n).toBe(2 * rows.size);
    await database.warehouse.session(async (session) => {
      await session.query(`set role ${identifier(role)}`);
      const { rows: days } = await session.query('select count(*) as n from gold.dim_date');
      await session.query('reset role');
      expect(days).toEqual([{ n: rows.get('dim_date')?.count }]);
    });
  });
});
