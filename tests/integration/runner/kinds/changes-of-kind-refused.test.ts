import { beforeEach, describe, expect, it } from 'vitest';
import { oneDatabase } from '../../databases.ts';
import { changingRooms, rooms, select } from './changing-rooms.ts';

describe.each(oneDatabase)('a change of kind that needs care on $name', (kind) => {
  const { reader, project, rows, run, fails, query, become, privileges, relkind } = changingRooms(kind);

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
      expect((await fails('rooms')).message).toBe(refusal('row security created by hand'));
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
    expect(await run()).toEqual({
      rooms: 'nothing that it reads has changed',
      shown: 'created, was a materialized view',
    });
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
