import { expect, test } from 'vitest';
import { found, reportOf } from './linted.ts';

const t = '{{source "raw" "t"}}';
const u = '{{source "raw" "u"}}';

/** What a rule finds in the model m, by line and column. */
async function placesIn(rule: string, sql: string): Promise<readonly string[]> {
  return (await found(rule, { 'models/m.sql': sql })).map((one) => one.replace(/^models\/m\.sql:(\d+:\d+) .*/, '$1'));
}

test.each([
  ['a table by its schema', 'select id\nfrom raw.t', ['2:6']],
  ['a table without a schema', 'select id from t', ['1:16']],
  ['in a subquery of a condition', `select id from ${t}\nwhere id in (select id from raw.u)`, ['2:29']],
  ['in a join', `select 1 as one\nfrom ${t} as t\njoin raw.u as u on u.id = t.id`, ['3:6']],
  ['not by source', `select id from ${t}`, []],
  [
    'not a common table expression, nor one around',
    `with x as (select id from ${t}) select id, (select max(id) from x) as m from x`,
    [],
  ],
  ["not PostgreSQL's own", 'select relname from pg_catalog.pg_class', []],
  [
    'not the model itself',
    `{{config materialized="incremental" unique_key="id"}}select t.id from ${t} as t {{#incremental}}left join {{this}} as m on m.id = t.id{{/incremental}}`,
    [],
  ],
])('a table named directly: %s', async (_, sql, places) => {
  expect(await placesIn('direct-table', sql)).toEqual(places);
});

test('says how a table is to be referred to', async () => {
  const { findings } = await reportOf({
    'models/a.sql': 'select 1 as x',
    'models/b.sql': 'select x from public.a',
    'models/c.sql': 'select id from raw.t',
    'models/d.sql': 'select id from elsewhere.v',
  });
  expect(findings.flatMap(({ rule, hint }) => (rule === 'direct-table' ? [hint] : []))).toEqual([
    'Write {{ref "a"}}, so that it is built first.',
    'Write {{source "raw" "t"}}, so that it is built first.',
    'Declare it under sources in a .yml file and write {{source "..." "v"}}, so that the graph knows it.',
  ]);
});

test.each([
  ['one that nothing reads', `with x as (select id from ${t}),\ny as (select 1 as one)\nselect id from x`, ['2:1']],
  [
    'one that only itself reads',
    `with recursive x as (select 1 as n union all select n + 1 from x where n < 3)\nselect 1 as one`,
    ['1:16'],
  ],
  ['one of a subquery', `select q.id from (with z as (select 1) select id from ${t}) as q`, ['1:24']],
  ['not one that another reads', `with x as (select id from ${t}), y as (select id from x) select id from y`, []],
  [
    'not one that only the increment reads',
    `{{config materialized="incremental" unique_key="id"}}\nwith x as (select id from ${t}) select id from {{#incremental}}x{{else}}${t}{{/incremental}}`,
    [],
  ],
  [
    'once, if neither form reads it',
    `{{config materialized="incremental" unique_key="id"}}\nwith x as (select 1) select id from ${t} {{#incremental}}where id > 1{{/incremental}}`,
    ['2:6'],
  ],
])('an unused common table expression: %s', async (_, sql, places) => {
  expect(await placesIn('unused-cte', sql)).toEqual(places);
});

test.each([
  ['of a model', `select * from ${t}`, ['1:8']],
  ['beside columns', `with x as (select id from ${t})\nselect *, 1 as one from x`, ['2:8']],
  [
    'of one side of a join',
    `with x as (select t.* from ${t} as t join ${u} as u on u.id = t.id) select id from x`,
    ['1:19'],
  ],
  [
    'of a logic expression',
    `with x as (select * from ${t}), y as (select * from x where id > 1) select id from y`,
    [`1:${'with x as (select * from {{source "raw" "t"}}), y as (select '.length + 1}`],
  ],
  ['not of an import', `with x as (select * from ${t} where id > 1) select id from x`, []],
  [
    'not of an import beside its keys',
    `select s.id from (select id from ${u}) as k cross join lateral (select s.* from ${t} as s where s.id = k.id) as s`,
    [],
  ],
  [
    'not of columns that are listed beside it',
    'with v as (select * from (values (1, 2)) as v (a, b)) select a from v',
    [],
  ],
  [
    'not in exists, nor in count(*)',
    `select count(*) as n from ${t} as t where exists (select * from ${u} as u where u.id = t.id)`,
    [],
  ],
])('a star: %s', async (_, sql, places) => {
  expect(await placesIn('select-star', sql)).toEqual(places);
});

test('a star that the runner puts around a table of which a batch is read is none', async () => {
  const files = {
    'models/s.yml':
      'version: 2\nsources: [{ name: b, tables: [{ name: e, event_time: at, columns: [{ name: at }] }] }]\n',
    'models/m.sql': `{{config materialized="incremental" incremental_strategy="microbatch" event_time="at" batch_size="day" begin="2024-01-01" unique_key="at"}}
with e as (select * from {{source "b" "e"}}) select at from e`,
  };
  expect(await found('select-star', files)).toEqual([]);
});

test('a data test may show bad rows as they are, but not read tables directly', async () => {
  const files = { 'tests/bad.sql': `select * from ${t} join raw.u using (id)` };
  expect(await found('select-star', files)).toEqual([]);
  expect(await found('direct-table', files)).toEqual(['tests/bad.sql:1:41 the table raw.u is named directly']);
});

