/** A project with one fault. The sign ‸ stands right before what the error must point at, if it can be known. */
export interface Fault {
  readonly name: string;
  readonly files: Readonly<Record<string, string>>;
  /** The error only happens in an increment. */
  readonly after?: 'a full build' | undefined;
  /** A query for `show --inline`, instead of a build. */
  readonly inline?: string;
  /** What the error must name where nothing is marked. */
  readonly file?: string;
  /** A part of what the error says. */
  readonly message: string;
  /** The quoted line and its caret, where it is not the whole line. */
  readonly quoted?: string;
  /** What the error says besides. */
  readonly also?: readonly string[];
}

export const noColumn = 'column "nme" does not exist';
const source = 'sources: [{ name: staging, tables: [{ name: event }] }]\n';
const event = '{{source "staging" "event"}}';
const table = '{{config materialized="table"}}\n';
const ephemeral = '{{config materialized="ephemeral"}}\n';

const model = (name: string, text: string, message = noColumn, more: Partial<Fault> = {}): Fault => ({
  name: `a model: ${name}`,
  message,
  ...more,
  files: { 'models/m.sql': text, ...more.files },
});

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

const tests: readonly Fault[] = [
  {
    name: 'a test of its own',
    message: noColumn,
    files: { 'tests/data/t.sql': 'select *\nfrom pg_class\nwhere ‸nme > 1;' },
  },
  {
    name: 'a test whose end is missing',
    message: 'the query ends too early',
    files: { 'tests/data/t.sql': 'select *\nfrom pg_class\nwhere relname ‸=' },
  },
  {
    name: 'a test with a bracket that closes nothing',
    message: 'this ) closes nothing',
    files: { 'tests/data/t.sql': 'select 1‸)' },
  },
  {
    name: 'a test with two statements',
    message: 'something follows its semicolon',
    files: { 'tests/data/t.sql': 'select 1‸; select 2' },
  },
  {
    name: 'a test with a macro',
    message: noColumn,
    files: { 'tests/data/t.sql': 'select {{> low value="‸nme"}}', 'macros/low.sql': 'lower({{value}})' },
  },
];

const withTest = (name: string, yml: string, message = noColumn, more: Partial<Fault> = {}): Fault => ({
  name: `a .yml file: ${name}`,
  message,
  ...more,
  files: { 'models/m.sql': `${table}select 1 as a, 'x' as b`, 'models/m.yml': yml, ...more.files },
});

