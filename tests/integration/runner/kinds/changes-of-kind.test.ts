import { describe, expect, it } from 'vitest';
import { oneDatabase } from '../../databases.ts';
import { changingRooms, relkinds, rooms, select } from './changing-rooms.ts';

describe.each(oneDatabase)('a change of kind on $name', (kind) => {
  const { reader, project, rows, run, fails, query, become, privileges, commentOn, relkind, pairs } =
    changingRooms(kind);

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

  it('indexes created by hand come back on what can have them, and keep a table from becoming a view; constraints, too', async () => {
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

  it('a trigger of a view is not lost when the view has to be created again for its columns', async () => {
    become(rooms('view'));
    await run();
    await query(`create function hand.keep() returns trigger language plpgsql as 'begin return new; end'`);
    await query('create trigger keep instead of insert on public.rooms for each row execute function hand.keep()');
    project.write({ 'models/rooms.sql': `select 'attic' as room, 1 as id` });
    expect((await fails('rooms')).message).toBe(
      'public.rooms is a view and would be created again, but the trigger keep would be lost',
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

  it('to ephemeral leaves the existing relation', async () => {
    become(rooms('table'));
    await run();
    become({ 'models/rooms.sql': `{{config materialized="ephemeral"}}${select}` });
    await run();
    expect(await rows('select count(*)::int as n from public.rooms')).toEqual([{ n: 2 }]);
  });
});
