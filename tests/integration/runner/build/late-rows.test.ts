import { describe, expect, test } from 'vitest';
import { oneDatabase } from '../../databases.ts';
import { projectOn } from '../../project-on.ts';

const from = (name: string) =>
  `select id, load_id from {{source "raw" "${name}"}} {{#incremental}}where load_id > {{high_water "raw.${name}"}}{{/incremental}}`;
const followed = 'where load_id > {{high_water "shown"}}';
const files = {
  'models/sources.yml': 'sources: [{ name: raw, tables: [{ name: a }, { name: b }] }]',
  'models/both.sql': `{{config materialized="incremental" unique_key="id"}}\n${from('a')}\nunion all\n${from('b')}\n`,
  'models/shown.sql': 'select id, load_id from {{ref "both"}}\n',
  'models/follower.sql': `{{config materialized="incremental" unique_key="id"}}\nselect id, load_id from {{ref "shown"}} {{#incremental}}${followed}{{/incremental}}\n`,
};
const statements = ['a', 'b'].map((name) => `create table raw.${name} (id int, load_id bigint)`);

describe.each(oneDatabase)('a model of two sources whose loads commit out of order, on $name', (kind) => {
  const { database, project, run, rows } = projectOn(kind, files, statements);
  const land = (name: string, load: number) =>
    database.warehouse.query(`insert into raw.${name} values (${load}, ${load})`);
  const ids = async () => (await rows('select id from public.follower order by id')).map(({ id }) => id);

  test.each([
    ['merge', 'unique_key="id"'],
    ['append', 'incremental_strategy="append"'],
  ])('%s: who follows it misses no row, and is not rebuilt where all are in order', async (_, settings) => {
    project.write({ 'models/both.sql': files['models/both.sql'].replace('unique_key="id"', settings) });
    await land('b', 2);
    await run();
    await land('b', 3);
    expect(await run()).toMatchObject({ follower: '' });
    await land('a', 1);
    expect(await run()).toMatchObject({ follower: 'rebuilt: shown was rebuilt or changed' });
    expect(await ids()).toEqual([1, 2, 3]);
    expect(await run()).toMatchObject({ follower: 'nothing new' });
  });

  test('a row that is seen again with the load_id it has rebuilds nobody', async () => {
    project.write({
      'models/both.sql': `{{config materialized="incremental" unique_key="id"}}
select a.id, count(*) as seen, {{#incremental}}coalesce((select t.load_id from {{this}} as t where t.id = a.id), max(a.load_id)){{else}}min(a.load_id){{/incremental}} as load_id
from {{source "raw" "a"}} as a {{#incremental}}where a.id in (select id from {{source "raw" "a"}} where load_id > {{high_water "raw.a"}}){{/incremental}}
group by a.id`,
    });
    await land('a', 1);
    await run();
    await rows('insert into raw.a values (1, 2)');
    expect(await run()).toMatchObject({ both: '', follower: 'nothing new' });
    expect(await rows('select seen::int, load_id from public.both')).toEqual([{ seen: 2, load_id: 1 }]);
  });

  test('a row that changes and keeps its load_id reaches who follows', async () => {
    project.write({
      'models/both.sql': `{{config materialized="incremental" unique_key="id" merge_exclude_columns="load_id"}}
select 1 as id, load_id as value, load_id from {{source "raw" "a"}} {{#incremental}}where load_id > {{high_water "raw.a"}}{{/incremental}}`,
      'models/shown.sql': 'select id, value, load_id from {{ref "both"}}\n',
      'models/follower.sql': files['models/follower.sql'].replace('id, load_id', 'id, value, load_id'),
    });
    await land('a', 1);
    await run();
    await rows('delete from raw.a');
    await land('a', 2);
    await run();
    expect(await rows('select value::int from public.follower')).toEqual([{ value: 2 }]);
  });
});
