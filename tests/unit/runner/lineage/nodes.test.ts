import { expect, test } from 'vitest';
import { downstreamOf, modelsFilteredBy, upstreamOf } from '../../../../runner/lineage/trace.ts';
import { compileFiles } from '../projects.ts';
import { columnsOf, filtersOf, lineageOfCompiled, lineageOfModels, rootsOf } from './flow-of.ts';

test('seeds have the columns of their files, models those of their SQL', async () => {
  const lineage = await lineageOfModels({
    first: 'select * from {{ref "prices"}}',
    second: 'select f.*, t.a from {{ref "first"}} as f join {{source "raw" "t"}} as t on t.b = f.code',
  });
  expect(columnsOf(lineage, 'first')).toEqual({ code: 'copied prices.code', price: 'copied prices.price' });
  expect(columnsOf(lineage, 'second')).toEqual({
    code: 'copied first.code',
    price: 'copied first.price',
    a: 'copied t.a',
  });
});

test('an ephemeral model is a model between two others', async () => {
  const lineage = await lineageOfModels({
    between: '{{config materialized="ephemeral"}} select a as x from {{source "raw" "t"}}',
    m: 'select x + 1 as y from {{ref "between"}}',
  });
  expect(columnsOf(lineage, 'between')).toEqual({ x: 'copied t.a' });
  expect(columnsOf(lineage, 'm')).toEqual({ y: 'computed between.x' });
});

test('the full and the incremental SQL are one, and what comes from its own rows says so', async () => {
  const lineage = await lineageOfModels({
    m: `{{config materialized="incremental" unique_key="a"}}
select t.a, {{#incremental}}greatest(t.b, m.b){{else}}t.b{{/incremental}} as b
from {{source "raw" "t"}} as t
{{#incremental}}left join {{this}} as m on m.a = t.a where t.c > {{high_water "raw.t"}}{{/incremental}}`,
  });
  expect(columnsOf(lineage, 'm')).toEqual({ a: 'copied t.a', b: 'computed m.b, computed t.b' });
  expect(filtersOf(lineage, 'm')).toEqual(['m.a', 't.a', 't.c']);
});

test('columns that the runner adds come from what it makes them of', async () => {
  const lineage = await lineageOfModels({
    keyed:
      '{{config materialized="table" unique_key="a, b" surrogate_key="k"}} select a, b, c from {{source "raw" "t"}}',
    history:
      '{{config materialized="snapshot" unique_key="a" strategy="timestamp" updated_at="b"}} select a, b from {{source "raw" "t"}}',
  });
  expect(columnsOf(lineage, 'keyed')).toMatchObject({ k: 'computed t.a, computed t.b' });
  expect(columnsOf(lineage, 'history')).toMatchObject({
    dbt_valid_from: 'computed t.b',
    dbt_scd_id: 'computed t.a, computed t.b',
  });
});

test('what cannot be known is said, and nothing else is lost', async () => {
  const lineage = await lineageOfModels({
    star: 'select * from {{source "raw" "open"}}',
    named: 'select o.x, t.a from {{source "raw" "open"}} as o join {{source "raw" "t"}} as t on true',
    further: 'select y from {{ref "star"}}',
    elsewhere: 'select z from public.somewhere',
    missing: 'select t.nowhere from {{source "raw" "t"}} as t cross join (select 1 as one) as x where x.two = 1',
  });
  expect(lineage['model.star']).toMatchObject({ columns: [], unknown: [expect.stringContaining('raw.open')] });
  expect(columnsOf(lineage, 'named')).toEqual({ x: 'copied open.x', a: 'copied t.a' });
  expect(columnsOf(lineage, 'further')).toEqual({ y: 'copied star.y' });
  expect(lineage['model.elsewhere']?.columns[0]?.unknown).toEqual([
    'public.somewhere is no model, seed or source of the project',
  ]);
  // A source may have more columns than are declared.
  expect(columnsOf(lineage, 'missing')).toEqual({ nowhere: 'copied t.nowhere' });
});

test('declared columns stand in for those that a star hides', async () => {
  const compiled = compileFiles({
    'models/sources.yml': 'version: 2\nsources: [{ name: raw, tables: [{ name: open }] }]\n',
    'models/m.yml': 'version: 2\nmodels: [{ name: m, columns: [{ name: a }] }]\n',
    'models/m.sql': 'select * from {{source "raw" "open"}}',
  });
  const lineage = await lineageOfCompiled(compiled);
  expect(columnsOf(lineage, 'm')).toEqual({ a: 'copied open.a' });
  expect(lineage['model.m']?.unknown).toHaveLength(1);
});

test('a column has the place in the template, also where a macro wrote it', async () => {
  const compiled = compileFiles({
    'macros/doubled.sql': '{{column}} * 2 as twice',
    'models/sources.yml': 'version: 2\nsources: [{ name: raw, tables: [{ name: t, columns: [{ name: a }] }] }]\n',
    'models/m.sql': `select\n    'é' as letter,\n    a,\n    {{> doubled column="a"}}\nfrom {{source "raw" "t"}}`,
  });
  const places = (await lineageOfCompiled(compiled))['model.m']?.columns.map(({ column, place }) => [column, place]);
  expect(places).toEqual([
    ['letter', { file: 'models/m.sql', line: 2, column: 5 }],
    ['a', { file: 'models/m.sql', line: 3, column: 5 }],
    ['twice', { file: 'models/m.sql', line: 4, column: 25 }],
  ]);
});

test('SQL that cannot be parsed is an error at its place', async () => {
  await expect(lineageOfModels({ m: 'select a\nfrom {{source "raw" "t"}} where where' })).rejects.toThrow(
    'models/m.sql:2',
  );
});

test('the way of a column, up and down', async () => {
  const lineage = await lineageOfModels({
    first: `select doc -> 'plugs' -> 'power' as power, b from {{source "raw" "t"}}`,
    second: 'select power::int * p.price as cost from {{ref "first"}} as f join {{ref "prices"}} as p on p.code = f.b',
  });
  const cost = { node: 'model.second', column: 'cost' };
  expect(upstreamOf(lineage, cost).map(({ from, how }) => [how, from.node, from.column, from.path])).toEqual([
    ['computed', 'model.first', 'power', undefined],
    ['computed', 'seed.prices', 'price', undefined],
    ['copied', 'source.raw.t', 'doc', 'plugs.power'],
  ]);
  expect(rootsOf(lineage, cost).map(({ node }) => node)).toEqual(['seed.prices', 'source.raw.t']);
  const down = (path: string) =>
    downstreamOf(lineage, { node: 'source.raw.t', column: 'doc', path }).map(({ to }) => `${to.node}.${to.column}`);
  expect(down('plugs')).toEqual(['model.first.power', 'model.second.cost']);
  expect(down('plugs.power')).toEqual(['model.first.power', 'model.second.cost']);
  expect(down('plugs.total')).toEqual([]);
  expect(modelsFilteredBy(lineage, { node: 'seed.prices', column: 'code' })).toEqual(['model.second']);
});