test.each([
  ['a condition on one side only', `select 1 as one\nfrom ${t} as t\njoin ${u} as u on u.id = 1`, ['3:6']],
  ['a condition that is no condition', `select 1 as one from ${t} as t\nleft join ${u} as u on true`, ['2:11']],
  ['relations in a row', `select 1 as one from ${t} as t,\n${u} as u where t.id = 1`, ['2:1']],
  ['not with a condition', `select 1 as one from ${t} as t join ${u} as u on u.id = t.id`, []],
  ['not by name', `select 1 as one from ${t} join ${u} using (id)`, []],
  ['not where every pair is meant', `select 1 as one from ${t} cross join ${u}`, []],
  [
    'not lateral',
    `select 1 as one from ${t} as t left join lateral (select b from ${u} as u where u.id = t.id) as x on true`,
    [],
  ],
  ['not a function', `select 1 as one from ${t} as t, generate_series(1, t.a) as g`, []],
  ['not with a condition in where', `select 1 as one from ${t} as t, ${u} as u where t.a > 1 and t.id = u.id`, []],
  ['not where a bare column may be of either', `select 1 as one from ${t} as t join ${u} as u on a = b`, []],
])('a join without a condition: %s', async (_, sql, places) => {
  expect(await placesIn('join-without-condition', sql)).toEqual(places);
});

test('what a macro says in several models is found once, at its place in the macro', async () => {
  const files = {
    'macros/both.sql': `select t.a\nfrom raw.t as t`,
    'models/one.sql': 'with x as ({{> both}}) select a from x',
    'models/two.sql': 'with x as ({{> both}}) select a from x',
  };
  expect(await found('direct-table', files)).toEqual(['macros/both.sql:2:6 the table raw.t is named directly']);
});

test('what an ephemeral model says is found once, in its own file', async () => {
  const files = {
    'models/e.sql': '{{config materialized="ephemeral"}}select id from raw.t',
    'models/one.sql': 'select id from {{ref "e"}}',
  };
  expect(await found('direct-table', files)).toEqual(['models/e.sql:1:51 the table raw.t is named directly']);
  expect(await found('unused-cte', files)).toEqual([]);
});

const keyed = {
  'models/k.sql': `{{config materialized="table"}}select id, a, a as b from ${t}`,
  'models/k.yml':
    'version: 2\nmodels: [{ name: k, columns: [{ name: id, data_tests: [not_null] }, { name: a, constraints: [{ type: not_null }] }] }]\n',
};

test.each([
  ['a column of which nothing is known', `select id from ${t}\nwhere id not in (select b from ${u})`, ['2:10']],
  ['not first', `select id from ${t}\nwhere not id in (select b from ${u})`, ['2:7']],
  ['in its other form', `select id from ${t}\nwhere id <> all (select b from ${u})`, ['2:10']],
  ['a list with NULL', `select id from ${t}\nwhere id not in (1, null)`, ['2:10']],
  ['a column without a constraint', `select id from ${t}\nwhere id not in (select b from {{ref "k"}})`, ['2:10']],
  [
    'behind an outer join',
    `select id from ${t}\nwhere id not in (select k.id from ${u} as u left join {{ref "k"}} as k on k.id = u.id)`,
    ['2:10'],
  ],
  [
    'of one side of a union',
    `select id from ${t}\nwhere id not in (select id from {{ref "k"}} union all select b from ${u})`,
    ['2:10'],
  ],
  [
    'a case without else',
    `select id from ${t}\nwhere id not in (select case when a > 1 then id end from {{ref "k"}})`,
    ['2:10'],
  ],
  ['not a list', `select id from ${t} where id not in (1, 2)`, []],
  ['not in', `select id from ${t} where id in (select b from ${u})`, []],
  ['not a tested column', `select id from ${t} where id not in (select id from {{ref "k"}})`, []],
  ['not a column with a constraint', `select id from ${t} where id not in (select a from {{ref "k"}})`, []],
  ['not where NULLs are left out', `select id from ${t} where id not in (select b from ${u} where b is not null)`, []],
  [
    'not where a comparison leaves them out',
    `select id from ${t} where id not in (select u.b from ${u} as u where u.b > 1 and true)`,
    [],
  ],
  [
    'not what is made of such columns',
    `select id from ${t} where id not in (with x as (select coalesce(b, 0) as b from ${u}), y as (select case when b > 1 then b + 1 else 0 end as c from x) select c from y)`,
    [],
  ],
  [
    'not the inner side of an outer join',
    `select id from ${t} where id not in (select k.id from {{ref "k"}} as k left join ${u} as u on k.id = u.id)`,
    [],
  ],
])('not in something that may be NULL: %s', async (_, sql, places) => {
  const lines = await found('not-in-nullable', { ...keyed, 'models/m.sql': sql });
  expect(lines.map((one) => one.replace(/^models\/m\.sql:(\d+:\d+) .*/, '$1'))).toEqual(places);
});

test('what an upstream model yields is known, also if it declares nothing', async () => {
  const files = {
    'models/v.sql': `select coalesce(b, 0) as x, b as y from ${u}`,
    'models/m.sql': `select id from ${t}\nwhere id not in (select x from {{ref "v"}})\n    and id not in (select y from {{ref "v"}})`,
  };
  expect(await found('not-in-nullable', files)).toEqual([
    'models/m.sql:3:12 `not in` a subquery whose column y may be NULL: with a NULL in it, no row meets the condition',
  ]);
});