const described = 'models:\n  - name: m\n';
const ymls: readonly Fault[] = [
  withTest(
    'where',
    `${described}    columns:\n      - name: a\n        data_tests:\n          - not_null: { where: ‸nme > 1 }\n`,
  ),
  withTest(
    'where in quotes',
    `${described}    columns:\n      - name: a\n        data_tests:\n          - not_null: { where: "b = 'x' and ‸nme > 1" }\n`,
  ),
  withTest(
    'where in single quotes',
    `${described}    columns:\n      - name: a\n        data_tests:\n          - not_null: { where: 'b = ''x'' and ‸nme > 1' }\n`,
  ),
  withTest(
    'where with escapes',
    `${described}    columns:\n      - name: a\n        data_tests:\n          - not_null: { where: "b = '\\"' and ‸nme > 1" }\n`,
  ),
  withTest(
    'where on lines of its own',
    `${described}    columns:\n      - name: a\n        data_tests:\n          - unique:\n              where: |\n                b = 'x'\n                  and ‸nme > 1\n`,
  ),
  withTest(
    'where folded',
    `${described}    columns:\n      - name: a\n        data_tests:\n          - unique:\n              where: >-\n                b = 'x' and\n                ‸nme > 1\n`,
  ),
  withTest(
    'where under config',
    `${described}    columns:\n      - name: a\n        data_tests:\n          - not_null:\n              config:\n                where: "‸nme"\n`,
  ),
  withTest(
    'where whose end is missing',
    `${described}    columns:\n      - name: a\n        data_tests:\n          - not_null: { where: a ‸> }\n`,
    'the query ends too early',
  ),
  withTest(
    'where of relationships',
    `${described}    columns:\n      - name: a\n        data_tests:\n          - relationships: { to: ref('m'), field: a, where: ‸nme > 1 }\n`,
  ),
  withTest(
    'the field of relationships',
    `${described}    columns:\n      - name: a\n        data_tests:\n          - relationships: { to: ref('m'), field: ‸nme }\n`,
    'column parent.nme does not exist',
  ),
  withTest('the columns of unique', `${described}    data_tests:\n      - unique: { columns: [a, ‸nme] }\n`),
  withTest(
    'a value of accepted_values',
    `${described}    columns:\n      - name: a\n        data_tests:\n          - accepted_values: { values: [1, ‸nme], quote: false }\n`,
  ),
  withTest(
    'values of another type',
    `${described}    columns:\n      - name: a\n        data_tests:\n          - accepted_values: { values: ['1', ‸x] }\n`,
    'invalid input syntax for type integer: "x"',
  ),
  withTest('the column of a test', `${described}    columns:\n      - name: nme\n        data_tests: [‸not_null]\n`),
  withTest(
    'a test that there is not',
    `${described}    columns:\n      - name: a\n        data_tests: [not_null, ‸uniqe]\n`,
    'there is no test "uniqe"',
  ),
  withTest(
    'an argument that there is not',
    `${described}    columns:\n      - name: a\n        data_tests:\n          - not_null: { ‸wher: a > 1 }\n`,
    'not_null has no argument "wher"',
  ),
  withTest(
    'a test of a source',
    'sources:\n  - name: staging\n    tables:\n      - name: event\n        columns:\n          - name: code\n            tests:\n              - not_null: { where: ‸nme > 1 }\n',
  ),
  withTest(
    'a check constraint',
    `${described}    constraints:\n      - type: check\n        expression: a > 0 and ‸nme > 1\n`,
  ),
  withTest(
    'a check constraint of a column',
    `${described}    columns:\n      - name: a\n        constraints:\n          - { type: check, expression: "a > 0 and ‸nme > 1" }\n`,
  ),
  withTest(
    'a check constraint whose end is missing',
    `${described}    constraints:\n      - type: check\n        expression: a ‸>\n`,
    'the query ends too early',
  ),
  withTest(
    'a check constraint that rows break',
    `${described}    constraints:\n      - ‸type: check\n        expression: a > 1\n`,
    'is violated by some row',
  ),
  withTest(
    'a foreign key to what is not unique',
    `${described}    columns:\n      - name: a\n        constraints:\n          - ‸{ type: foreign_key, to: ref('o'), to_columns: [k] }\n`,
    'there is no unique constraint matching given keys',
    { files: { 'models/o.sql': `${table}select 1 as k` } },
  ),
  withTest(
    'a foreign key to a column that is not there',
    `${described}    columns:\n      - name: a\n        constraints:\n          - ‸{ type: foreign_key, to: ref('o'), to_columns: [nme] }\n`,
    'column "nme" referenced in foreign key constraint does not exist',
    { files: { 'models/o.sql': `${table}select 1 as k` } },
  ),
  withTest(
    'a foreign key that rows break',
    `${described}    columns:\n      - name: a\n        constraints:\n          - ‸{ type: foreign_key, to: ref('o'), to_columns: [k] }\n`,
    'violates foreign key constraint',
    { files: { 'models/o.sql': '{{config materialized="table" unique_key="k"}}select 2 as k' } },
  ),
  withTest(
    'a foreign key to a model that there is not',
    `${described}    columns:\n      - name: a\n        constraints:\n          - { type: foreign_key, to: ‸ref('oo') }\n`,
    'which is no model or seed',
  ),
  withTest(
    'a primary key that rows break',
    `${described}    constraints:\n      - ‸{ type: primary_key, columns: [a] }\n`,
    'could not create unique index',
    { files: { 'models/m.sql': `${table}select 1 as a from generate_series(1, 2)` } },
  ),
  withTest(
    'a not_null that rows break',
    `${described}    columns:\n      - name: a\n        constraints:\n          - ‸type: not_null\n`,
    'contains null values',
    { files: { 'models/m.sql': `${table}select null::integer as a` } },
  ),
  withTest(
    'a constraint on a column that is not there',
    `${described}    constraints:\n      - ‸{ type: unique, columns: [a, nme] }\n`,
    'm has no column "nme"',
  ),
  withTest(
    'an index of a type without that',
    `${described}    config:\n      indexes:\n        - { columns: [a], type: btree }\n        - ‸{ columns: [a], type: gin }\n`,
    'data type integer has no default operator class for access method "gin"',
  ),
  withTest(
    'an index on a column that is not there',
    `${described}    config:\n      indexes:\n        - { columns: [‸nme] }\n`,
    'm has no column "nme"',
  ),
  withTest('an index of project.yml', described, 'm has no column "nme"', {
    files: { 'project.yml': 'name: test\nmodels:\n  +indexes:\n    - columns: ‸nme\n' },
  }),
  withTest(
    'unique_key with a column that is not there',
    `${described}    config:\n      unique_key: [a, ‸nme]\n`,
    'm has no column "nme"',
    { quoted: '    4 |       unique_key: [a, nme]'.slice(2) },
  ),
  withTest('unique_key of null', `${described}    config:\n      unique_key: ‸c\n`, 'unique_key of m is NULL', {
    files: { 'models/m.sql': `${table}select null::integer as c` },
  }),
  withTest(
    'unique_key that is not unique',
    `${described}    config:\n      unique_key: ‸c\n`,
    'could not create unique index',
    { files: { 'models/m.sql': `${table}select 1 as c from generate_series(1, 2)` } },
  ),
  withTest(
    'a contract: another type',
    `${described}    config: { contract: { enforced: true } }\n    columns:\n      - { name: a, data_type: integer }\n      - { name: b, data_type: ‸integer }\n`,
    'b: declared integer, but the query yields text',
  ),
  withTest(
    'a contract: a column too many',
    `${described}    config: { contract: { enforced: true } }\n    columns:\n      - { name: a, data_type: integer }\n      - { name: b, data_type: text }\n      - { name: ‸c, data_type: text }\n`,
    'c: declared, but not selected',
  ),
  withTest('a key that there is not', `${described}    ‸colums: []\n`, '"colums" is not a known key'),
  withTest(
    'a setting that there is not',
    `${described}    config:\n      ‸materialised: table\n`,
    '"materialised" is not a known key',
  ),
  withTest(
    'a value of the wrong kind',
    `${described}    config: { enabled: ‸"maybe" }\n`,
    '"models.0.config.enabled": expected boolean',
  ),
  withTest('no YAML', `${described}    description: "it"‸s"\n`, 'this is not valid YAML'),
  withTest(
    'a setting that goes with no other',
    `${described}    config: { materialized: view, surrogate_key: ‸k, unique_key: a }\n`,
    'a view cannot have a surrogate_key',
    { files: { 'models/m.sql': 'select 1 as a' } },
  ),
  withTest(
    'a strategy without its key',
    `${described}    config:\n      materialized: ‸incremental\n`,
    'needs a unique_key',
    { files: { 'models/m.sql': 'select 1 as a' } },
  ),
  withTest(
    'a name that is too long',
    `${described}    columns:\n      - name: ‸${'x'.repeat(64)}\n`,
    'would cut the rest',
  ),
];

