import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { oneDatabase, type TestDatabase } from '../databases.ts';
import { rowsOf, TemporaryProject } from '../temporary-project.ts';
import { runHere } from './in-process.ts';

const files = {
  'project.yml': `name: shop
target: prod
targets: { prod: {}, dev: { schema: dc_dev } }
models: { +schema: gold, +materialized: table }
seeds: { +schema: gold }
`,
  'seeds/rooms.csv': 'id,room\n1,kitchen\n2,bath\n',
  'models/sources.yml': 'sources: [{ name: raw, tables: [{ name: events, config: { event_time: at } }] }]',
  'models/inner.sql': '{{config materialized="ephemeral"}}select id, at, load_id from {{source "raw" "events"}}',
  'models/events.sql': `{{config materialized="incremental" unique_key="id"}}
select e.id, e.at from {{source "raw" "events"}} as e
{{#incremental}}where load_id > {{high_water "raw.events"}}{{/incremental}}`,
  'models/days.sql': `{{config materialized="incremental" incremental_strategy="microbatch" event_time="at" batch_size="day" begin="${new Date(Date.now() - 6 * 86_400_000).toISOString().slice(0, 10)}"}}
select at, id from {{source "raw" "events"}}`,
  'models/seen.sql': '{{config materialized="view"}}select id from {{ref "inner"}} where events.id > 0',
  'models/total.sql':
    'select count(*) as events, (select count(*) from {{ref "rooms"}}) as rooms from {{ref "events"}}',
};

const count = `select (select count(*) from NAME.events)::int as events, (select count(*) from NAME.days)::int as days,
    (select count(*) from NAME.seen)::int as seen, (select count(*) from NAME.rooms)::int as rooms`;

describe('models that read only some rows', () => {
  const project = new TemporaryProject({
    ...files,
    'models/seen.sql': files['models/seen.sql'].replace('events.', ''),
  });
  let database: TestDatabase;
  const run = (...args: string[]) => {
    const { PATH = '', HOME = '' } = process.env;
    return runHere(args, project.root, { PATH, HOME, ...(database.url === undefined ? {} : { DB_URL: database.url }) });
  };
  const sql = (text: string) => rowsOf(database.warehouse, text);
  const counts = async (schema: string) => (await sql(count.replaceAll('NAME', schema)))[0];
  const all = { events: 4, days: 4, seen: 4, rooms: 2 };

  beforeAll(async () => {
    database = await (oneDatabase[0] as (typeof oneDatabase)[number]).open();
    await sql('create schema raw');
    await sql('create table raw.events (id int, at timestamptz, load_id bigint)');
    await sql(`insert into raw.events
      select n, now() - n * interval '20 hours', 1 from generate_series(1, 4) as n`);
  });
  afterAll(async () => {
    await database.drop();
    project.dispose();
  });

  it('with --empty have no rows, and the next run that reads all builds them of all', async () => {
    const flags = ['--target', 'dev', '--vars', '{}'];
    const empty = await run('build', '--empty', ...flags);
    expect([empty.code, empty.stderr]).toEqual([0, '']);
    expect(await counts('dc_dev_gold')).toEqual({ events: 0, days: 0, seen: 0, rooms: 2 });
    expect(await sql('select events::int, rooms::int from dc_dev_gold.total')).toEqual([{ events: 0, rooms: 0 }]);
    // A target of its own has its tables emptied again, and its marks count for nothing afterwards.
    expect(await run('build', ...flags)).toMatchObject({ code: 0, stderr: '' });
    expect(await counts('dc_dev_gold')).toEqual(all);
    expect(await run('build', '--empty', ...flags)).toMatchObject({ code: 0, stderr: '' });
    expect(await counts('dc_dev_gold')).toMatchObject({ events: 0, seen: 0 });
    expect(await run('build', ...flags)).toMatchObject({ code: 0, stderr: '' });
    expect(await counts('dc_dev_gold')).toEqual(all);
    expect(await sql('select events::int, rooms::int from dc_dev_gold.total')).toEqual([{ events: 4, rooms: 2 }]);
  });

  it('with --sample have the rows of a span of event_time', async () => {
    const flags = ['--target', 'dev', '--exclude', 'total'];
    expect(await run('build', '--sample', '2 days', ...flags)).toMatchObject({ code: 0, stderr: '' });
    expect(await counts('dc_dev_gold')).toMatchObject({ events: 2, seen: 2, rooms: 2 });
    const at = (hours: number) => new Date(Date.now() - hours * 3_600_000).toISOString();
    const span = `{"start": "${at(50)}", "end": "${at(30)}"}`;
    expect(await run('build', '--sample', span, ...flags)).toMatchObject({ code: 0, stderr: '' });
    expect(await counts('dc_dev_gold')).toMatchObject({ events: 1, seen: 1 });
    expect(await run('build', ...flags)).toMatchObject({ code: 0, stderr: '' });
    expect(await counts('dc_dev_gold')).toEqual(all);
  });

  it('take no rows away in a target that others read', async () => {
    expect(await run('run', '--empty', '--select', 'seen')).toMatchObject({ code: 0, stderr: '' });
    expect(await run('build')).toMatchObject({ code: 0, stderr: '' });
    expect(await counts('gold')).toEqual(all);
    for (const flag of [['--empty'], ['--sample', '1 day']]) {
      const refused = await run('run', ...flag);
      expect([refused.code, refused.stdout + refused.stderr]).toEqual([
        1,
        expect.stringContaining(`gold.events has rows, and ${flag[0]} would take them away`),
      ]);
      expect(await counts('gold')).toEqual(all);
    }
  });

  it('show what they read when they are compiled', async () => {
    const compiled = await run('compile', '--empty', '--select', 'total');
    expect(compiled.stdout).toBe(
      'select count(*) as events, (select count(*) from (select * from "gold"."rooms" where false limit 0) as "rooms") as rooms ' +
        'from (select * from "gold"."events" where false limit 0) as "events"\n',
    );
    const sample = await run(
      'compile',
      '--sample',
      '{ start: 2024-07-01, end: "2024-07-08 18:00" }',
      '--select',
      'events',
    );
    expect(sample.stdout).toContain(
      `from (select * from "raw"."events" where "at" >= '2024-07-01T00:00:00.000Z' and "at" < '2024-07-08T18:00:00.000Z') as e`,
    );
  });

  it.each([
    [['--sample', '3 lunches'], '"3 lunches" is no span of time'],
    [['--sample', '{ start: 2024-07-02, end: 2024-07-01 }'], 'is not before its end'],
    [['--sample', '1 day', '--empty'], '--empty and --sample exclude each other'],
  ])('cannot be asked for by %j', async (flags, message) => {
    expect(await run('run', ...flags)).toMatchObject({ code: 2, stderr: expect.stringContaining(message) });
  });
});
