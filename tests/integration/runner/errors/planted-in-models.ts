import { ephemeral, event, type Fault, model, noColumn, source, table } from './fault.ts';

const models: readonly Fault[] = [
  model('a name', 'select\n    1 as a,\n    ‸nme\nfrom pg_class'),
  model('a name behind others on its line', 'select 1 as a, 2 as b, lower(‸nme) as c'),
  model('in a table', `${table}select ‸nme`),
  model('a type', "select date '2023-01-01' + ‸'x'::boolean as b", 'invalid input syntax for type boolean: "x"'),
  model('an operator', "select date '2023-01-01' ‸+ true as b", 'operator does not exist: date + boolean'),
  model('a function', 'select 1 as a,\n  ‸lowr(relname) as b\nfrom pg_class', 'function lowr(name) does not exist'),
  model('a relation', 'select *\nfrom ‸nowhere', 'relation "nowhere" does not exist'),
  model('a word too many', 'select 1 as a\nfrom pg_class where ‸group by 1', 'syntax error at or near "group"'),
  model('a bracket that closes nothing', 'select 1 as a‸) as b', 'this ) closes nothing'),
  model('a bracket that is not closed', 'select count‸(* as a\nfrom pg_class', 'this ( is not closed'),
  model('a string that is not closed', "select 1 as a,\n  ‸'x as b", "this ' is not closed"),
  model('a name whose quote is not closed', 'select 1 as ‸"x', 'this " is not closed'),
  model('a comment that is not closed', 'select 1 as a ‸/* and /* so */ on', 'this /* is not closed'),
  model('a dollar quote that is not closed', 'select ‸$x$ a $y$ as a', 'this $x$ is not closed'),
  model('a second statement', 'select 1 as a‸; select 2', 'something follows its semicolon'),
  model('the end is missing', 'select 1 as a‸,', 'the query ends too early'),
  model('the end is missing before a comment', 'select 1 as a‸, -- and\n  -- so on\n', 'the query ends too early'),
  model('empty', '‸{{! nothing }}', 'models/m.sql is empty', { quoted: '1 | {{! nothing }}' }),
  model(
    'behind brackets in strings and comments',
    `select '(' as a, /* ( ' " */ ")" -- '(\n, ‸nme\nfrom (select 1 as ")") as x`,
  ),
  model('behind umlauts', "select 'größer, Küche' as a, ‸nme"),
  model('behind emoji', "select '🏠🏠 𝒳' as a, ‸nme"),
  model('behind emoji on the line before', "select '🏠🏠🏠🏠' as a, -- 🏠\n  ‸nme"),
  model('behind a tab', 'select\n\t1 as a,\t‸nme'),
  model('in a file of Windows', 'select\r\n    1 as a,\r\n    ‸nme\r\nfrom pg_class\r\n'),
  model('in a file with a byte-order mark', '\uFEFFselect ‸nme'),
  model('behind a comment with quotes', "select 1 as a, -- it's \"so\n /* don't */ ‸nme"),
  model(
    'on a very long line',
    `select ${"'x' || ".repeat(200)}lower(‸nme) as a, ${"'y' || ".repeat(200)}'z' as b`,
    noColumn,
    {
      quoted: [
        "  1 | …' || 'x' || 'x' || 'x' || 'x' || 'x' || 'x' || 'x' || lower(nme) as a, 'y' || 'y' || 'y' || 'y' || 'y' || 'y' || 'y' || …",
        '    |                                                              ^',
      ].join('\n'),
    },
  ),
  model('behind run_started_at', `${table}select {{run_started_at}} as a, ‸nme`),
  model('behind a variable', `select '{{var "long"}}' as a, ‸nme`, noColumn, {
    files: { 'project.yml': `name: test\nvars: { long: ${'x'.repeat(50)} }\n` },
  }),
  model('what a variable says', 'select ‸{{var "column"}} as a', noColumn, {
    files: { 'project.yml': 'name: test\nvars: { column: nme }\n' },
  }),
  model('in if', 'select 1 as a\n{{#if (flag "no")}}\n, 2 as b\n{{else}}\n, ‸nme\n{{/if}}'),
  model('in else if', 'select 1 as a\n{{#if (flag "no")}}\n{{else if (flag "yes")}}\n  , ‸nme as b\n{{/if}}'),
  model('behind a block that stood alone', 'select 1 as a\n  {{#if (flag "yes")}}\n  , 2 as b\n  {{/if}}\n  , ‸nme'),
];

