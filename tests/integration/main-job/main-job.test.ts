import { execFileSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sampleFiles } from '../../../cli/demo/sample-files.ts';
import type { Row } from '../../../warehouse/warehouse.ts';
import { oneDatabase, type TestDatabase } from '../databases.ts';
import { expectFigures, figures } from './figures.ts';
import { Household, type NamedFile } from './household.ts';
import { expectedOf, readingsOf } from './oracle.ts';

/** The facts of the figures. */
const figured = ['fact_energy_minute', 'fact_environment_minute', 'fact_presence_minute', 'fact_device_health_day'];

// ui/demo does it on the embedded database, by the program's own demo.
describe.each(oneDatabase)('the main job on $name', (kind) => {
  let database: TestDatabase;
  let home: Household;
  const good: NamedFile[] = [];
  const all: NamedFile[] = [];

  beforeAll(async () => {
    database = await kind.open();
    home = new Household(database.warehouse);
    for (const file of sampleFiles()) {
      const named = { name: file.name, content: file.content.toString('utf8') };
      all.push(named);
      if (!file.rejected) good.push(named);
    }
    home.put(all);
  });
  afterAll(async () => {
    home.dispose();
    await database.drop();
  });

  it('lands the sample day, rejects its broken files, and every figure equals what plain loops work out', async () => {
    const summary = await home.load('new');
    expect([summary.landed, summary.rejected.count]).toEqual([good.length, all.length - good.length]);
    expect(summary.rejected.count).toBeGreaterThan(3);
    expect((await home.build()).ok).toBe(true);
    expectFigures(await figures((sql) => home.rows(sql)), expectedOf(readingsOf(good)));
  });

  it('a second load and build finds nothing new and changes no row', async () => {
    const summary = await home.load('new');
    expect([summary.landed, summary.rejected.count]).toEqual([0, 0]);
    const built = await home.build();
    expect(built.results.reduce((rows, result) => rows + result.inserted + result.updated + result.deleted, 0)).toBe(0);
  });

  it('no token is anywhere in the database, and Bronze has the files byte for byte', async () => {
    const { rows: tables } = await database.warehouse.query<{ name: string }>(
      `select quote_ident(table_schema) || '.' || quote_ident(table_name) as name from information_schema.tables
       where table_schema not in ('pg_catalog', 'information_schema') and table_type = 'BASE TABLE'`,
    );
    expect(tables.length).toBeGreaterThan(20);
    for (const { name } of tables) {
      const { rows } = await database.warehouse.query(
        `select 1 from ${name} as t where t::text ~ 'demo-token|api_token' limit 1`,
      );
      expect(rows, name).toEqual([]);
    }
    const { rows: ledger } = await database.warehouse.query<{ name: string; bronze_path: string }>(
      'select name, bronze_path from staging.file',
    );
    expect(ledger).toHaveLength(all.length);
    for (const { name, bronze_path } of ledger) {
      if (!readFileSync(join(home.bronze, bronze_path)).equals(readFileSync(join(home.share, name))))
        throw new Error(`${name} differs in Bronze`);
    }
  });

  it('gold has real primary and foreign keys, and indexes on what facts are filtered by', async () => {
    const { rows } = await database.warehouse.query<{ relation: string; primary: boolean; foreign: number }>(
      `select c.relname as relation, bool_or(k.contype = 'p') as primary, count(*) filter (where k.contype = 'f') as foreign
       from pg_class c join pg_namespace n on n.oid = c.relnamespace left join pg_constraint k on k.conrelid = c.oid
       where n.nspname = 'gold' and c.relkind = 'r' group by c.relname order by c.relname`,
    );
    expect(rows.every((row) => row.primary)).toBe(true);
    const facts = rows.filter((row) => row.relation.startsWith('fact_'));
    // What a trained model looks at is of no day, apartment or room.
    expect(facts.filter((row) => row.foreign < 4).map(({ relation, foreign }) => [relation, Number(foreign)])).toEqual([
      ['fact_model_importance', 1],
    ]);
    const { rows: indexed } = await database.warehouse.query<{ name: string }>(
      `select distinct c.relname || '.' || a.attname as name from pg_index i join pg_class c on c.oid = i.indrelid
       join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[0] where n.nspname = 'gold'`,
    );
    const names = indexed.map((row) => row.name);
    for (const fact of figured) {
      expect(names).toEqual(expect.arrayContaining([`${fact}.date_key`, `${fact}.apartment_key`]));
    }
    expect(names).toContain('fact_energy_minute.room_key');
  });

  // That a rebuild gives the same is promise 2's.
  it('a late file rewrites only the minutes it touches and the counter rise after it', async () => {
    const dead = good.find((file) => file.name === '12.10.2023 0500_JimmyLoup_received.json');
    if (dead === undefined) throw new Error('the sample day has no such file');
    // A file for 05:00:00 of the day before: an hour in which nothing else is known.
    const late = {
      name: dead.name.replace('12.10', '11.10'),
      content: dead.content.replaceAll('12.10.2023', '11.10.2023'),
    };
    home.put([late]);
    await home.load('full');
    const before = await home.rows<{ xmin: string }>(
      'select xmin::text as xmin, datetime_key, device_key from gold.fact_energy_minute',
    );
    const built = await home.build({ dataTests: false });
    const changed = new Map(built.results.map((result) => [result.node.name, result.inserted + result.updated]));
    const plugs = (
      await home.rows(`select from silver.sensor_events where timestamp = '2023-10-11T05:00Z' and field = 'total'`)
    ).length;
    const devices = (
      await home.rows(
        `select distinct room, sensor_type from silver.sensor_events where timestamp = '2023-10-11T05:00Z' and sensor_type in ('plug', 'consumption')`,
      )
    ).length;
    expect(plugs).toBeGreaterThan(0);
    // The new minute for each device, and the first reading of the next day for each counter, which now has a rise.
    expect(changed.get('fact_energy_minute')).toBe(devices + plugs);
    const after = await home.rows<{ xmin: string }>(
      'select xmin::text as xmin, datetime_key, device_key from gold.fact_energy_minute',
    );
    const kept = new Set(before.map((row) => JSON.stringify(row)));
    expect(after.filter((row) => !kept.has(JSON.stringify(row)))).toHaveLength(devices + plugs);
  });
});

