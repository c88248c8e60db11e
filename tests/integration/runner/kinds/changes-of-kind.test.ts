import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { oneDatabase, type TestDatabase } from '../../databases.ts';
import { resultOf, rowsOf, TemporaryProject } from '../../temporary-project.ts';

const kinds = ['view', 'table', 'incremental', 'materialized_view', 'seed'] as const;
type Kind = (typeof kinds)[number];
const relkinds: Readonly<Record<Kind, string>> = {
  view: 'v',
  table: 'r',
  incremental: 'r',
  materialized_view: 'm',
  seed: 'r',
};
const select = `select 1 as id, 'kitchen' as room union all select 2, 'bath'`;
const bi = `columns: [{ name: id, data_type: integer, bi: { name: Id } }, { name: room, data_type: text, bi: { name: Room } }]`;

/** The files of `rooms` as one kind; a materialized view has no view for Power BI. */
function rooms(kind: Kind): Record<string, string> {
  if (kind === 'seed')
    return {
      'seeds/rooms.csv': 'id,room\n1,kitchen\n2,bath\n',
      'seeds/rooms.yml': 'seeds: [{ name: rooms, config: { schema: public, unique_key: id } }]',
    };
  const shown = kind === 'materialized_view' ? '' : `, bi: { name: All rooms }, ${bi}`;
  const key = kind === 'view' ? '' : ', unique_key: id, indexes: [{ columns: room, name: by_room }]';
  return {
    'models/rooms.sql': kind === 'incremental' ? `${select}{{#incremental}} limit 0{{/incremental}}` : select,
    'models/rooms.yml': `models: [{ name: rooms, config: { materialized: ${kind}${key} }${shown} }]`,
  };
}

