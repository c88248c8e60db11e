import { type Fault, model, noColumn, table } from './fault.ts';

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
    '"models.0.config.enabled": is to be true or false, not a text',
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
    '"materialized": there is no "tabel"',
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
    message: 'there is no "tree"',
    files: { 'project.yml': 'name: test\nmodels:\n  +indexes:\n    - { columns: a, type: ‸tree }\n' },
  },
  {
    name: 'project.yml: a wrong key inside a setting',
    message: '"uniqe" is not a known key',
    files: { 'project.yml': 'name: test\nmodels:\n  +indexes:\n    - { columns: a, ‸uniqe: true }\n' },
  },
  {
    name: 'project.yml: a setting of the wrong kind',
    message: 'is to be true or false, not a number',
    files: { 'project.yml': 'name: test\nmodels:\n  +enabled: ‸5\n' },
  },
  {
    name: 'project.yml: a session setting whose name is none',
    message: '"x y" is no name that can be used here',
    files: { 'project.yml': 'name: test\ntargets:\n  dev:\n    settings: { work_mem: 1GB, ‸"x y": 1 }\n' },
  },
  {
    name: 'sources: a table without a name',
    message: '"sources.0.tables.0.name": is missing',
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
  model('a sign that has no meaning', 'select 1 as a, {{var ‸% "x"}}', 'there is no % here'),
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

/** In tests, .yml files, settings and templates. */
export const propertyFaults: readonly Fault[] = [...tests, ...ymls, ...settings, ...templates];