const vars = { 'project.yml': 'name: test\nvars: { columns: [relname, nme], types: [integer, { name: nme }] }\n' };
const loops: readonly Fault[] = [
  model('the body of each', 'select 1 as a\n{{#each (var "columns")}}\n  , ‸nme as "{{this}}"\n{{/each}}', noColumn, {
    files: vars,
  }),
  model(
    'an item of each',
    'select 1 as a\n{{#each (var "columns") as |one|}}\n  , lower(‸{{one}}) as "{{one}}_low"\n{{/each}}\nfrom pg_class',
    noColumn,
    { files: vars },
  ),
  model(
    'a part of an item that is not there',
    'select 1 as a\n{{#each (var "types") as |one|}}\n  , null::‸{{one.name}}\n{{/each}}',
    '{{one.name}} is not defined',
    {
      files: vars,
      quoted: '3 |   , null::{{one.name}}',
    },
  ),
  model(
    'behind each',
    'select 1 as a {{#each (var "columns") as |one|}}, 1 as {{one}}{{/each}}, lower(‸missing) as b',
    'column "missing"',
    { files: vars },
  ),
];

const macros: readonly Fault[] = [
  model('the text of a macro', 'select {{> low}} as a', noColumn, {
    files: { 'macros/low.sql': 'lower(\n  ‸nme)\n' },
    also: ['called at models/m.sql:1:8'],
  }),
  model('the text of a macro in a macro', 'select 1 as a,\n  {{> outer}} as b', noColumn, {
    files: { 'macros/outer.sql': 'upper({{> low}})', 'macros/low.sql': 'lower(‸nme)' },
    also: ['called at macros/outer.sql:1:7\n', 'called at models/m.sql:2:3'],
  }),
  model('what a macro is given', 'select\n  {{> low value="‸nme"}} as a', noColumn, {
    files: { 'macros/low.sql': 'lower({{value}})' },
    also: ['used at macros/low.sql:1:7'],
  }),
  model(
    'a name inside what a macro is given',
    "select\n  {{> low value='relname || ‸nme'}} as a\nfrom pg_class",
    noColumn,
    {
      files: { 'macros/low.sql': 'lower({{value}})' },
    },
  ),
  model(
    'the second line of what a macro is given',
    'select\n  {{> low value="relname\n    || ‸nme"}} as a\nfrom pg_class',
    noColumn,
    {
      files: { 'macros/low.sql': 'lower({{value}})' },
    },
  ),
  model('what a macro gives to another', 'select {{> outer value="‸nme" as="a"}}', noColumn, {
    files: { 'macros/outer.sql': 'upper({{> low given=value}}) as {{as}}', 'macros/low.sql': 'lower({{given}})' },
  }),
  model(
    'a helper that a macro is given',
    'select * from {{> rows of=‸(source "staging" "gone")}}',
    'relation "staging.gone" does not exist',
    {
      files: { 'macros/rows.sql': '{{of}}', 'models/s.yml': source.replace('event', 'gone') },
      quoted: '1 | select * from {{> rows of=(source "staging" "gone")}}',
    },
  ),
  model(
    'an item that a macro is given',
    'select 1 as a {{#each (var "columns") as |one|}}, {{> low value=‸one}} as {{one}} {{/each}} from pg_class',
    noColumn,
    {
      files: { ...vars, 'macros/low.sql': 'lower({{value}})' },
    },
  ),
  model('behind a macro', 'select {{> low}} as a, ‸nme', noColumn, { files: { 'macros/low.sql': "lower('🏠')" } }),
  model('the text of a macro behind what it is given', 'select {{> low value="1 + 1"}} as a', noColumn, {
    files: { 'macros/low.sql': '({{value}}) + ‸nme' },
  }),
  model('what a macro is not given', 'select {{> low}} as a', '{{value}} is not defined', {
    files: { 'macros/low.sql': 'lower(‸{{value}})' },
  }),
  model('a string in a macro that is not closed', 'select {{> low}} as a', "this ' is not closed", {
    files: { 'macros/low.sql': "lower(‸'x)" },
  }),
  model('a semicolon in a macro', 'select {{> low}} as a', 'something follows its semicolon', {
    files: { 'macros/low.sql': "lower('x')‸;" },
    also: ['called at models/m.sql:1:8'],
  }),
];