const settings: readonly Fault[] = [
  model(
    'a setting that there is not',
    '{{config\n  materialized="view"\n  ‸alais="n"}}\nselect 1 as a',
    '"alais" is not a known setting',
  ),
  model(
    'a setting with a wrong value',
    'select 1 as a\n{{config ‸materialized="tabel"}}',
    '"materialized": Invalid option',
  ),
  model(
    'unique_key of a column that is not there',
    '{{config materialized="table" ‸unique_key="nme"}}select 1 as a',
    'm has no column "nme"',
  ),
  model(
    'a surrogate_key that a view cannot have',
    '{{config ‸surrogate_key="k" unique_key="a"}}select 1 as a',
    'a view cannot have a surrogate_key',
  ),
  model(
    'an incremental block in a view',
    'select 1 as a\n‸{{#incremental}}where true{{/incremental}}',
    'is materialized as view',
  ),
  {
    name: 'project.yml: a key that there is not',
    message: '"varz" is not a known key',
    files: { 'project.yml': 'name: test\n‸varz: {}\n' },
  },
  {
    name: 'project.yml: a folder that there is not',
    message: 'there is no folder models/glod',
    files: { 'project.yml': 'name: test\nmodels:\n  ‸glod: {}\n', 'models/gold/m.sql': 'select 1 as a' },
  },
  {
    name: 'project.yml: a wrong value inside a setting',
    message: 'Invalid option',
    files: { 'project.yml': 'name: test\nmodels:\n  +indexes:\n    - { columns: a, type: ‸tree }\n' },
  },
  {
    name: 'project.yml: a wrong key inside a setting',
    message: '"uniqe" is not a known key',
    files: { 'project.yml': 'name: test\nmodels:\n  +indexes:\n    - { columns: a, ‸uniqe: true }\n' },
  },
  {
    name: 'project.yml: a setting of the wrong kind',
    message: 'expected boolean',
    files: { 'project.yml': 'name: test\nmodels:\n  +enabled: ‸5\n' },
  },
  {
    name: 'project.yml: a session setting whose name is none',
    message: '"x y" is no name that can be used here',
    files: { 'project.yml': 'name: test\ntargets:\n  dev:\n    settings: { work_mem: 1GB, ‸"x y": 1 }\n' },
  },
  {
    name: 'sources: a table without a name',
    message: 'expected string, received undefined',
    files: { 'models/s.yml': 'sources:\n  - name: s\n    tables:\n      - ‸description: x\n' },
  },
  {
    name: 'sources: a table declared twice',
    message: 'source "s.a" is declared twice',
    files: { 'models/s.yml': 'sources:\n  - name: s\n    tables:\n      - name: a\n      - ‸name: a\n' },
  },
];

