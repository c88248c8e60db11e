import { describe, expect, it } from 'vitest';
import { type Planned, previewRun } from '../../../../runner/preview/preview.ts';
import { oneDatabase } from '../../databases.ts';
import { projectOn } from '../../project-on.ts';
import { selectedBy } from '../../selected.ts';

const files = {
  'seeds/rooms.csv': 'room,floor\nkitchen,0\nbath,1\n',
  'models/readings.sql': `{{config materialized="incremental" unique_key="id"}}
select id, room, value, load_id from {{source "raw" "events"}}
{{#incremental}}where load_id > {{high_water "raw.events"}}{{/incremental}}
`,
  'models/events.sql': `{{config materialized="view"}}
select id, room from {{ref "readings"}}
`,
  'models/totals.sql': `{{config materialized="table"}}
select room, count(*) as readings from {{ref "events"}} group by room
`,
  'models/floors.sql': `{{config materialized="table"}}
select floor, count(*) as rooms from {{ref "rooms"}} group by floor
`,
  'models/hourly.sql': `{{config materialized="incremental" unique_key="id"}}
select id, value, load_id from {{ref "readings"}}
{{#incremental}}where load_id > {{high_water "readings"}}{{/incremental}}
`,
  'models/history.sql': `{{config materialized="snapshot" unique_key="room" strategy="check" check_cols="all"}}
select room, floor from {{ref "rooms"}}
`,
  'models/m.yml': `sources:
  - name: raw
    tables: [{name: events}]
models:
  - name: readings
    columns:
      - name: id
        tests: [not_null]
  - name: floors
    columns:
      - name: floor
        tests: [unique]
`,
};
const sources = [
  'create table raw.events (id integer, room text, value numeric, load_id bigint)',
  "insert into raw.events values (1, 'kitchen', 20, 1), (2, 'bath', 22, 1)",
];

