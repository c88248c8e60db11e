import { describe, expect, it } from 'vitest';
import { oneDatabase } from '../../databases.ts';
import { eventsOn, newLoads } from '../../project-on.ts';
import { resultOf, rowsOf } from '../../temporary-project.ts';

const model = (config: string, columns = 'id, room, value') =>
  `{{config materialized="incremental" unique_key="id"}}select ${columns} from {{source "raw" "events"}} ${newLoads}`.replace(
    'unique_key="id"',
    `unique_key="id" ${config}`,
  );
const yml = (config: string) => `models: [{ name: m, config: { ${config} } }]`;

describe.each(oneDatabase)('settings of incremental models on $name', (kind) => {
  const { database, project, land } = eventsOn(kind);

  const rows = (sql = 'select * from public.m order by id') => rowsOf(database.warehouse, sql);
  const build = async () => resultOf(await project.run(database.warehouse), 'm');
  /** A first build of two rows, then the model as it is now, then a load with a changed and a new row. */
  const grow = async (before: Readonly<Record<string, string>>, next: Readonly<Record<string, string>>) => {
    project.write(before);
    await land(1, `(1, 'a', 1.0), (2, 'b', 2.0)`);
    expect((await build()).status).toBe('success');
    project.write(next);
    await land(2, `(2, 'c', 5.0), (3, 'd', 3.0)`);
    return build();
  };

  describe('merge', () => {
    it.each([
      ['merge_update_columns: value', { id: 2, room: 'b', value: 5 }],
      ['merge_exclude_columns: value', { id: 2, room: 'c', value: 2 }],
      ['incremental_predicates: old.value > 100', { id: 2, room: 'b', value: 2 }],
      [
        'incremental_predicates: ["old.value < 100", "DBT_INTERNAL_SOURCE.room = \'c\'"]',
        { id: 2, room: 'c', value: 5 },
      ],
    ])('%s', async (config, second) => {
      const files = { 'models/m.sql': model(''), 'models/m.yml': yml(config) };
      await grow(files, files);
      expect(await rows()).toEqual([{ id: 1, room: 'a', value: 1 }, second, { id: 3, room: 'd', value: 3 }]);
    });

    it('delete+insert keeps a row that a predicate protects, once', async () => {
      const config = "incremental_strategy: delete+insert, incremental_predicates: old.room <> 'b'";
      const files = { 'models/m.sql': model(''), 'models/m.yml': yml(config) };
      await grow(files, files);
      expect(await rows()).toEqual([
        { id: 1, room: 'a', value: 1 },
        { id: 2, room: 'b', value: 2 },
        { id: 3, room: 'd', value: 3 },
      ]);
    });

    it('names a column that is not there', async () => {
      project.write({ 'models/m.sql': model(''), 'models/m.yml': yml('merge_update_columns: [value, rom]') });
      await land(1, `(1, 'a', 1.0)`);
      expect((await build()).error?.message).toContain('m has no column "rom" (named in merge_update_columns)');
    });
  });

  describe('a table that was altered by hand', () => {
    /** Two rows, an alteration, then a load with a changed and a new row. */
    const alter = async (alteration: string, config = '') => {
      project.write({ 'models/m.sql': model(config) });
      await land(1, `(1, 'a', 1.0), (2, 'b', 2.0)`);
      expect((await build()).status).toBe('success');
      await rows(`alter table public.m ${alteration}`);
      await land(2, `(2, 'c', 5.0), (3, 'd', 3.0)`);
      return build();
    };
    const doubled = 'generated always as (value * 2) stored';

    it.each([
      ['add column by_hand int', 'by_hand: in the table (integer), but not selected'],
      [`add column by_hand float8 ${doubled}`, 'by_hand: in the table (double precision), but not selected'],
      ['add column by_hand int generated always as identity', 'by_hand: in the table (integer), but not selected'],
      ['drop column room', 'room: selected (text), but not in the table'],
      ['alter column value type real', 'value: real in the table, but the query yields double precision'],
      [
        'drop column value, add column value float8 generated always as (id::float8) stored',
        'value: generated in the table, but the query yields it',
      ],
    ])('%s: names the column, and a full refresh puts it right', async (alteration, difference) => {
      const result = await alter(alteration);
      expect(result.error?.message).toBe(
        `m is not rebuilt, and its columns are no longer those of its table:\n  ${difference}`,
      );
      expect(await rows('select id, value from public.m order by id')).toEqual([
        { id: 1, value: 1 },
        { id: 2, value: 2 },
      ]);
      await rows('delete from raw.events where id = 2 and load_id = 1');
      const summary = await project.run(database.warehouse, { fullRefresh: true });
      expect(resultOf(summary, 'm').error).toBeUndefined();
      expect(await rows('select * from public.m order by id')).toEqual([
        { id: 1, room: 'a', value: 1 },
        { id: 2, room: 'c', value: 5 },
        { id: 3, room: 'd', value: 3 },
      ]);
    });

    it.each([
      ['ignore', { by_hand: 10 }],
      ['append_new_columns', { by_hand: 10 }],
      ['sync_all_columns', {}],
    ])('with a column that is computed and on_schema_change %s', async (setting, kept) => {
      const result = await alter(`add column by_hand float8 ${doubled}`, `on_schema_change="${setting}"`);
      expect(result).toMatchObject({ status: 'success', inserted: 1, updated: 1 });
      expect(await rows('select * from public.m where id = 2')).toEqual([{ id: 2, room: 'c', value: 5, ...kept }]);
    });
  });

  describe('on_schema_change, where the table is never rebuilt', () => {
    const before = { 'models/m.sql': model('full_refresh=false') };
    const changed = (setting: string) => ({
      'models/m.sql': model(
        `full_refresh=false ${setting === '' ? '' : `on_schema_change="${setting}"`}`,
        'id, value::text as value, upper(room) as loud',
      ),
    });

    it.each(['', 'fail'])('"%s" refuses, names every difference and touches nothing', async (setting) => {
      const result = await grow(before, changed(setting));
      expect(result.status).toBe('error');
      expect(result.error?.message).toBe(`m is not rebuilt, and its columns are no longer those of its table:
  loud: selected (text), but not in the table
  room: in the table (text), but not selected
  value: double precision in the table, but the query yields text`);
      expect(await rows()).toEqual([
        { id: 1, room: 'a', value: 1 },
        { id: 2, room: 'b', value: 2 },
      ]);
    });

    it('ignore fills what both have', async () => {
      const files = { 'models/m.sql': model('full_refresh=false on_schema_change="ignore"', 'id, value, 1 as more') };
      expect(await grow(before, files)).toMatchObject({ status: 'success', inserted: 1, updated: 1 });
      expect(await rows()).toEqual([
        { id: 1, room: 'a', value: 1 },
        { id: 2, room: 'b', value: 5 },
        { id: 3, room: null, value: 3 },
      ]);
    });

    it('append_new_columns adds what is new; old rows are NULL there', async () => {
      const files = {
        'models/m.sql': model(
          'full_refresh=false on_schema_change="append_new_columns"',
          'id, value, upper(room) as loud',
        ),
      };
      expect(await grow(before, files)).toMatchObject({ status: 'success', inserted: 1, updated: 1 });
      expect(await rows()).toEqual([
        { id: 1, room: 'a', value: 1, loud: null },
        { id: 2, room: 'b', value: 5, loud: 'C' },
        { id: 3, room: null, value: 3, loud: 'D' },
      ]);
    });

    it('sync_all_columns makes the table what the query yields', async () => {
      expect(await grow(before, changed('sync_all_columns'))).toMatchObject({
        status: 'success',
        inserted: 1,
        updated: 1,
      });
      expect(await rows()).toEqual([
        { id: 1, value: '1', loud: null },
        { id: 2, value: '5', loud: 'C' },
        { id: 3, value: '3', loud: 'D' },
      ]);
    });

    it('a column more of an upstream is seen by select *, though no SQL changed', async () => {
      const files = { 'models/m.sql': model('on_schema_change="append_new_columns"', '*') };
      project.write(files);
      await land(1, `(1, 'a', 1.0)`);
      await build();
      await database.warehouse.query('alter table raw.events add column floor int default 4');
      await database.warehouse.query(`insert into raw.events values (2, 2, 'b', 2.0, 7)`);
      expect((await build()).status).toBe('success');
      expect(await rows('select id, floor from public.m order by id')).toEqual([
        { id: 1, floor: null },
        { id: 2, floor: 7 },
      ]);
    });
  });

  it('an index or constraint under a name of its own is created again when its definition changes, without a rebuild', async () => {
    const files = (index: string, check: string) => ({
      'models/m.sql': model(''),
      'models/m.yml': `models: [{ name: m, config: { indexes: [${index}] }, constraints: [{ type: check, name: sane, expression: ${check} }] }]`,
    });
    await grow(
      files('{ columns: room, name: by_room }', 'value > 0'),
      files('{ columns: room, name: by_room }', 'value > 0'),
    );
    const definitions = () =>
      rows(`select indexdef as text from pg_indexes where tablename = 'm' and indexname = 'by_room'
        union all select pg_get_constraintdef(oid) from pg_constraint where conname = 'sane'`);
    expect(await definitions()).toEqual([
      { text: 'CREATE INDEX by_room ON public.m USING btree (room)' },
      { text: 'CHECK ((value > (0)::double precision))' },
    ]);
    project.write(
      files('{ expressions: ["lower(room)"], include: value, where: "value > 1", name: by_room }', 'value >= 1'),
    );
    expect(await build()).toMatchObject({ status: 'success', inserted: 0, updated: 0, deleted: 0 });
    expect(await definitions()).toEqual([
      {
        text: 'CREATE INDEX by_room ON public.m USING btree (lower(room)) INCLUDE (value) WHERE (value > (1)::double precision)',
      },
      { text: 'CHECK ((value >= (1)::double precision))' },
    ]);
    expect(await build()).toMatchObject({ message: 'nothing new' });
  });
});