const ephemerals: readonly Fault[] = [
  {
    name: 'an ephemeral model',
    message: noColumn,
    files: { 'models/e.sql': `${ephemeral}select 1 as a, ‸nme`, 'models/m.sql': 'select * from {{ref "e"}}' },
  },
  {
    name: 'an ephemeral model in another',
    message: noColumn,
    files: {
      'models/e.sql': `${ephemeral}select\n\t‸nme`,
      'models/f.sql': `${ephemeral}with x as (select 1) select * from {{ref "e"}}`,
      'models/m.sql': 'with y as (select 1) select * from y, {{ref "f"}}',
    },
  },
  {
    name: 'a macro in an ephemeral model',
    message: noColumn,
    files: {
      'macros/low.sql': 'lower({{value}})',
      'models/e.sql': `${ephemeral}select {{> low value="‸nme"}} as a`,
      'models/m.sql': 'select * from {{ref "e"}}',
    },
  },
  {
    name: 'a model behind ephemeral ones',
    message: noColumn,
    files: { 'models/e.sql': `${ephemeral}select '🏠' as a`, 'models/m.sql': 'select ‸nme from {{ref "e"}}' },
  },
  {
    name: 'a column that an ephemeral model does not have',
    message: 'column e.nme does not exist',
    files: { 'models/e.sql': `${ephemeral}select 1 as name`, 'models/m.sql': 'select ‸e.nme from {{ref "e"}} as e' },
  },
  {
    name: 'the end of an ephemeral model is missing',
    message: 'the query ends too early',
    files: { 'models/e.sql': `${ephemeral}select 1 as a‸,`, 'models/m.sql': 'select *\nfrom {{ref "e"}}' },
  },
  {
    name: 'a bracket of an ephemeral model that is not closed',
    message: 'this ( is not closed',
    files: { 'models/e.sql': `${ephemeral}select lower‸('x' as a`, 'models/m.sql': 'select *\nfrom {{ref "e"}}' },
  },
  {
    name: 'an ephemeral model in a test',
    message: noColumn,
    files: { 'models/e.sql': `${ephemeral}select ‸nme`, 'tests/data/t.sql': 'select * from {{ref "e"}}' },
  },
];

const incremental = (where: string) => ({
  'models/s.yml': source,
  'models/m.sql': `{{config materialized="incremental" unique_key="load_id"}}
select load_id, code from ${event}
{{#incremental}}
where ${where}
{{/incremental}}
`,
});
const increments: readonly Fault[] = [
  { name: 'an incremental block', after: 'a full build', message: noColumn, files: incremental('true and ‸nme') },
  {
    name: 'behind a high-water mark',
    after: 'a full build',
    message: noColumn,
    files: incremental('load_id > {{high_water "staging.event"}} and ‸nme'),
  },
  {
    name: 'a high-water mark where it is wrong',
    after: 'a full build',
    message: 'argument of AND must be type boolean, not type integer',
    files: incremental('true and ‸{{high_water "staging.event"}}'),
  },
  {
    name: 'a high-water mark of a source without load_id',
    message: 'cannot read load_id of pg_catalog.pg_class',
    files: {
      'models/s.yml': 'sources: [{ name: pg_catalog, tables: [{ name: pg_class }] }]',
      'models/m.sql':
        '{{config materialized="incremental" unique_key="a"}}\nselect 1 as a\n{{#incremental}}where 1 > ‸{{high_water "pg_catalog.pg_class"}}{{/incremental}}',
    },
  },
  {
    name: 'a high-water mark in a full build',
    message: 'high_water has no value in a full build',
    files: { 'models/s.yml': source, 'models/m.sql': `select 1 as a\nwhere 1 > ‸{{high_water "staging.event"}}` },
  },
];

/** In the SQL of models and of what they are made of. */
export const modelFaults: readonly Fault[] = [...models, ...loops, ...macros, ...ephemerals, ...increments];