describe.each(oneDatabase)('plan on $name', (kind) => {
  const { project, database, rows, run } = projectOn(kind, files, sources);

  async function planOf(options: Options): Promise<readonly Planned[]> {
    const compiled = project.compile();
    return previewRun(compiled, database.warehouse, {
      command: 'build',
      selected: selectedBy(compiled, { select: options.select ?? [], exclude: options.exclude ?? [] }),
      fullRefresh: options.fullRefresh ?? false,
      reuse: options.reuse ?? true,
      clock: () => options.now ?? new Date(),
    });
  }

  /** Plans, builds, and compares the two. @returns the planned action of each node. */
  async function planned(options: Options = {}): Promise<Readonly<Record<string, string>>> {
    const before = await planOf(options);
    const summary = await project.run(database.warehouse, options);
    const happened = summary.results.map(({ node, action, reason }) => `${node.name}: ${action} ${reason ?? ''}`);
    const told = new Map(before.map((one) => [one.node.name, one]));
    expect([...told.keys()].sort()).toEqual(summary.results.map(({ node }) => node.name).sort());
    for (const { node, action, reason } of summary.results) {
      const one = told.get(node.name);
      const possible = [one, ...(one?.otherwise ?? [])].map((doing) =>
        reason === undefined ? doing?.action : `${doing?.action} ${doing?.reason}`,
      );
      expect(possible, happened.join('\n')).toContain(
        reason === undefined ? (action ?? 'error') : `${action} ${reason}`,
      );
    }
    return Object.fromEntries(before.map(({ node, action, certain }) => [node.name, certain ? action : `${action}?`]));
  }

  it('says what a build then does, one situation after the other', async () => {
    const test = 'not_null_readings_id';
    const unique = 'unique_floors_floor';
    const first = await planned();
    expect(first).toMatchObject({
      rooms: 'create',
      readings: 'create',
      events: 'view',
      totals: 'create',
      history: 'create',
    });
    expect(first).toMatchObject({ [test]: 'test', [unique]: 'test' });

    const nothing = await planned();
    expect(nothing).toMatchObject({
      readings: 'skip',
      events: 'skip',
      totals: 'skip',
      floors: 'skip',
      hourly: 'skip',
    });
    // What a constraint proves is asked of the database each time.
    expect(nothing).toMatchObject({ [test]: 'test', [unique]: 'reuse' });

    await database.warehouse.query("insert into raw.events values (3, 'bath', 21, 2), (4, 'bath', 23, 3)");
    const increment = (await planOf({})).find(({ node }) => node.name === 'readings');
    expect(increment?.news).toEqual([{ upstream: 'raw.events', mark: 1, loads: 2, rows: 2 }]);
    expect(await planned()).toMatchObject({
      readings: 'increment',
      totals: 'replace?',
      hourly: 'increment?',
      floors: 'skip',
    });

    await database.warehouse.query("insert into raw.events values (5, 'bath', 21, 4)");
    expect(await planned({ exclude: ['readings'] })).toMatchObject({ hourly: 'skip', totals: 'skip' });
    expect(await planned({ select: ['readings'] })).toMatchObject({ readings: 'increment' });
    expect(await planned()).toMatchObject({ readings: 'skip', hourly: 'increment', totals: 'replace' });

    project.write({ 'seeds/rooms.csv': 'room,floor\nkitchen,0\nbath,2\n' });
    expect(await planned()).toMatchObject({
      rooms: 'replace',
      floors: 'replace',
      history: 'snapshot',
      readings: 'skip',
    });

    project.write({
      'models/readings.sql': files['models/readings.sql'].replace('value, load_id', "value, 'C' as unit, load_id"),
    });
    expect(await planned()).toMatchObject({ readings: 'replace', hourly: 'replace?', totals: 'replace?' });

    expect(await planned({ fullRefresh: true })).toMatchObject({
      readings: 'replace',
      hourly: 'replace',
      events: 'view',
    });
    expect(await planned({ reuse: false })).toMatchObject({ totals: 'replace', [test]: 'test' });
  });

  it('says it of batches with late rows, failures of the last run, and blocking views', async () => {
    project.write({
      'models/daily.sql': `{{config materialized="incremental" incremental_strategy="microbatch" event_time="at" batch_size="day" begin="2023-08-30" unique_key="id"}}
select id, at from {{source "raw" "moments"}}
`,
      'models/m.yml': files['models/m.yml'].replace(
        'tables: [{name: events}]',
        'tables: [{name: events}, {name: moments, config: {event_time: at}}]',
      ),
    });
    await database.warehouse.query('create table raw.moments (id integer, at timestamptz)');
    await database.warehouse.query("insert into raw.moments values (1, '2023-08-30 10:00Z')");
    const now = new Date('2023-09-01T12:00:00Z');
    const batches = async () => (await planOf({ now })).find(({ node }) => node.name === 'daily')?.batches;
    expect(await planned({ now })).toMatchObject({ daily: 'create' });
    // A late row is found by the lookback.
    await database.warehouse.query("insert into raw.moments values (2, '2023-08-31 10:00Z')");
    expect(await batches()).toBe(2);
    expect(await planned({ now })).toMatchObject({ daily: 'increment' });

    await database.warehouse.query("insert into raw.events values (null, 'bath', 1, 2)");
    const failed = await project.run(database.warehouse, { now });
    expect(failed.ok).toBe(false);
    await database.warehouse.query('update raw.events set id = 9 where id is null');
    expect(await planned({ now })).toMatchObject({ readings: 'increment', hourly: 'increment?' });

    await database.warehouse.query('create view raw.by_hand as select floor from public.floors');
    project.write({
      'models/floors.sql': files['models/floors.sql'].replace('select floor,', 'select floor::bigint as floor,'),
    });
    expect(await planned({ now })).toMatchObject({ floors: 'replace', readings: 'skip' });
  });

  it('changes nothing and needs no bookkeeping', async () => {
    await database.warehouse.query('drop schema if exists datacycle cascade');
    const before = await planOf({});
    expect(before.every(({ action }) => action === 'create' || action === 'view' || action === 'test')).toBe(true);
    expect(await rows(`select to_regnamespace('datacycle') as there`)).toEqual([{ there: null }]);
    await run();
    const counted = 'select (select count(*)::integer from datacycle.run) as runs';
    await planOf({ fullRefresh: true });
    expect(await rows(counted)).toEqual([{ runs: 1 }]);
  });

  it('counts no batches whose rows retention has deleted upstream', async () => {
    project.write({
      'models/moments.sql': `{{config event_time="at" materialized="table"}}
select 1 as id, timestamptz '2023-08-30 10:00Z' as at
`,
      'models/daily.sql': `{{config materialized="incremental" incremental_strategy="microbatch" event_time="at" batch_size="day" begin="2023-08-30" unique_key="id"}}
select id, at from {{ref "moments"}}
`,
    });
    const now = new Date('2023-09-01T12:00:00Z');
    expect(await planned({ now })).toMatchObject({ daily: 'create' });
    await database.warehouse.query("insert into datacycle.expired (model, before) values ('moments', '2023-08-30')");
    const again = { now, select: ['daily'], fullRefresh: true };
    const [told] = await planOf(again);
    const { results } = await project.run(database.warehouse, again);
    expect([told?.batches, results[0]?.batches]).toEqual([2, 2]);
  });

  it('tells what could not be built, and what would be skipped for it', async () => {
    await run();
    await database.warehouse.query(
      "insert into datacycle.pruned (upstream, load_id, pruned_at) values ('raw.events', 1, '2026-01-01')",
    );
    const refused = await planOf({ fullRefresh: true });
    const readings = refused.find(({ node }) => node.name === 'readings');
    expect(readings).toMatchObject({ action: 'error', reason: expect.stringContaining('have been pruned') });
    expect(refused.find(({ node }) => node.name === 'hourly')).toMatchObject({
      action: 'error',
      reason: 'readings fails',
    });
  });
});

interface Options {
  readonly select?: string[];
  readonly exclude?: string[];
  readonly fullRefresh?: boolean;
  readonly reuse?: boolean;
  readonly now?: Date;
}