const templates: readonly Fault[] = [
  model('a block that is not closed', 'select 1 as a\n  ‸{{#if (flag "yes")}}\n, 2 as b', 'this block is not closed'),
  model(
    'a block in a block that is not closed',
    '{{#if (flag "yes")}}select 1 as a\n  ‸{{#if (flag "yes")}}\n, 2 as b',
    'this block is not closed',
  ),
  model('a block that closes nothing', 'select 1 as a\n  ‸{{/if}}', 'this belongs to no open block'),
  model('an else without a block', 'select 1 as a\n  ‸{{else}}', 'this belongs to no open block'),
  model('a block that another closes', '{{#‸if (flag "yes")}}select 1 as a\n  {{/each}}', "if doesn't match each"),
  model('brackets that are not closed', 'select 1 as a,\n  ‸{{var "x"\nfrom pg_class', 'this {{ is not closed'),
  model('brackets that close nothing', 'select 1 as a,\n  2 ‸}} as b', 'syntax error at or near "}"'),
  model('a quote that is not closed', 'select 1 as a, {{var ‸"x}}', 'does not belong there'),
  model('a sign that has no meaning', 'select 1 as a, {{var ‸% "x"}}', 'does not belong there'),
  model('a helper that there is not', 'select {{‸vra "x"}}', '{{vra}} is not defined'),
  model(
    'a block helper that there is not',
    'select 1 as a\n{{#‸incremetal}}where true{{/incremetal}}',
    '{{#incremetal}} is not defined',
  ),
  model('a macro that there is not', 'select 1 as a,\n  ‸{{> lwo}}', 'there is no macro "lwo"'),
  model('a variable that is not set', 'select ‸{{var "x"}}', 'the variable "x" is not set'),
  model('an argument of the wrong kind', 'select ‸{{ref 5}}', 'ref takes one name in quotes'),
  model('a helper in an argument', 'select 1 {{#if ‸(flag "perhaps")}}{{/if}}', '"perhaps" is neither true nor false'),
  model('the language of dbt', "select 1 as a\nfrom ‸{{ ref('x') }}", 'is written without brackets here'),
  model('a reserved character', 'select 1 as a -- ‸\uFDD0', 'noncharacters'),
  {
    name: 'a macro: a block that is not closed',
    message: 'this block is not closed',
    files: { 'macros/a.sql': 'x\n‸{{#each list}}', 'models/m.sql': 'select 1 as a' },
  },
];

