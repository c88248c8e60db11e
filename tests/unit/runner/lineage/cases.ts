const t = '{{source "raw" "t"}}';
const u = '{{source "raw" "u"}}';

/** A query, what its columns come from, and what filters its rows. */
export const cases: readonly (readonly [string, string, Readonly<Record<string, string>>, (readonly string[])?])[] = [
  [
    'a copy and an expression',
    `select a, b + c as sum, 1 as one from ${t}`,
    {
      a: 'copied t.a',
      sum: 'computed t.b, computed t.c',
      one: '',
    },
    [],
  ],
  [
    'names that PostgreSQL gives',
    `select max(a), a::text, coalesce(a, b), case when a > 1 then b end, -c from ${t} group by 2, a, b, c`,
    {
      max: 'computed t.a',
      a: 'computed t.a',
      coalesce: 'computed t.a, computed t.b',
      case: 'computed t.b, filtered t.a',
      '?column?': 'computed t.c',
    },
    ['t.a', 't.b', 't.c'],
  ],
  [
    'common table expressions and stars',
    `with x as (select * from ${t}), y as (select x.*, a as again from x) select again, doc from y`,
    {
      again: 'copied t.a',
      doc: 'copied t.doc',
    },
  ],
  ['a case of constants', `select case a when 1 then 'y' else 'z' end as k from ${t}`, { k: 'computed t.a' }],
  ['a condition', `select a from ${t} where b > 1 and c is not null`, { a: 'copied t.a' }, ['t.b', 't.c']],
  [
    'a condition in a common table expression',
    `with x as (select a from ${t} where b > 1) select a from x`,
    { a: 'copied t.a' },
    ['t.b'],
  ],
  [
    'a join',
    `select t.b, u.d from ${t} as t left join ${u} as u on u.a = t.a`,
    { b: 'copied t.b', d: 'copied u.d' },
    ['t.a', 'u.a'],
  ],
  [
    'a join by names',
    `select a, d from ${t} join ${u} using (a)`,
    { a: 'copied t.a, filtered u.a', d: 'copied u.d' },
    ['t.a', 'u.a'],
  ],
  [
    'a full join by names',
    `select a from ${t} as t full join ${u} as u using (a)`,
    { a: 'computed t.a, computed u.a' },
  ],
  [
    'a star over a join by names',
    `select * from ${u} join (select a, b from ${t}) as x using (a)`,
    {
      a: 'copied u.a, filtered t.a',
      d: 'copied u.d',
      b: 'copied t.b',
    },
  ],
  ['a natural join', `select a, d from ${t} natural join ${u}`, { a: 'copied t.a, filtered u.a', d: 'copied u.d' }],
  [
    'a union',
    `select a, b from ${t} union all select d, 0 from ${u}`,
    { a: 'copied t.a, copied u.d', b: 'copied t.b' },
    [],
  ],
  [
    'a union without all',
    `select a from ${t} union select d from ${u}`,
    { a: 'copied t.a, copied u.d' },
    ['t.a', 'u.d'],
  ],
  ['an exception', `select a from ${t} except select d from ${u}`, { a: 'copied t.a' }, ['t.a', 'u.d']],
  [
    'aggregates',
    `select a, sum(b) filter (where c > 0) as s, count(*) as n from ${t} group by a having max(b) > 1`,
    {
      a: 'copied t.a',
      s: 'computed t.b, filtered t.c',
      n: 'computed t.*',
    },
    ['t.a', 't.b'],
  ],
  [
    'window functions',
    `select lag(a) over (partition by b order by c) as before, row_number() over w as place from ${t} window w as (order by a)`,
    {
      before: 'computed t.a, filtered t.b, filtered t.c',
      place: 'computed t.*, computed t.a',
    },
  ],
  [
    'an aggregate of ordered rows',
    `select percentile_cont(0.5) within group (order by a) as middle, mode() within group (order by b) as most from ${t}`,
    { middle: 'computed t.a', most: 'computed t.b' },
  ],
  [
    'elements by the name of their function',
    `select e ->> 'x' as x from ${t}, jsonb_array_elements(doc -> 'list') as e`,
    { x: 'copied t.doc.list.*.x' },
  ],
  ['distinct', `select distinct a from ${t}`, { a: 'copied t.a' }, ['t.a']],
  [
    'distinct on',
    `select distinct on (a) a, b from ${t} order by a, c`,
    { a: 'copied t.a', b: 'copied t.b' },
    ['t.a', 't.c'],
  ],
  ['a limit goes by the order', `select a from ${t} order by b limit 1`, { a: 'copied t.a' }, ['t.b']],
  ['an order alone filters nothing', `select a from ${t} order by b offset 0`, { a: 'copied t.a' }, []],
  [
    'a subquery as a value',
    `select a, (select max(u.d) from ${u} as u where u.a = t.a) as most from ${t} as t`,
    {
      a: 'copied t.a',
      most: 'computed u.d, filtered t.a, filtered u.a',
    },
    [],
  ],
  [
    'exists and in',
    `select a from ${t} as t where exists (select from ${u} as u where u.a = t.b) and c in (select d from ${u})`,
    {
      a: 'copied t.a',
    },
    ['t.b', 't.c', 'u.*', 'u.a', 'u.d'],
  ],
  [
    'whether there are rows, as a value',
    `select exists (select from ${u} as u where u.d = t.b) as is_there from ${t} as t`,
    {
      is_there: 'computed t.b, computed u.*, computed u.d',
    },
  ],
  [
    'a lateral subquery',
    `select x.most from ${t} as t cross join lateral (select max(u.d) as most from ${u} as u where u.a = t.a) as x`,
    {
      most: 'computed u.d',
    },
    ['t.a', 'u.a'],
  ],
  [
    'a row as a whole',
    `select md5(x::text) as hash from (select a, b from ${t}) as x`,
    { hash: 'computed t.*, computed t.a, computed t.b' },
  ],
  [
    'values',
    `select v.field, v.n from ${t} as t cross join lateral (values ('a', t.a), ('b', t.b)) as v (field, n)`,
    {
      field: '',
      n: 'copied t.a, copied t.b',
    },
  ],
  [
    'a recursive query',
    `with recursive r (n, m) as (select a, b from ${t} union all select n + 1, m from r where n < 9) select n, m from r`,
    {
      n: 'computed t.a',
      m: 'copied t.b',
    },
    ['t.a'],
  ],
  [
    'an outer name goes behind an inner one',
    `select (select a from ${u} where d = b limit 1) as x from ${t}`,
    { x: 'copied u.a, filtered t.b, filtered u.d' },
  ],
];

