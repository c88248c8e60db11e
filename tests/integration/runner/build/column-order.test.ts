import { describe, expect, it } from 'vitest';
import { oneDatabase } from '../../databases.ts';
import { projectOn } from '../../project-on.ts';

const model = (sql: string, settings = 'materialized="table"') => `{{config ${settings}}}${sql}`;
const sources = 'sources: [{ name: raw, tables: [{ name: events, event_time: at }] }]';

describe.each(oneDatabase)('the order of columns on $name', (kind) => {
  const { database, project, rows, run, errorOf } = projectOn(kind, { 'models/sources.yml': sources }, [
    'create table raw.events (load_id int, id int, at date)',
    'create schema hand',
  ]);
  const query = (sql: string) => database.warehouse.query(sql);
  const columnsOf = async (name: string) =>
    (
      await rows(
        `select string_agg(attname, ', ' order by attnum) as columns
         from pg_attribute where attrelid = '${name}'::regclass and attnum > 0 and not attisdropped`,
      )
    )[0]?.columns;

  it('of a table is that of its query, so that a union gives what a fresh database gives', async () => {
    project.write({
      'models/a.sql': model('select 1 as id, 2 as y'),
      'models/b.sql': model('select 20 as y, 10 as id'),
      'models/u.sql': model('select * from {{ref "a"}} union all select * from {{ref "b"}}'),
      'models/i.sql': model(
        'select * from {{ref "a"}} union all select * from {{ref "b"}}',
        'materialized="incremental" unique_key="id"',
      ),
    });
    await run();
    project.write({ 'models/a.sql': model('select 2 as y, 1 as id') });
    expect(await run()).toMatchObject({ i: 'rebuilt: a was rebuilt or changed' });
    for (const name of ['u', 'i']) {
      expect(await rows(`select id, y from public.${name} order by id`)).toEqual([
        { id: 1, y: 2 },
        { id: 10, y: 20 },
      ]);
      expect(await columnsOf(`public.${name}`)).toBe('y, id');
    }
    const oid = await rows(`select 'public.a'::regclass::oid::int as oid`);
    await run();
    expect(await rows(`select 'public.a'::regclass::oid::int as oid`)).toEqual(oid);
    // In the middle, where PostgreSQL adds none.
    project.write({
      'models/a.sql': model(`select 2 as y, 'x' as z, 1::bigint as id`),
      'models/b.sql': model(`select 20 as y, 'z' as z, 10 as id`),
    });
    await run();
    expect(await rows('select * from public.u order by id')).toEqual([
      { y: 2, z: 'x', id: 1 },
      { y: 20, z: 'z', id: 10 },
    ]);
    expect(await columnsOf('public.u')).toBe('y, z, id');
  });

  it('changes without losing what depends on the table: keys, foreign keys, privileges, what was created by hand', async () => {
    const rooms = (columns: string) =>
      project.write({
        'models/rooms.sql': model(
          `select ${columns} from (values ('a', 1), ('b', 2)) as v (room, floor)`,
          'materialized="table" unique_key="room" surrogate_key="room_key"',
        ),
      });
    rooms('room, floor');
    project.write({
      'models/visits.sql': model(`select 1 as id, room_key from {{ref "rooms"}} where room = 'b'`),
      'models/schema.yml': `models:
  - name: visits
    constraints: [{ type: foreign_key, columns: room_key, to: ref('rooms'), to_columns: room_key, name: to_room }]`,
      'models/shown.sql': 'select * from {{ref "rooms"}}',
    });
    await run();
    for (const one of [
      'create view hand.floors as select room, floor from public.rooms',
      'grant select on public.rooms to public',
      'grant select on hand.floors to public',
      'create index by_floor on public.rooms (floor)',
      'alter table public.rooms add constraint low check (floor < 9), alter floor set not null',
      'create statistics hand.together on room, floor from public.rooms',
      `create function hand.nothing() returns trigger language plpgsql as 'begin return new; end'`,
      'create trigger watched after insert on public.rooms for each row execute function hand.nothing()',
      'comment on column public.rooms.floor is $$by hand$$',
      'alter table public.rooms set (fillfactor = 70)',
      'create table hand.notes (room_key int references public.rooms (room_key) on delete cascade deferrable)',
      'insert into hand.notes values (1)',
    ])
      await query(one);
    const asFound = () =>
      rows(`select
          (select jsonb_agg(jsonb_build_array(conrelid::regclass::text, conname, pg_get_constraintdef(oid)) order by conname)
              from pg_constraint where 'public.rooms'::regclass in (conrelid, confrelid)) as constraints,
          (select jsonb_agg(indexdef order by indexname) from pg_indexes where tablename = 'rooms') as indexes,
          (select jsonb_agg(tgname) from pg_trigger where tgrelid = 'public.rooms'::regclass and not tgisinternal) as triggers,
          (select jsonb_agg(stxname) from pg_statistic_ext where stxrelid = 'public.rooms'::regclass) as statistics,
          (select reloptions from pg_class where oid = 'public.rooms'::regclass) as options,
          (select attnotnull from pg_attribute where attrelid = 'public.rooms'::regclass and attname = 'floor') as filled,
          (select col_description(attrelid, attnum) from pg_attribute where attrelid = 'public.rooms'::regclass and attname = 'floor') as said,
          has_table_privilege('public', 'public.rooms', 'select') and has_table_privilege('public', 'hand.floors', 'select') as granted,
          (select jsonb_agg(jsonb_build_array(r.room_key, r.room, f.floor) order by r.room) from public.rooms as r join hand.floors as f using (room)) as rows`);
    const [before] = await asFound();
    expect(before?.constraints).toHaveLength(5);
    rooms('floor, room');
    await run();
    expect(await columnsOf('public.rooms')).toBe('room_key, floor, room');
    expect(await columnsOf('public.shown')).toBe('room_key, floor, room');
    expect(await asFound()).toEqual([before]);
    // A row that is still referenced stays while the order changes.
    project.write({
      'models/rooms.sql': model(
        `select room, floor from (values ('b', 2)) as v (room, floor)`,
        'materialized="table" unique_key="room" surrogate_key="room_key"',
      ),
    });
    await query(
      'alter table hand.notes drop constraint notes_room_key_fkey, add foreign key (room_key) references public.rooms (room_key)',
    );
    await run();
    expect(await rows('select room_key, room from public.rooms order by room')).toEqual([
      { room_key: 1, room: 'a' },
      { room_key: 2, room: 'b' },
    ]);
  });

  it('is kept where something would be lost that cannot be made again, and that is named', async () => {
    project.write({ 'models/a.sql': model('select 1 as id, 2 as y') });
    await run();
    await query('create policy mine on public.a using (true)');
    project.write({ 'models/a.sql': model('select 2 as y, 1 as id') });
    expect((await errorOf('a')).message).toMatch(/^the order of columns of public.a changes, .*policy mine on table/s);
    await query('drop policy mine on public.a');
    await query('create function public.one() returns setof public.a language sql as $$select * from public.a$$');
    expect((await errorOf('a')).message).toMatch(/^the order of columns of public.a changes, .*function one\(\)/s);
    await query('drop function public.one()');
    await run();
    expect(await columnsOf('public.a')).toBe('y, id');
  });

  it('or types may change so that no existing row can be cast', async () => {
    const write = (x: string) => {
      for (const [name, settings] of [
        ['a', 'materialized="table"'],
        ['k', 'materialized="table" unique_key="id" surrogate_key="k_key"'],
        ['i', 'materialized="incremental" unique_key="id"'],
      ])
        project.write({ [`models/${name}.sql`]: model(`select 1 as id, ${x} as x`, settings) });
    };
    write(`'abc'`);
    project.write({ 'models/shown.sql': 'select * from {{ref "k"}}' });
    await run();
    await query('create index by_x on public.k (x)');
    await query('create table hand.notes (k_key int references public.k (k_key))');
    await query('insert into hand.notes values (1)');
    for (const [x, value] of [
      ['5', '5'],
      [`date '2024-01-01'`, '2024-01-01'],
    ] as const) {
      write(x);
      await run();
      for (const name of ['a', 'k', 'i', 'shown'])
        expect(await rows(`select id, x::text from public.${name}`)).toEqual([{ id: 1, x: value }]);
    }
    expect(await rows(`select conname from pg_constraint where conrelid = 'hand.notes'::regclass`)).toHaveLength(1);
    expect(await rows(`select indexname from pg_indexes where indexname = 'by_x'`)).toHaveLength(1);
  });

  it('of seeds and incremental models follows at the next rebuild, and no increment minds it', async () => {
    const more = (columns: string) =>
      project.write({
        'models/more.sql': model(
          `select ${columns} from {{source "raw" "events"}}{{#incremental}} where load_id > {{high_water "raw.events"}}{{/incremental}}`,
          'materialized="incremental" unique_key="id"',
        ),
        'models/days.sql': model(
          `select ${columns} from {{source "raw" "events"}}`,
          'materialized="incremental" incremental_strategy="microbatch" event_time="at" batch_size="month" begin="2024-01-01" unique_key="id"',
        ),
      });
    project.write({ 'seeds/s.csv': 'id,name\n1,a\n' });
    await query(`insert into raw.events values (1, 1, '2024-01-05')`);
    const now = new Date('2024-02-03T00:00:00Z');
    more('load_id, id, at');
    await run({ now });
    project.write({ 'seeds/s.csv': 'name,id\na,1\n' });
    more('at, id, load_id');
    await run({ now });
    expect(await columnsOf('seeds.s')).toBe('name, id');
    expect(await columnsOf('public.more')).toBe('at, id, load_id');
    expect(await columnsOf('public.days')).toBe('at, id, load_id');
    await query(`insert into raw.events values (2, 2, '2024-02-02')`);
    await run({ now });
    for (const name of ['more', 'days'])
      expect(await rows(`select id, at::text, load_id from public.${name} order by id`)).toEqual([
        { id: 1, at: '2024-01-05', load_id: 1 },
        { id: 2, at: '2024-02-02', load_id: 2 },
      ]);
  });

  it.runIf(kind.name === 'PostgreSQL')('changes while readers read', async () => {
    project.write({ 'models/a.sql': model('select 1 as id, 2 as y') });
    await run();
    let reading = true;
    const seen = new Set<string>();
    const reader = (async () => {
      while (reading)
        seen.add(
          await rows('select id, y from public.a').then(
            (found) => JSON.stringify(found),
            (error: unknown) => String(error),
          ),
        );
    })();
    for (const columns of ['2 as y, 1 as id', '1 as id, 2 as y', '2 as y, 1 as id']) {
      project.write({ 'models/a.sql': model(`select ${columns}`) });
      await run();
    }
    reading = false;
    await reader;
    expect([...seen]).toEqual(['[{"id":1,"y":2}]']);
  });
});