const seed = (csv: string, yml = '') => ({ 'seeds/rooms.csv': csv, 'seeds/rooms.yml': yml });
const integerFloor = 'seeds: [{ name: rooms, columns: [{ name: floor, data_type: integer }] }]';
const seeds: readonly Fault[] = [
  {
    name: 'a seed: a bad value',
    message: 'invalid input syntax for type integer: "x"',
    files: seed('room,floor\nkitchen,1\nbath,‸x\n', integerFloor),
  },
  {
    name: 'a seed: a bad value behind quotes, line breaks and emoji',
    message: 'invalid input syntax for type integer: "x"',
    files: seed('\uFEFFroom,floor\r\n"🏠, a\r\nb ""c""",1\r\n\r\n"🏠, ""d""",‸x\r\n', integerFloor),
  },
  {
    name: 'a seed: a bad value behind another delimiter',
    message: 'invalid input syntax for type integer: "x"',
    files: seed('room;floor\nkitchen, small;‸x\n', `${integerFloor.slice(0, -2)}, config: { delimiter: ";" } }]`),
  },
  {
    name: 'a seed: too few values',
    message: 'Invalid Record Length',
    files: seed('room,floor\n‸kitchen\n'),
  },
  {
    name: 'a seed: a column that stands twice',
    message: 'the column name "room" is empty or stands twice',
    files: seed('room,floor,‸room\n'),
  },
  {
    name: 'a seed: a column that is declared only',
    message: 'there is no column "flor"',
    files: seed('room,floor\nkitchen,1\n', 'seeds: [{ name: rooms, columns: [{ name: ‸flor, data_type: integer }] }]'),
  },
  {
    name: 'a seed: a type that there is not',
    message: 'type "intger" does not exist',
    files: seed('room,floor\nkitchen,1\n', 'seeds: [{ name: rooms, columns: [{ name: floor, data_type: ‸intger }] }]'),
  },
];

const query = (name: string, inline: string, message = noColumn, more: Partial<Fault> = {}): Fault => ({
  name: `show --inline: ${name}`,
  message,
  inline,
  ...more,
  files: { ...more.files },
});
const queries: readonly Fault[] = [
  query('a name', 'select 1 as a, ‸nme'),
  query('a name behind blanks and line breaks', '\n  select 1 as a,\n    ‸nme;\n'),
  query('a macro', 'select {{> low}}', noColumn, { files: { 'macros/low.sql': 'lower(‸nme)' } }),
  query('an ephemeral model', 'select * from {{ref "e"}}', noColumn, {
    files: { 'models/e.sql': `${ephemeral}select ‸nme` },
  }),
  query('the end is missing', 'select 1 as a‸,', 'the query ends too early'),
  query('a macro that there is not', 'select ‸{{> lwo}}', 'there is no macro "lwo"'),
];

const events = { 'models/s.yml': source };
const values: readonly Fault[] = [
  model('the only division', `${table}select 1 as a,\n  10 ‸/ amount as b -- a/b\nfrom ${event}`, 'division by zero', {
    files: events,
    also: ['this is the only division in the query itself'],
  }),
  model(
    'the only cast to a type',
    `${table}select load_id::text as a,\n  code‸::integer as b\nfrom ${event}`,
    'invalid input syntax for type integer: "a"',
    {
      files: events,
      also: ['this is the only cast to integer in the query itself'],
    },
  ),
  {
    name: 'one of several divisions',
    message: 'division by zero',
    file: 'models/m.sql',
    files: { ...events, 'models/m.sql': `${table}select 10 / amount as a,\n  amount % 2 as b\nfrom ${event}` },
    also: ['Each division in the query: models/m.sql:2:11, models/m.sql:3:10.'],
  },
  {
    name: 'a function of the database',
    message: 'division by zero',
    file: 'models/m.sql',
    files: { 'models/m.sql': `${table}select 4 / 2 as a, public.refused(1) as b` },
    also: ['PL/pgSQL function refused(integer) line 1 at RETURN'],
  },
  {
    name: 'a duplicate key of an increment',
    after: 'a full build',
    message: 'unique_key of m is not unique: (code=b) stands 2 times',
    files: {
      ...events,
      'models/m.sql': `{{config materialized="incremental" ‸unique_key="code"}}
select {{#incremental}}{{else}}distinct{{/incremental}} code from ${event}`,
    },
  },
  model('what is no JSON', `${table}select code‸::jsonb as a\nfrom ${event}`, 'invalid input syntax for type json', {
    files: events,
  }),
  {
    name: 'a number in a test',
    message: 'invalid input syntax for type integer: "a"',
    files: { ...events, 'tests/data/t.sql': `select *\nfrom ${event}\nwhere code‸::int > 5` },
  },
  model(
    'the only cast, in words',
    `${table}select ‸cast(code as integer) as b\nfrom ${event}`,
    'invalid input syntax for type integer: "a"',
    { files: events },
  ),
];

export const faults: readonly Fault[] = [
  ...models,
  ...loops,
  ...macros,
  ...ephemerals,
  ...increments,
  ...tests,
  ...ymls,
  ...settings,
  ...templates,
  ...seeds,
  ...queries,
  ...values,
];