/** The same of a document: a query, and what its columns come from. */
export const documentCases: typeof cases = [
  [
    'members by their names',
    `select doc -> 'plugs' as p, doc ->> 'user' as u from ${t}`,
    { p: 'copied t.doc.plugs', u: 'copied t.doc.user' },
  ],
  [
    'a way',
    `select doc #>> '{model,name}' as n, (doc -> 'list' -> 0)::text as first from ${t}`,
    { n: 'copied t.doc.model.name', first: 'computed t.doc.list.*' },
  ],
  ['a subscript', `select doc['a']['b'] as x from ${t}`, { x: 'copied t.doc.a.b' }],
  ['a name that is not constant', `select doc -> b as x from ${t}`, { x: 'copied t.doc.*, computed t.b' }],
  [
    'each member',
    `select r.key, r.value -> 'total' as total from ${t} cross join lateral jsonb_each(doc -> 'plugs') as r`,
    { key: 'computed t.doc.plugs.*', total: 'copied t.doc.plugs.*.total' },
  ],
  [
    'each element',
    `select e.value ->> 'x' as x, n from ${t}, jsonb_array_elements(doc -> 'list') with ordinality as e (value, n)`,
    { x: 'copied t.doc.list.*.x', n: 'computed t.doc.list' },
  ],
  [
    'a jsonpath',
    `select i.item from ${t} cross join lateral jsonb_path_query(doc, '$.rooms[*].name') as i (item)`,
    { item: 'copied t.doc.rooms.*.name' },
  ],
  [
    'a jsonpath with a filter',
    `select i.item from ${t} cross join lateral jsonb_path_query(doc, '$.rooms[*] ? (@.a > 1)') as i (item)`,
    { item: 'computed t.doc' },
  ],
  [
    'a record',
    `select p.at, p.plugs from ${t} cross join lateral jsonb_to_record(doc) as p (at text, plugs jsonb)`,
    { at: 'copied t.doc.at', plugs: 'copied t.doc.plugs' },
  ],
  [
    'a record set',
    `select p.x from ${t} cross join lateral jsonb_to_recordset(doc -> 'rows') as p (x int)`,
    { x: 'copied t.doc.rows.*.x' },
  ],
  [
    'several functions side by side',
    `select l.time, l.value from ${t} cross join lateral rows from (jsonb_array_elements_text(doc -> 'Time'), jsonb_array_elements_text(doc -> 'Value')) as l (time, value)`,
    { time: 'copied t.doc.Time.*', value: 'copied t.doc.Value.*' },
  ],
  [
    'members under other names',
    `select f.fields ->> 'house' as house from ${t} cross join lateral (select jsonb_object_agg(lower(k.key), k.value) as fields from jsonb_each(doc) as k) as f`,
    { house: 'computed t.doc.house, filtered t.doc.*' },
  ],
  [
    'a document behind a condition',
    `select x.d -> 'a' as a from (select case when jsonb_typeof(doc) = 'object' then doc end as d from ${t}) as x`,
    { a: 'computed t.doc.a, filtered t.doc' },
  ],
  [
    'a table of a document',
    `select j.id, j.tag from ${t}, json_table(doc, '$.items[*]' columns (id int, nested path '$.tags[*]' columns (tag text path '$.name'))) as j`,
    { id: 'copied t.doc.items.*.id', tag: 'copied t.doc.items.*.tags.*.name' },
  ],
];
