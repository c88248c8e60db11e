import { beforeEach, describe, expect, it } from 'vitest';
import { oneDatabase } from '../../databases.ts';
import { projectOn } from '../../project-on.ts';

const table = (columns: string, settings = '') => ({
  'models/rooms.sql': `{{config materialized="table" unique_key="id"${settings}}}select ${columns}`,
});

describe.each(oneDatabase)('a view on a changing table on $name', (kind) => {
  const { database, project, rows, run, errorOf } = projectOn(kind, table(`1 as id, 2 as floor, 'kitchen' as room`), [
    'create schema hand',
  ]);
  beforeEach(async () => {
    await run();
  });

  const query = (sql: string) => database.warehouse.query(sql);
  const oidOf = async (name: string) => (await rows(`select '${name}'::regclass::oid::text as oid`))[0]?.oid;

  it('created by hand comes back where a column gets another type, and only if it reads that', async () => {
    await query('create view hand.floors as select floor + 1 as above from public.rooms');
    await query('create view hand.tops as select max(above) as top from hand.floors');
    await query('create view hand.both as select f.above, t.top from hand.floors as f cross join hand.tops as t');
    await query('create view hand.names as select room from public.rooms');
    const names = await oidOf('hand.names');
    project.write(table(`1 as id, 2::bigint as floor, 'kitchen' as room`));
    await run();
    expect(await rows('select above, top from hand.both')).toEqual([{ above: 3, top: 3 }]);
    expect(
      await rows(
        `select format_type(atttypid, null) as type from pg_attribute where attrelid = 'hand.both'::regclass and attnum > 0`,
      ),
    ).toEqual([{ type: 'bigint' }, { type: 'bigint' }]);
    expect(await oidOf('hand.names')).toBe(names);
  });

  it('created by hand comes back where all tables that it reads change at once', async () => {
    const names = ['a', 'b', 'c', 'd'];
    const change = (type: string) => {
      for (const name of names)
        project.write({
          [`models/${name}.sql`]: `{{config materialized="table" unique_key="id"}}select 1 as id, 2::${type} as v, pg_sleep(0.1)::text as slept`,
        });
    };
    change('int');
    await run();
    await query(
      `create view hand.total as select ${names.map((name) => `${name}.v`).join(' + ')} as v from ${names.map((name) => `public.${name}`).join(', ')}`,
    );
    await query(`comment on view hand.total is 'mine'`);
    change('bigint');
    await run({ threads: 4 });
    expect(await rows(`select v::int as v, pg_typeof(v)::text as type from hand.total`)).toEqual([
      { v: 8, type: 'bigint' },
    ]);
    expect(await rows(`select obj_description('hand.total'::regclass) as text`)).toEqual([{ text: 'mine' }]);
  });

  it.runIf(kind.name === 'PostgreSQL')('created by hand is read all the while, also where keys change', async () => {
    await query('create view hand.floors as select id, floor from public.rooms');
    await query('create view hand.tops as select max(floor)::int as top from hand.floors');
    let reading = true;
    const seen = new Set<unknown>();
    const faults: unknown[] = [];
    const readers = ['hand.tops', 'hand.floors'].map(async (name) => {
      const column = name === 'hand.tops' ? 'top' : 'floor::int';
      while (reading)
        await rows(`select ${column} as top from ${name}`).then(
          ([row]) => seen.add(row?.top),
          (error: unknown) => faults.push(error),
        );
    });
    for (let round = 0; round < 8; round += 1) {
      const [type, key] = round % 2 === 0 ? ['bigint', 'id, floor'] : ['int', 'id'];
      project.write({
        'models/rooms.sql': `{{config materialized="table" unique_key="${key}"}}select 1 as id, 2::${type} as floor, 'a' as room`,
      });
      await run();
    }
    reading = false;
    await Promise.all(readers);
    expect(faults).toEqual([]);
    expect([...seen]).toEqual([2]);
  });

  it('created by hand does not hinder a column that it does not read from going', async () => {
    await query('create view hand.names as select room from public.rooms');
    const names = await oidOf('hand.names');
    project.write(table(`1 as id, 'kitchen' as room`));
    await run();
    expect(await oidOf('hand.names')).toBe(names);
  });

  it('created by hand that reads a column that goes is named, and nothing is touched', async () => {
    await query('create view hand.floors as select floor from public.rooms');
    project.write(table(`1 as id, 'kitchen' as room`));
    expect(await errorOf('rooms')).toMatchObject({
      message: expect.stringMatching(
        /^rooms: the view hand.floors reads it and could not be made again: column "?(rooms\.)?floor"? does not exist$/,
      ),
      where: 'models/rooms.sql',
      hint: 'Nothing was touched. Change the view so that it fits, or drop the view: drop view "hand"."floors";',
    });
    expect(await rows('select floor from hand.floors')).toEqual([{ floor: 2 }]);
    await query('drop view hand.floors');
    await run();
  });

  it('comes back with its triggers, their comments and its grants, and they fire', async () => {
    await query('create table hand.written (floor int)');
    await query(
      `create function hand.write() returns trigger language plpgsql as 'begin insert into hand.written values (new.floor); return new; end'`,
    );
    await query('create view hand.floors as select id, floor from public.rooms');
    await query(
      'create trigger "to write" instead of insert on hand.floors for each row execute function hand.write()',
    );
    await query(`comment on trigger "to write" on hand.floors is 'It''s kept'`);
    await query('grant select on hand.floors to public');
    const before = await oidOf('hand.floors');
    project.write(table(`1 as id, 2::bigint as floor, 'kitchen' as room`));
    await run();
    expect(await oidOf('hand.floors')).not.toBe(before);
    await query('insert into hand.floors (id, floor) values (5, 7)');
    expect(await rows('select floor from hand.written')).toEqual([{ floor: 7 }]);
    expect(
      await rows(
        `select obj_description(oid, 'pg_trigger') as said, has_table_privilege('public', tgrelid, 'select') as readable
         from pg_trigger where tgrelid = 'hand.floors'::regclass`,
      ),
    ).toEqual([{ said: "It's kept", readable: true }]);
  });

  it('with a rule of its own is named instead of losing it', async () => {
    await query('create view hand.floors as select floor from public.rooms');
    await query('create rule quiet as on insert to hand.floors do instead nothing');
    project.write(table(`1 as id, 2::bigint as floor, 'kitchen' as room`));
    expect((await errorOf('rooms')).message).toBe(
      'rooms cannot be changed: the view hand.floors reads it and would have to go and come back, but the rule quiet would be lost',
    );
  });

  it('of another owner is named instead of becoming ours', async () => {
    const role = `owner_${Math.random().toString(36).slice(2)}`;
    await query(`create role "${role}"`);
    try {
      await query('create view hand.floors as select floor from public.rooms');
      await query(`grant create on schema hand to "${role}"`);
      await query(`alter view hand.floors owner to "${role}"`);
      project.write(table(`1 as id, 2::bigint as floor, 'kitchen' as room`));
      expect(await errorOf('rooms')).toMatchObject({
        message: `rooms cannot be changed: the view hand.floors reads it and would have to go and come back, but it belongs to ${role}`,
        hint: 'Nothing was touched. Drop hand.floors, run again, and make it again as it was.',
      });
      expect(await rows(`select to_regclass('hand.floors') is not null as there`)).toEqual([{ there: true }]);
    } finally {
      await query(`drop owned by "${role}"`);
      await query(`drop role "${role}"`);
    }
  });

  it('of another owner hinders no snapshot and no increment that only adds columns', async () => {
    const role = `owner_${Math.random().toString(36).slice(2)}`;
    const models = (columns: string) => ({
      'models/past.sql': `{{config materialized="snapshot" unique_key="id" strategy="check" check_cols="all"}}select ${columns}`,
      'models/more.sql': `{{config materialized="incremental" unique_key="id" full_refresh=false on_schema_change="append_new_columns"}}select ${columns}`,
    });
    project.write(models('1 as id, 2 as floor'));
    await run();
    await query(`create role "${role}"`);
    try {
      await query('create view hand.past as select id, floor, dbt_valid_to from public.past');
      await query('create view hand.more as select id, floor from public.more');
      for (const view of ['hand.past', 'hand.more']) {
        await query(`grant create on schema hand to "${role}"`);
        await query(`alter view ${view} owner to "${role}"`);
      }
      project.write(models(`1 as id, 'a' as room`));
      await run();
      expect(await rows('select floor, room from public.more')).toEqual([{ floor: 2, room: 'a' }]);
    } finally {
      await query(`drop owned by "${role}"`);
      await query(`drop role "${role}"`);
    }
  });

  it('of the project, changed together with the table, comes as it is to be', async () => {
    project.write({ 'models/report.sql': 'select id, floor from {{ref "rooms"}}' });
    await run();
    await query('create view hand.floors as select id from public.report');
    project.write({
      ...table(`1 as id, 'kitchen' as room`),
      'models/report.sql': 'select id, room from {{ref "rooms"}}',
    });
    await run();
    expect(await rows('select r.id, r.room from public.report as r join hand.floors using (id)')).toEqual([
      { id: 1, room: 'kitchen' },
    ]);
    expect(await run()).toMatchObject({ report: 'unchanged' });
  });

  it('of the project comes back as it was where its new SQL reads what is not built yet', async () => {
    project.write({ 'models/report.sql': 'select id, floor from {{ref "rooms"}}' });
    await run();
    project.write({
      ...table(`1 as id, 2::bigint as floor, 'kitchen' as room`),
      'models/report.sql': 'select id, floor, area from {{ref "rooms"}} join {{ref "sizes"}} using (id)',
      'models/sizes.sql': '{{config materialized="table" unique_key="id"}}select id, 9 as area from {{ref "rooms"}}',
    });
    await run();
    expect(await rows('select * from public.report')).toEqual([{ id: 1, floor: 2, area: 9 }]);
  });

  it('of the project, materialized, comes back with its rows and index, and what is made of it follows', async () => {
    project.write({
      'models/floors.sql':
        '{{config materialized="materialized_view" unique_key="id"}}select id, floor from {{ref "rooms"}}',
      'models/late.sql': '{{config materialized="incremental" unique_key="id"}}select * from {{ref "floors"}}',
    });
    await run();
    await query('comment on materialized view public.floors is $$by hand$$');
    project.write(table(`1 as id, 3::bigint as floor, 'kitchen' as room`));
    await run({ select: ['rooms'] });
    expect(await rows('select floor, pg_typeof(floor)::text as type from public.floors')).toEqual([
      { floor: 2, type: 'bigint' },
    ]);
    expect(await rows(`select obj_description('public.floors'::regclass) as text`)).toEqual([{ text: 'by hand' }]);
    expect(await run()).toMatchObject({ floors: 'refreshed', late: 'rebuilt: floors was rebuilt or changed' });
    expect(await rows('select floor from public.late')).toEqual([{ floor: 3 }]);
  });

  it('of the project, materialized and changed together with the table, comes as it is to be', async () => {
    const floors = (columns: string) => ({
      'models/floors.sql': `{{config materialized="materialized_view" unique_key="id" }}select ${columns} from {{ref "rooms"}}`,
    });
    project.write(floors('id, floor, 1 as story'));
    await run();
    await query('create index by_floor on public.floors (id, floor)');
    await query('create unique index by_story on public.floors (story) where id > 0');
    await query('grant select (floor, story) on public.floors to public');
    for (const column of ['floor', 'story']) await query(`comment on column public.floors.${column} is $$by hand$$`);
    project.write({ ...table(`1 as id, 'kitchen' as room`), ...floors('id, room, 1 as story') });
    await run();
    expect(await rows('select * from public.floors')).toEqual([{ id: 1, room: 'kitchen', story: 1 }]);
    expect(
      await rows(`select indexname as name from pg_indexes where tablename = 'floors' and indexname like 'by%'`),
    ).toEqual([{ name: 'by_story' }]);
    expect(
      await rows(
        `select attname as name, col_description(attrelid, attnum) as said, attacl is not null as shown
         from pg_attribute where attrelid = 'public.floors'::regclass and attnum > 0 order by attnum`,
      ),
    ).toEqual([
      { name: 'id', said: null, shown: false },
      { name: 'room', said: null, shown: false },
      { name: 'story', said: 'by hand', shown: true },
    ]);
    expect(await run()).toMatchObject({ floors: 'nothing that it reads has changed' });
  });

  it('comes back where an increment syncs the columns', async () => {
    project.write({
      'models/more.sql':
        '{{config materialized="incremental" unique_key="id" full_refresh=false on_schema_change="sync_all_columns"}}select 1 as id, 2 as floor',
    });
    await run();
    await query('create view hand.floors as select floor from public.more');
    project.write({
      'models/more.sql':
        '{{config materialized="incremental" unique_key="id" full_refresh=false on_schema_change="sync_all_columns"}}select 1 as id, 2::bigint as floor',
    });
    await run();
    expect(await rows('select pg_typeof(floor)::text as type from hand.floors')).toEqual([{ type: 'bigint' }]);
  });

  it('follows a view of the project whose columns are others', async () => {
    project.write({ 'models/report.sql': 'select id, floor from {{ref "rooms"}}' });
    await run();
    await query('create view hand.floors as select floor from public.report');
    project.write({ 'models/report.sql': 'select floor, id, room from {{ref "rooms"}}' });
    await run();
    expect(await rows('select * from hand.floors')).toEqual([{ floor: 2 }]);
  });
});