describe.each(oneDatabase)('a change of kind on $name', (kind) => {
  let database: TestDatabase;
  let project: TemporaryProject;
  let reader: string;
  beforeAll(async () => {
    database = await kind.open();
    reader = `reader_${Math.random().toString(36).slice(2)}`;
    await database.warehouse.query(`create role "${reader}"`);
  });
  afterAll(async () => {
    await database.warehouse.query(`drop owned by "${reader}"`);
    await database.warehouse.query(`drop role "${reader}"`);
    await database.drop();
  });
  beforeEach(async () => {
    for (const schema of ['raw', 'datacycle', 'public', 'seeds', 'bi', 'hand'])
      await database.warehouse.query(`drop schema if exists ${schema} cascade`);
    await database.warehouse.query('create schema public');
    await database.warehouse.query('create schema raw');
    await database.warehouse.query('create schema hand');
    await database.warehouse.query('create table raw.events (load_id bigint, id int, room text)');
    project = new TemporaryProject({ 'models/sources.yml': 'sources: [{ name: raw, tables: [{ name: events }] }]' });
  });
  afterEach(() => project.dispose());

  const rows = (sql: string) => rowsOf(database.warehouse, sql);
  const query = (sql: string) => database.warehouse.query(sql);
  const run = async (options: Parameters<TemporaryProject['run']>[1] = {}) => {
    const summary = await project.run(database.warehouse, options);
    expect(summary.results.flatMap((result) => result.error?.message ?? [])).toEqual([]);
    return Object.fromEntries(summary.results.map((result) => [result.node.name, result.message]));
  };
  const become = (files: Record<string, string>) => {
    for (const path of ['models/rooms.sql', 'models/rooms.yml', 'seeds/rooms.csv', 'seeds/rooms.yml'])
      project.remove(path);
    project.write(files);
  };
  const fails = async (name: string) => {
    const { error } = resultOf(await project.run(database.warehouse), name);
    if (error === undefined) throw new Error(`${name} did not fail`);
    return error;
  };
  const privileges = async (name: string) =>
    (
      await rows(
        `select coalesce(r.rolname, 'public') || ' ' || a.privilege_type || coalesce(' of ' || a.attname, '') as given
         from (
             select g.grantee, g.privilege_type, null as attname, c.relowner
             from pg_class as c, aclexplode(c.relacl) as g where c.oid = '${name}'::regclass
             union all
             select g.grantee, g.privilege_type, t.attname, c.relowner
             from pg_class as c, pg_attribute as t, aclexplode(t.attacl) as g
             where c.oid = '${name}'::regclass and t.attrelid = c.oid
         ) as a
         left join pg_roles as r on r.oid = a.grantee
         where a.grantee <> a.relowner
         order by 1`,
      )
    ).map(({ given }) => String(given).replace(reader, 'reader'));
  const commentOn = async (name: string, number = 0) =>
    (
      await rows(`select case ${number} when 0 then obj_description('${name}'::regclass, 'pg_class')
        else col_description('${name}'::regclass, ${number}) end as text`)
    )[0]?.text;
  const relkind = async () =>
    (await rows(`select relkind from pg_class where oid = 'public.rooms'::regclass`))[0]?.relkind;

  const pairs = kinds.flatMap((from) => kinds.filter((to) => to !== from).map((to) => [from, to] as const));
  it.each(pairs)('from %s to %s keeps views, grants and comments', async (from, to) => {
    become(rooms(from));
    await run();
    await query(`grant select on public.rooms to "${reader}"`);
    await query(`grant select (room) on public.rooms to public`);
    await query(`comment on column public.rooms.room is 'by hand'`);
    await query(
      `create view hand.first with (security_barrier) as select id as number, room from public.rooms where id > 0`,
    );
    await query(`create view hand.second as select count(*) as rooms from hand.first`);
    await query(`comment on view hand.first is 'mine'`);
    await query(`comment on column hand.first.number is 'my number'`);
    await query(`grant select on hand.second to "${reader}"`);
    await query(`alter view hand.first alter column room set default 'attic'`);
    become(rooms(to));
    await run();
    expect(await relkind()).toBe(relkinds[to]);
    expect(await rows('select id, room from public.rooms order by id')).toEqual([
      { id: 1, room: 'kitchen' },
      { id: 2, room: 'bath' },
    ]);
    expect(await privileges('public.rooms')).toEqual(['public SELECT of room', 'reader SELECT']);
    expect(await commentOn('public.rooms', 2)).toBe('by hand');
    expect(await rows('select * from hand.second')).toEqual([{ rooms: 2 }]);
    expect(await rows('select number, room from hand.first order by 1')).toHaveLength(2);
    expect([await commentOn('hand.first'), await commentOn('hand.first', 1)]).toEqual(['mine', 'my number']);
    expect(await privileges('hand.second')).toEqual(['reader SELECT']);
    expect(
      await rows(`select reloptions, (select count(*)::int from pg_attrdef where adrelid = c.oid) as defaults
        from pg_class as c where oid = 'hand.first'::regclass`),
    ).toEqual([{ reloptions: ['security_barrier=true'], defaults: 1 }]);
    if (to !== 'seed' && to !== 'materialized_view')
      expect(await rows('select "Id" from bi."All rooms" order by 1')).toEqual([{ Id: 1 }, { Id: 2 }]);
    expect(await rows(`select relname from pg_class where relname like 'datacycle\\_%'`)).toEqual([]);
    await run();
  });

  it.runIf(kind.name === 'PostgreSQL')(
    'is not noticed by readers: they see old rows or new ones, never an error',
    async () => {
      become(rooms('view'));
      await run();
      await query('create view hand.first as select id, room from public.rooms');
      await query('create view hand.second as select count(*)::int as rooms from hand.first');
      let reading = true;
      const seen = new Set<unknown>();
      const faults: unknown[] = [];
      const readers = ['hand.second', 'public.rooms', 'hand.first'].map(async (name) => {
        const sql =
          name === 'hand.second' ? 'select rooms from hand.second' : `select count(*)::int as rooms from ${name}`;
        while (reading) {
          await rows(sql).then(
            ([row]) => seen.add(row?.rooms),
            (error: unknown) => faults.push(error),
          );
        }
      });
      for (const to of [
        'table',
        'materialized_view',
        'incremental',
        'view',
        'seed',
        'materialized_view',
        'view',
      ] as const) {
        become(rooms(to));
        await run();
      }
      reading = false;
      await Promise.all(readers);
      expect(faults).toEqual([]);
      expect([...seen]).toEqual([2]);
    },
  );

  it('indexes made by hand come back on what can have them, and keep a table from becoming a view; constraints, too', async () => {
    const indexes = async () =>
      (
        await rows(
          `select indexname as name from pg_indexes where tablename = 'rooms' and indexname like 'mine%' order by 1`,
        )
      ).map(({ name }) => name);
    become(rooms('table'));
    await run();
    await query('create index mine on public.rooms (lower(room)) where id > 0');
    await query('create unique index "mine, too" on public.rooms (id, room)');
    become(rooms('materialized_view'));
    await run();
    expect(await indexes()).toEqual(['mine', 'mine, too']);

    // It reads the column that goes, and the project makes it no more.
    await query('drop view bi."All rooms"');
    await query('create index mine_of_id on public.rooms (id)');
    const other = `select 3 as id, 'attic' as space`;
    project.write({
      'models/rooms.sql': other,
      'models/rooms.yml': 'models: [{ name: rooms, config: { materialized: materialized_view, unique_key: id } }]',
    });
    await run();
    expect(await indexes()).toEqual(['mine_of_id']);
    become(rooms('table'));
    await run();
    expect(await indexes()).toEqual(['mine_of_id']);

    await query('alter table public.rooms add constraint positive check (id > 0)');
    const lost = (to: string, what: string) =>
      `public.rooms is a table and would become a ${to}, but ${what} would be lost`;
    become(rooms('view'));
    expect(await fails('rooms')).toMatchObject({
      message: lost('view', 'the constraint positive and the index mine_of_id'),
      where: expect.stringMatching(/^models\/rooms\.yml:1/),
    });
    become(rooms('materialized_view'));
    expect((await fails('rooms')).message).toBe(lost('materialized view', 'the constraint positive'));
    await query('alter table public.rooms drop constraint positive');
    await run();
    expect(await indexes()).toEqual(['mine_of_id']);
    await query('drop index public.mine_of_id');
    become(rooms('view'));
    await run();
    expect(await relkind()).toBe('v');
  });

  it('a trigger of a view is not lost when the view has to be made anew for its columns', async () => {
    become(rooms('view'));
    await run();
    await query(`create function hand.keep() returns trigger language plpgsql as 'begin return new; end'`);
    await query('create trigger keep instead of insert on public.rooms for each row execute function hand.keep()');
    project.write({ 'models/rooms.sql': `select 'attic' as room, 1 as id` });
    expect((await fails('rooms')).message).toBe(
      'public.rooms is a view and would be made anew, but the trigger keep would be lost',
    );
    await query('drop trigger keep on public.rooms');
    await run();
  });

  it('what was taken from a reader on purpose does not come back by default privileges', async () => {
    await query(`alter default privileges in schema public grant select on tables to "${reader}"`);
    become(rooms('view'));
    await run();
    await query(`revoke all on public.rooms from "${reader}"`);
    become(rooms('table'));
    await run();
    expect(await privileges('public.rooms')).toEqual([]);
    await query(`alter default privileges in schema public revoke select on tables from "${reader}"`);
  });

  it('to ephemeral leaves what stands', async () => {
    become(rooms('table'));
    await run();
    become({ 'models/rooms.sql': `{{config materialized="ephemeral"}}${select}` });
    await run();
    expect(await rows('select count(*)::int as n from public.rooms')).toEqual([{ n: 2 }]);
  });

  it('of a table that foreign keys point at is refused, naming them', async () => {
    become(rooms('table'));
    await run();
    await query('create table hand.facts (room_id int references public.rooms (id))');
    become(rooms('view'));
    expect(await fails('rooms')).toMatchObject({
      message: 'public.rooms is a table and would become a view, but foreign keys point at it: hand.facts (room_id)',
      hint: expect.stringContaining('Take those constraints out'),
      where: 'models/rooms.yml:1:49',
    });
    expect(await relkind()).toBe('r');
  });

  it.each(['view', 'materialized_view'] as const)(
    'of a table to %s is refused while it guards its rows by hand: whoever may read it would see them all',
    async (to) => {
      become(rooms('table'));
      await run();
      await query('alter table public.rooms enable row level security');
      become(rooms(to));
      const refusal = (what: string) =>
        `public.rooms is a table and would become a ${to.replace('_', ' ')}, but ${what} would be lost`;
      expect((await fails('rooms')).message).toBe(refusal('row security made by hand'));
      await query('create policy mine on public.rooms using (id = 1)');
      expect((await fails('rooms')).message).toBe(refusal('the policy mine'));
      expect(await relkind()).toBe('r');
      await query('drop policy mine on public.rooms');
      await query('alter table public.rooms disable row level security');
      await run();
    },
  );

  it('may happen to a model and to what is made of it at once, and to the first alone', async () => {
    const shown = (materialized: string) => ({
      'models/shown.sql': `{{config materialized="${materialized}" unique_key="id"}}select id, room from {{ref "rooms"}}`,
    });
    become(rooms('table'));
    project.write(shown('materialized_view'));
    await run();
    await query(`grant select on public.shown to "${reader}"`);
    become(rooms('materialized_view'));
    project.write(shown('table'));
    await run({ select: ['rooms'] });
    expect(await rows('select count(*)::int as n from public.shown')).toEqual([{ n: 2 }]);
    expect(await run()).toEqual({ rooms: 'refreshed', shown: 'created, was a materialized view' });
    expect(await privileges('public.shown')).toEqual(['reader SELECT']);
  });

  it('of a snapshot is refused until its history is put aside', async () => {
    become({
      'models/rooms.sql': `{{config materialized="snapshot" unique_key="id" strategy="check" check_cols="all"}}${select}`,
    });
    await run();
    become(rooms('view'));
    expect((await fails('rooms')).message).toBe(
      'public.rooms is a snapshot and would become a view, but its history is nowhere else',
    );
    become(rooms('table'));
    expect((await fails('rooms')).message).toContain('its history is nowhere else');
    await query('alter table public.rooms rename to rooms_of_old');
    become(rooms('table'));
    await run();
    expect(await rows('select count(*)::int as n from public.rooms')).toEqual([{ n: 2 }]);
  });

  it('says what to do where a table that was put aside still has the names of indexes', async () => {
    become(rooms('incremental'));
    await run();
    await query('alter table public.rooms rename to rooms_of_old');
    become(rooms('table'));
    expect(await fails('rooms')).toMatchObject({
      message: expect.stringMatching(/^rooms: relation "rooms_id_key_\w+" already exists$/),
      hint: expect.stringMatching(/^Indexes share .* alter index \.\.\. rename to \.\.\., and run again\.$/),
    });
    for (const { name } of await rows(`select indexname as name from pg_indexes where tablename = 'rooms_of_old'`))
      await query(`alter index public.${name} rename to old_${name}`);
    expect(await run()).toMatchObject({ rooms: 'created' });
  });

  it('of a table to a snapshot begins its history', async () => {
    become(rooms('table'));
    await run();
    await query('create view hand.first as select room from public.rooms');
    become({
      'models/rooms.sql': `{{config materialized="snapshot" unique_key="id" strategy="check" check_cols="all"}}${select}`,
    });
    expect(await run()).toEqual({ rooms: 'created, was a table' });
    expect(await rows('select count(*)::int as n from public.rooms where dbt_valid_to is null')).toEqual([{ n: 2 }]);
    expect(await rows('select count(*)::int as n from hand.first')).toEqual([{ n: 2 }]);
  });

  describe('of an incremental model', () => {
    const history = (materialized: string, settings = '') => ({
      'models/rooms.sql': `select load_id, id, room from {{source "raw" "events"}}${
        materialized === 'incremental'
          ? ' {{#incremental}}where load_id > {{high_water "raw.events"}}{{/incremental}}'
          : ''
      }`,
      'models/rooms.yml': `models: [{ name: rooms, config: { materialized: ${materialized}${settings} } }]`,
    });
    beforeEach(async () => {
      await query(`insert into raw.events values (1, 1, 'kitchen'), (2, 2, 'bath')`);
      become(history('incremental', ', unique_key: id'));
      await run();
    });

    it.each([
      ['view', ''],
      ['table', ', unique_key: id'],
      ['materialized_view', ', unique_key: id'],
    ])('to %s is refused once its sources are pruned', async (to, settings) => {
      await query(`delete from raw.events where load_id = 1`);
      await query(`insert into datacycle.pruned values ('raw.events', 1, now())`);
      become(history(to, settings));
      expect(await fails('rooms')).toMatchObject({
        message: `public.rooms is an incremental model and would become a ${to.replace('_', ' ')}, but rows of raw.events that it is made of have been pruned`,
        hint: expect.stringContaining('load --from-bronze'),
      });
      expect(await rows('select count(*)::int as n from public.rooms')).toEqual([{ n: 2 }]);
    });

    it.each(['view', 'table'])('to %s is refused once retention has deleted what it is made of', async (to) => {
      project.write({
        'models/base.sql':
          '{{config materialized="incremental" unique_key="id"}}select * from {{source "raw" "events"}}',
      });
      const onBase = (materialized: string) => ({
        'models/rooms.sql': 'select load_id, id, room from {{ref "base"}}',
        'models/rooms.yml': `models: [{ name: rooms, config: { materialized: ${materialized}${to === 'view' && materialized === 'view' ? '' : ', unique_key: id'} } }]`,
      });
      become(onBase('incremental'));
      await run();
      await query(`insert into datacycle.expired values ('base', now())`);
      become(onBase(to));
      expect((await fails('rooms')).message).toBe(
        `public.rooms is an incremental model and would become a ${to}, but retention has deleted rows of base that it is made of`,
      );
      expect(await relkind()).toBe('r');
    });
  });

  it('is refused where something depends on it that cannot be made again, naming it', async () => {
    become(rooms('table'));
    await run();
    await query('create materialized view hand.totals as select count(*) from public.rooms');
    become(rooms('view'));
    expect(await fails('rooms')).toMatchObject({
      message:
        'rooms cannot be changed: the materialized view hand.totals reads it and would have to go and come back, but its rows are of another time and nowhere else',
      hint: expect.stringContaining('Drop hand.totals'),
    });
    await query('drop materialized view hand.totals');
    await query(
      `create function hand.all_rooms() returns setof public.rooms language sql as 'select * from public.rooms'`,
    );
    expect(await fails('rooms')).toMatchObject({
      message: 'rooms: the table public.rooms would have to go and come back, but other objects depend on it',
      detail: expect.stringContaining('hand.all_rooms'),
    });
    await query('drop function hand.all_rooms');
    await run();
  });
});