describe.each(oneDatabase)('pseudonyms on $name', (kind) => {
  interface Apartment {
    readonly name: string;
    readonly apartment_id: string;
    readonly apartment_key: number;
    readonly shown_apartment_id: string;
  }

  /** Of a first build and, where the rows are to be given again, of a rebuild. */
  async function apartments(key?: string, rounds = ['first']): Promise<readonly Apartment[][]> {
    const database = await kind.open(key === undefined ? {} : { 'datacycle.secret_pseudonym_key': key });
    const home = new Household(database.warehouse);
    const env = key === undefined ? {} : { BI_PSEUDONYMISE: 'true', PSEUDONYM_KEY: key };
    try {
      const builds: Apartment[][] = [];
      for (const round of rounds) {
        await home.load('new');
        await home.build({ env, dataTests: false, fullRefresh: round === 'again', select: ['+dim_apartment'] });
        builds.push([
          ...(await home.rows<Apartment & Row>(
            'select name, apartment_id, apartment_key, shown_apartment_id from gold.dim_apartment order by 3',
          )),
        ]);
      }
      return builds;
    } finally {
      home.dispose();
      await database.drop();
    }
  }

  it('names are hashes when asked for, stable for one key and others for another; ids and keys never change', async () => {
    const [plain] = await apartments();
    const [first, again] = await apartments('key one, long enough', ['first', 'again']);
    const [other] = await apartments('another key altogether');
    expect(plain?.map((row) => row.name).sort()).toEqual(['Jimmy', 'Jérémie']);
    // What Power BI sees of the id; the filters of its roles compare with the same.
    for (const row of plain ?? []) expect(row.shown_apartment_id).toBe(row.apartment_id);
    for (const row of first ?? [])
      expect(row.shown_apartment_id).toBe(
        createHmac('sha256', 'key one, long enough').update(row.apartment_id).digest('hex'),
      );
    expect(first?.filter((row) => /jimmy|j.r.mie/i.test(row.name))).toEqual([]);
    expect(again).toEqual(first);
    expect(other?.map((row) => row.name)).not.toEqual(first?.map((row) => row.name));
    for (const rows of [first, other]) {
      expect(rows?.map((row) => [row.apartment_key, row.apartment_id])).toEqual(
        plain?.map((row) => [row.apartment_key, row.apartment_id]),
      );
    }
  });
});

/** A day made from measured values, with figures that were worked out elsewhere; not part of the project. */
const referenceDay = resolve(
  import.meta.dirname,
  '..',
  '..',
  '..',
  '..',
  'shared',
  'data',
  'apartments-2023-08-24.tar.gz',
);

describe.skipIf(!existsSync(referenceDay)).each(oneDatabase)('the reference day on $name', (kind) => {
  it('gives the reference figures', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'datacycle-reference-'));
    const database = await kind.open();
    const home = new Household(database.warehouse);
    try {
      execFileSync('tar', ['-xzf', referenceDay, '-C', folder]);
      const share = join(folder, 'smb');
      const files = readdirSync(share).map((name) => ({ name, content: readFileSync(join(share, name), 'utf8') }));
      home.put(files);
      const summary = await home.load('new');
      expect([summary.landed, summary.rejected.count]).toEqual([2868, 0]);
      expect((await home.build()).ok).toBe(true);
      const actual = await figures((sql) => home.rows(sql));
      expectFigures(actual, expectedOf(readingsOf(files)));
      expect(actual.events.rows).toBe(170_568);
      expect(actual.events.sum).toBeCloseTo(287_768_510.21, 2);
      expect(actual.energy).toMatchObject({ rows: 8604 });
      expect(actual.energy.power).toBeCloseTo(367_122.62, 2);
      expect(actual.energy.energy).toBeCloseTo(6117.231, 3);
      expect(actual.environment).toMatchObject({ rows: 17_660, co2: 3_651_809 });
      expect(actual.environment.temperature).toBeCloseTo(333_383.8, 1);
      expect(actual.presence).toMatchObject({ rows: 14_340, motions: 249, present: 2058 });
      expect(actual.health.rows).toBe(37);
      const [counts] = await home.rows(
        'select (select count(*) from gold.dim_room) as rooms, (select count(*) from gold.dim_device) as devices, (select count(*) from gold.dim_datetime) as minutes',
      );
      expect(counts).toEqual({ rooms: 15, devices: 37, minutes: 1440 });
    } finally {
      home.dispose();
      await database.drop();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
