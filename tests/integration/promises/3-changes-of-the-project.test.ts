import { describe, expect, it } from 'vitest';
import { oneDatabase } from '../databases.ts';
import { eventsOn, newLoads } from '../project-on.ts';
import { resultOf } from '../temporary-project.ts';

describe.each(oneDatabase)('a change of the project on $name', (kind) => {
  const { database, project, land, rows, run } = eventsOn(kind);

  /** Constraints and indexes without the marks at the end of their names, and the NOT NULL columns. */
  const structure = async (table: string) => {
    const found = await rows(
      `select coalesce(conname, relname) as name from pg_index x join pg_class i on i.oid = x.indexrelid
       full join pg_constraint c on c.conindid = x.indexrelid and c.conrelid = x.indrelid
       where x.indrelid = '${table}'::regclass or c.conrelid = '${table}'::regclass and c.contype <> 'n'
       union all select 'not null ' || attname from pg_attribute
       where attrelid = '${table}'::regclass and attnum > 0 and attnotnull and not attisdropped order by 1`,
    );
    return found.map((row) => String(row.name).replace(/_[0-9a-f]{6}$/, '')).sort();
  };

  it('another column in unique_key: rows that the old key forbade come in', async () => {
    const model = (key: string) => ({
      'models/m.sql': `{{config materialized="incremental" unique_key="${key}"}}select id, room from {{source "raw" "events"}} ${newLoads}`,
    });
    project.write(model('id'));
    await land(1, `(1, 'a', 1.0)`);
    await run();
    await land(2, `(1, 'b', 1.0)`);
    project.write(model('id, room'));
    expect(await run()).toEqual({ m: 'rebuilt: its SQL changed' });
    expect(await rows('select id, room from public.m order by room')).toEqual([
      { id: 1, room: 'a' },
      { id: 1, room: 'b' },
    ]);
    expect(await structure('public.m')).toEqual(['m_id_room_key', 'not null id', 'not null room']);
  });

  it.each(['table', 'incremental'])(
    'a unique_key where there was none, as a %s: of rows that stand twice one is left',
    async (how) => {
      const model = (config: string, from: string) => ({
        'models/m.sql': `{{config ${config}}}select id, room, value from ${from}`,
      });
      project.write(model('materialized="table"', '{{source "raw" "events"}}'));
      await land(1, `(1, 'a', 1.0), (1, 'b', 2.0), (2, 'c', 3.0), (2, 'c', 3.0), (null::int, 'd', 4.0)`);
      await run();
      project.write(
        model(
          `materialized="${how}" unique_key="id"`,
          '(select distinct on (id) * from {{source "raw" "events"}} where id > 0 order by id, room desc) as e',
        ),
      );
      await run();
      expect(await rows('select id, room from public.m order by id')).toEqual([
        { id: 1, room: 'b' },
        { id: 2, room: 'c' },
      ]);
      expect(await structure('public.m')).toEqual(['m_id_key', 'not null id']);
    },
  );

  it('a key that foreign keys need is reported with them, and goes when they have gone', async () => {
    const rooms = (key: string) => ({
      'models/rooms.sql': `{{config materialized="table" unique_key="${key}"}}select room, 1 as floor from {{source "raw" "events"}}`,
    });
    const facts = (constraints: string) => ({
      'models/facts.yml': `models: [{ name: facts, constraints: [${constraints}] }]`,
    });
    project.write({
      ...rooms('room'),
      'models/facts.sql': '{{config materialized="table" unique_key="room"}}select room from {{ref "rooms"}}',
      ...facts(`{ type: foreign_key, columns: room, to: ref('rooms') }`),
    });
    await land(1, `(1, 'a', 1.0)`);
    await run();
    project.write(rooms('room, floor'));
    project.write(facts(''));
    const { error } = resultOf(await project.run(database.warehouse), 'rooms');
    expect(error?.message).toMatch(
      /^rooms: rooms_room_key_\w+ is no longer declared for public.rooms, but others depend on it$/,
    );
    expect(error).toMatchObject({ detail: expect.stringContaining('facts_room_fkey') });
    await run({ select: ['facts'] });
    await run();
    expect(await structure('public.rooms')).toEqual(['not null floor', 'not null room', 'rooms_room_floor_key']);
  });

  it('a column that leaves unique_key may be NULL, and one that leaves the query is gone', async () => {
    const model = (key: string, columns: string) => ({
      'models/m.sql': `{{config materialized="table" unique_key="${key}"}}select ${columns} from {{source "raw" "events"}}`,
    });
    project.write(model('id, room', 'id, room, value'));
    await land(1, `(1, 'a', 1.0)`);
    await run();
    await land(2, `(null::int, 'b', 2.0)`);
    project.write(model('value', 'id, value'));
    await run();
    expect(await rows('select * from public.m order by value')).toEqual([
      { id: 1, value: 1 },
      { id: null, value: 2 },
    ]);
    expect(await structure('public.m')).toEqual(['m_value_key', 'not null value']);
  });

  it('a NOT NULL, an index and a constraint created by hand stay', async () => {
    project.write({
      'models/m.sql': '{{config materialized="table"}}select id, room from {{source "raw" "events"}}',
    });
    await land(1, `(1, 'a', 1.0)`);
    await run();
    await database.warehouse.query('alter table public.m alter column room set not null');
    await database.warehouse.query('create index by_hand on public.m (room)');
    await run({ fullRefresh: true });
    expect(await structure('public.m')).toEqual(['by_hand', 'not null room']);
  });

  it('a constraint or an index declared for an incremental model comes with the next run, without a rebuild', async () => {
    const yml = (text: string) => ({ 'models/m.yml': `models: [{ name: m, ${text} }]` });
    project.write({
      'models/m.sql': `{{config materialized="incremental" unique_key="id"}}select id, room, value from {{source "raw" "events"}} ${newLoads}`,
      ...yml('description: x'),
    });
    await land(1, `(1, 'a', 1.0)`);
    await run();
    project.write(
      yml('config: { indexes: [{ columns: room }] }, columns: [{ name: value, constraints: [{ type: not_null }] }]'),
    );
    expect(await run()).toEqual({ m: '' });
    expect(await structure('public.m')).toEqual(['m_id_key', 'm_room_idx', 'not null id', 'not null value']);
    expect(await run()).toEqual({ m: 'nothing new' });
    project.write(yml('description: y'));
    expect(await run()).toEqual({ m: '' });
    expect(await structure('public.m')).toEqual(['m_id_key', 'not null id']);
    await database.warehouse.query(
      `do $$ begin execute (select 'alter table public.m drop constraint ' || conname from pg_constraint where conrelid = 'public.m'::regclass and contype = 'u'); end $$`,
    );
    await land(2, `(1, 'b', 2.0)`);
    await run();
    expect(await structure('public.m')).toEqual(['m_id_key', 'not null id']);
  });

  it('another column upstream reaches what says select *', async () => {
    const upstream = (columns: string) => ({
      'models/a.sql': `{{config materialized="table" unique_key="id"}}select ${columns} from {{source "raw" "events"}}`,
    });
    project.write({
      ...upstream('id'),
      'models/b.sql': '{{config materialized="table" unique_key="id"}}select * from {{ref "a"}}',
      'models/c.sql': '{{config materialized="incremental" unique_key="id"}}select * from {{ref "a"}}',
    });
    await land(1, `(1, 'a', 1.0)`);
    await run();
    project.write(upstream('id, room, value'));
    await run();
    for (const table of ['a', 'b', 'c'])
      expect(await rows(`select * from public.${table}`)).toEqual([{ id: 1, room: 'a', value: 1 }]);
    project.write(upstream('id, room'));
    await run();
    for (const table of ['a', 'b', 'c'])
      expect(await rows(`select * from public.${table}`)).toEqual([{ id: 1, room: 'a' }]);
  });

  it('rows that facts pointed at until they were rebuilt too are gone at the end, whatever the reason of the rebuild', async () => {
    const models = (condition: string) => ({
      'models/rooms.sql': `{{config materialized="incremental" unique_key="room" surrogate_key="room_key"}}select distinct room from {{source "raw" "events"}} where ${condition}`,
      'models/facts.sql': `{{config materialized="table" unique_key="id"}}select e.id, r.room_key from {{source "raw" "events"}} e join {{ref "rooms"}} r using (room) where ${condition}`,
    });
    project.write({
      ...models('true'),
      'models/facts.yml':
        "models: [{ name: facts, constraints: [{ type: foreign_key, columns: room_key, to: ref('rooms') }] }]",
    });
    await land(1, `(1, 'a', 1.0), (2, 'b', 2.0)`);
    await run();
    project.write(models(`room <> 'a'`));
    expect(await run()).toMatchObject({ rooms: 'rebuilt: its SQL changed' });
    expect(await rows('select room from public.rooms')).toEqual([{ room: 'b' }]);
    expect(await rows('select id from public.facts')).toEqual([{ id: 2 }]);
  });

  it('a row may take over the unique value of a row that goes', async () => {
    project.write({
      'seeds/rooms.csv': 'code,name\n1,Kitchen\n2,Bath\n',
      'seeds/rooms.yml':
        'seeds: [{ name: rooms, config: { unique_key: code }, constraints: [{ type: unique, columns: name }] }]',
    });
    await run();
    project.write({ 'seeds/rooms.csv': 'code,name\n2,Kitchen\n3,Bath\n' });
    await run();
    expect(await rows('select * from seeds.rooms order by code')).toEqual([
      { code: 2, name: 'Kitchen' },
      { code: 3, name: 'Bath' },
    ]);
  });

  it('columns that PostgreSQL cannot compare are compared as text', async () => {
    const select = `select id, json_build_object('room', room) as j, point(id, 0) as p from {{source "raw" "events"}}`;
    project.write({
      'models/keyed.sql': `{{config materialized="table" unique_key="id"}}${select}`,
      'models/unkeyed.sql': `{{config materialized="table"}}${select}`,
      'models/merged.sql': `{{config materialized="incremental" unique_key="id"}}${select} ${newLoads}`,
    });
    await land(1, `(1, 'a', 1.0)`);
    await run();
    await database.warehouse.query(`update raw.events set room = 'b', load_id = 2`);
    const summary = await project.run(database.warehouse);
    expect(summary.results.map(({ node, updated, inserted }) => [node.name, updated, inserted]).sort()).toEqual([
      ['keyed', 1, 0],
      ['merged', 1, 0],
      ['unkeyed', 0, 1],
    ]);
    for (const table of ['keyed', 'unkeyed', 'merged'])
      expect(await rows(`select j from public.${table}`)).toEqual([{ j: { room: 'b' } }]);
  });

  it('a test of an ephemeral model runs', async () => {
    project.write({
      'models/e.sql': '{{config materialized="ephemeral"}}select id from {{source "raw" "events"}}',
      'models/e.yml': 'models: [{ name: e, columns: [{ name: id, data_tests: [not_null, unique] }] }]',
      'tests/data/large.sql': 'select * from {{ref "e"}} where id > 1',
    });
    await land(1, `(1, 'a', 1.0), (1, 'a', 1.0), (2, 'b', 1.0)`);
    const summary = await project.run(database.warehouse);
    expect(Object.fromEntries(summary.results.map(({ node, status }) => [node.name, status]))).toEqual({
      not_null_e_id: 'pass',
      unique_e_id: 'fail',
      large: 'fail',
    });
  });

  it('other columns of a view, or a table instead of it, leave the grants on it', async () => {
    const privileges = async () =>
      (
        await rows(
          `select distinct coalesce(r.rolname, 'public') || ' ' || a.privilege_type || case when a.is_grantable then ' with grant option' else '' end as privilege
           from pg_class c, aclexplode(c.relacl) a left join pg_roles r on r.oid = a.grantee
           where c.oid = 'public.v'::regclass and a.grantee <> c.relowner order by 1`,
        )
      ).map((row) => row.privilege);
    const role = `reader_${Math.random().toString(36).slice(2)}`;
    project.write({ 'models/v.sql': 'select 1 as one, 2 as two' });
    await run();
    await database.warehouse.query(`create role "${role}"`);
    try {
      await database.warehouse.query(`grant select on public.v to "${role}" with grant option`);
      await database.warehouse.query('grant select on public.v to public');
      const given = [`public SELECT`, `${role} SELECT with grant option`];
      for (const sql of ['select 2 as two', '{{config materialized="table"}}select 2 as two', 'select 3 as three']) {
        project.write({ 'models/v.sql': sql });
        await run();
        expect(await privileges()).toEqual(given);
      }
    } finally {
      await database.warehouse.query(`drop owned by "${role}"`);
      await database.warehouse.query(`drop role "${role}"`);
    }
  });

  it('a value of a seed that does not fit its type is shown with its line', async () => {
    project.write({ 'seeds/rooms.yml': 'seeds: [{ name: rooms, columns: [{ name: code, data_type: int }] }]' });
    for (const [csv, line] of [
      ['code,note\nx,y\n', 2],
      ['code,note\n1,"two\nlines"\n\nx,y\n', 5],
      ['code,note\n1,one\n2,"three\nmore\nlines"\nx,y', 6],
      ['code,note\r\n1,"two\r\nlines"\r\n2,"two\r\nlines"\r\n\r\nx,y\r\n', 7],
    ] as const) {
      project.write({ 'seeds/rooms.csv': csv });
      expect(resultOf(await project.run(database.warehouse), 'rooms').error).toMatchObject({
        message: 'rooms: invalid input syntax for type integer: "x"',
        where: `seeds/rooms.csv:${line}:1`,
        detail: `  ${line} | x,y\n    | ^\ncolumn code: "x"`,
      });
    }
  });
});
