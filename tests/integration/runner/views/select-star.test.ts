import { describe, expect, it } from 'vitest';
import { oneDatabase } from '../../databases.ts';
import { projectOn } from '../../project-on.ts';

const model = (sql: string, settings = 'materialized="table"') => `{{config ${settings}}}${sql}`;
const view = 'materialized="view"';

describe.each(oneDatabase)('what reads all columns on $name', (kind) => {
  const { database, project, rows, run, errorOf } = projectOn(kind, {}, ['create table raw.events (id int)']);
  const query = (sql: string) => database.warehouse.query(sql);
  const columnsOf = async (name: string) =>
    (
      await rows(
        `select string_agg(attname || ' ' || format_type(atttypid, atttypmod), ', ' order by attnum) as columns
         from pg_attribute where attrelid = '${name}'::regclass and attnum > 0 and not attisdropped`,
      )
    )[0]?.columns;

  it.each(['view', 'table'])('follows a %s that gains, renames, retypes and loses columns', async (below) => {
    const write = (columns: string) =>
      project.write({ 'models/a.sql': model(`select ${columns}`, `materialized="${below}"`) });
    project.write({
      'models/b.sql': 'select * from {{ref "a"}}',
      'models/c.sql': 'select * from {{ref "b"}}',
      'models/d.sql': model('select * from {{ref "c"}}'),
      'models/e.sql': model('select * from {{ref "between"}}', view),
      'models/between.sql': model('select * from {{ref "a"}}', 'materialized="ephemeral"'),
      'models/f.sql': model('select * from {{ref "c"}}', 'materialized="materialized_view" unique_key="id"'),
    });
    for (const [columns, seen] of [
      ['1 as id', 'id integer'],
      ['1 as id, 2 as y', 'id integer, y integer'],
      ['1 as id, 2 as z', 'id integer, z integer'],
      [`1::bigint as id, 2 as z, 'x' as w`, 'id bigint, z integer, w text'],
      ['1::bigint as id', 'id bigint'],
      ['2 as y, 1 as id', 'y integer, id integer'],
    ] as const) {
      write(columns);
      await run();
      for (const name of ['b', 'c', 'd', 'e', 'f'])
        expect(`${name}: ${await columnsOf(name)}`).toBe(`${name}: ${seen}`);
      expect(await run()).toMatchObject({ b: 'unchanged', c: 'unchanged', e: 'unchanged' });
    }
  });

  it('follows a source whose table changes or is replaced, declared or not', async () => {
    project.write({
      'models/sources.yml': 'sources: [{ name: raw, tables: [{ name: events }] }]',
      'models/b.sql': 'select * from {{source "raw" "events"}}',
      'models/bare.sql': 'select * from raw.events',
      'models/m.sql': model(
        'select * from {{source "raw" "events"}}',
        'materialized="materialized_view" unique_key="id"',
      ),
    });
    const names = ['b', 'bare', 'm'];
    await run();
    await query('grant select on public.b to public');
    await query('comment on column public.b.id is $$by hand$$');
    await query('alter table raw.events add column room text');
    await run();
    for (const name of names) expect(await columnsOf(name)).toBe('id integer, room text');
    expect(await run()).toMatchObject({ b: 'unchanged', bare: 'unchanged', m: 'refreshed' });
    await query('alter table raw.events rename to old');
    await query(`create table raw.events as select 7 as id, 'kitchen' as room`);
    await run();
    for (const name of names.filter((one) => one !== 'bare'))
      expect(await rows(`select id, room from public.${name}`)).toEqual([{ id: 7, room: 'kitchen' }]);
    expect(
      await rows(
        `select has_table_privilege('public', 'public.b', 'select') as granted, col_description('public.b'::regclass, 1) as said`,
      ),
    ).toEqual([{ granted: true, said: 'by hand' }]);
  });

  it('of an increment says so, as on_schema_change has it', async () => {
    await query('alter table raw.events add column load_id int');
    const write = (settings = '') =>
      project.write({
        'models/sources.yml': 'sources: [{ name: raw, tables: [{ name: events }] }]',
        'models/more.sql': model(
          'select * from {{source "raw" "events"}}{{#incremental}} where load_id > {{high_water "raw.events"}}{{/incremental}}',
          `materialized="incremental" unique_key="id" ${settings}`,
        ),
      });
    write();
    await query('insert into raw.events values (1, 1)');
    await run();
    expect(await run()).toMatchObject({ more: 'nothing new' });
    await query(`alter table raw.events add column room text default 'kitchen'`);
    expect((await errorOf('more')).message).toContain('room: selected (text), but not in the table');
    expect((await errorOf('more')).message).toContain('room: selected (text), but not in the table');
    write('on_schema_change="append_new_columns"');
    await run();
    await query('insert into raw.events values (2, 2)');
    await run();
    expect(await rows('select id, room from public.more order by id')).toEqual([
      { id: 1, room: null },
      { id: 2, room: 'kitchen' },
    ]);
    expect(await run()).toMatchObject({ more: 'nothing new' });
  });
});
