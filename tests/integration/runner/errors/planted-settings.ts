import { type Fault, noColumn } from './fault.ts';

const events = 'sources: [{ name: staging, tables: [{ name: event }] }]\n';
const event = '{{source "staging" "event"}}';

/** A table `m` (a integer, b text) with these settings in its .yml. */
const table = (name: string, settings: string, message: string, more: Partial<Fault> = {}): Fault => ({
  name: `a table: ${name}`,
  message,
  ...more,
  files: {
    'models/m.sql': `{{config materialized="table"}}select 1 as a, 'x' as b`,
    'models/m.yml': `models:\n  - name: m\n    config:\n      ${settings}\n`,
    ...more.files,
  },
});

const indexes: readonly Fault[] = [
  table('an expression of an index', 'indexes: [{ columns: a }, { expressions: [lower(b), lower(‸nme)] }]', noColumn),
  table(
    'an expression of the wrong type',
    'indexes: [{ expressions: ["‸lower(a)"] }]',
    'function lower(integer) does not exist',
  ),
  table(
    'an expression whose end is missing',
    'indexes: [{ expressions: ["lower(b) |‸|"] }]',
    'the query ends too early',
  ),
  table(
    'an expression that no index can have',
    'indexes: [{ columns: a }, ‸{ expressions: [random()] }]',
    'functions in index expression must be marked IMMUTABLE',
  ),
  table('the condition of an index', "indexes: [{ columns: a, where: b = 'x' and ‸nme > 1 }]", noColumn),
  table(
    'the condition of an index on lines of its own',
    "indexes:\n        - columns: a\n          where: |\n            b = 'x'\n            and ‸nme > 1",
    noColumn,
  ),
  table('what an index includes', 'indexes: [{ columns: a, include: [b, ‸nme] }]', 'm has no column "nme"'),
  table('an index without anything', 'indexes: [‸{ unique: true }]', 'an index needs columns or expressions'),
  table(
    'two rows of one value in a unique index',
    'indexes: [‸{ columns: b, unique: true }]',
    'could not create unique index',
    {
      files: {
        'models/m.sql': `{{config materialized="table"}}select a, 'x' as b from generate_series(1, 2) as g (a)`,
      },
    },
  ),
  {
    name: 'an expression of an index, set for a folder',
    message: noColumn,
    files: {
      'project.yml': 'name: test\nmodels:\n  +materialized: table\n  +indexes:\n    - { expressions: ["‸nme"] }\n',
      'models/m.sql': 'select 1 as a',
    },
  },
];

/** An increment of `m` (load_id, code, amount) with these settings in its .yml. */
const increment = (name: string, settings: string, message: string, more: Partial<Fault> = {}): Fault => ({
  name: `an increment: ${name}`,
  after: 'a full build',
  message,
  ...more,
  files: {
    'models/s.yml': events,
    'models/m.sql': `{{config materialized="incremental" unique_key="load_id"}}
select load_id, code, amount
from ${event}
{{#incremental}}
where load_id > {{high_water "staging.event"}}
{{/incremental}}
`,
    'models/m.yml': `models:\n  - name: m\n    config:\n      ${settings}\n`,
    ...more.files,
  },
});

const wider = {
  'models/m.sql': `{{config materialized="incremental" unique_key="load_id"}}
select load_id{{#incremental}}, code{{/incremental}}
from ${event}
`,
};
const increments: readonly Fault[] = [
  increment('a condition', 'incremental_predicates: old.load_id > 0 and ‸old.nme > 1', 'column t.nme does not exist'),
  increment(
    'one of several conditions',
    'incremental_predicates:\n        - old.load_id > 0\n        - "new.load_id > old.load_id and ‸new.nme > 1"',
    'column excluded.nme does not exist',
  ),
  increment(
    'a condition of delete+insert',
    'incremental_strategy: delete+insert\n      incremental_predicates: ["old.load_id > 0", "‸new.nme > 1"]',
    'column n.nme does not exist',
  ),
  increment('a condition whose end is missing', 'incremental_predicates: [old.load_id ‸>]', 'the query ends too early'),
  increment('a condition in the model', 'enabled: true', 'column t.nme does not exist', {
    files: {
      'models/m.sql': `{{config materialized="incremental" unique_key="load_id"
  ‸incremental_predicates="old.nme > 1"}}
select load_id, code from ${event} {{#incremental}}where load_id > {{high_water "staging.event"}}{{/incremental}}
`,
    },
  }),
  increment(
    'conditions where nothing is merged',
    'incremental_strategy: append\n      incremental_predicates: ‸[a > 1]',
    'incremental_predicates has no meaning here',
    {
      after: undefined,
    },
  ),
  increment('a column to update', 'merge_update_columns: [code, ‸nme]', 'm has no column "nme"', { after: undefined }),
  increment('a column to leave', 'merge_exclude_columns: ‸nme', 'm has no column "nme"', { after: undefined }),
  increment(
    'columns to update and to leave',
    'merge_update_columns: [code]\n      merge_exclude_columns: ‸[amount]',
    'are both set',
    { after: undefined },
  ),
  increment('another column', 'on_schema_change: ‸fail', 'code: selected (text), but not in the table', {
    files: wider,
  }),
  increment('a word for another column', 'on_schema_change: ‸append', 'there is no "append"', { after: undefined }),
  table('on_schema_change', 'on_schema_change: ‸ignore', 'on_schema_change has no meaning here'),
  table('updated_at', 'updated_at: ‸a', 'updated_at has no meaning here'),
];

/** A snapshot `m` (a integer, b text, at) with these settings in its .yml. */
const snapshot = (name: string, settings: string, message: string, sql?: string): Fault => ({
  name: `a snapshot: ${name}`,
  message,
  files: {
    'models/m.sql': sql ?? `select 1 as a, 'x' as b, timestamptz '2023-08-18' as at`,
    'models/m.yml': `models:\n  - name: m\n    config:\n      ${settings}\n`,
  },
});
const keyed = 'materialized: snapshot\n      unique_key: a\n      ';

const snapshots: readonly Fault[] = [
  snapshot('without a key', 'materialized: ‸snapshot', 'a snapshot needs a unique_key'),
  snapshot('without a strategy', 'materialized: ‸snapshot\n      unique_key: a', 'a snapshot needs a strategy'),
  snapshot('without updated_at', `${keyed}strategy: ‸timestamp`, 'needs updated_at'),
  snapshot('without check_cols', `${keyed}strategy: ‸check`, 'needs check_cols'),
  snapshot(
    'with a contract',
    `${keyed}strategy: check\n      check_cols: all\n      contract: { enforced: true }\n    columns: [{ name: a, data_type: integer }, { name: ‸nme, data_type: text }, { name: dbt_valid_from }]`,
    'm breaks its contract:\n  nme: declared, but not selected\n  b: selected (text), but not declared\n  at: selected',
  ),
  snapshot(
    'updated_at is not there',
    `${keyed}strategy: timestamp\n      updated_at: ‸nme`,
    'm has no column "nme" (named in updated_at)',
  ),
  snapshot(
    'a column of check_cols is not there',
    `${keyed}strategy: check\n      check_cols: [b, ‸nme]`,
    'm has no column "nme" (named in check_cols)',
  ),
  snapshot(
    'updated_at is NULL',
    `${keyed}strategy: timestamp\n      updated_at: ‸at`,
    'updated_at of m, "at", is NULL where a=1',
    'select 1 as a, null::timestamptz as at',
  ),
  snapshot(
    'two rows of one key',
    'materialized: snapshot\n      unique_key: ‸a\n      strategy: check\n      check_cols: all',
    'unique_key of m is not unique: (a=1) is duplicated in 2 rows',
    'select 1 as a from generate_series(1, 2)',
  ),
  snapshot(
    'an index behind its own',
    `${keyed}strategy: check\n      check_cols: all\n      indexes: [{ columns: b }, { expressions: [lower(‸nme)] }]`,
    noColumn,
  ),
];

const declared = (columns: string) => `\n    columns: ${columns}`;
const rows: readonly Fault[] = [
  table(
    'row_security by a column that is not declared',
    `row_security: { column: ‸nme, access: who }${declared('[{ name: a, data_type: integer }]')}`,
    'm declares no column "nme" for its row_security',
  ),
  table(
    'row_security by a model that is not there',
    `row_security: { column: a, access: ‸whom }${declared('[{ name: a, data_type: integer }]')}`,
    'row_security names the access model "whom"',
  ),
  {
    name: 'row_security in a view',
    message: 'm is a view, and row_security is for tables',
    files: {
      'models/m.sql': 'select 1 as a',
      'models/m.yml': 'models:\n  - name: m\n    config:\n      row_security: ‸{ column: a, access: who }\n',
    },
  },
  table(
    'a subject by a column that is not declared',
    `subject: ‸nme${declared('[{ name: a }]')}`,
    'subject of m: there is no column "nme" in its .yml',
  ),
  table(
    'a subject by a model that is not there',
    `subject: { column: a, of: ‸n }${declared('[{ name: a }]')}`,
    'subject: there is no model or seed "n"',
  ),
  {
    name: 'a subject, set in the model behind a comment that names it',
    message: 'subject of m: there is no column "nme"',
    files: { 'models/m.sql': '{{! its subject }}\n{{config materialized="table" ‸subject="nme"}}select 1 as a' },
  },
];

const view = (name: string, bi: string, columns: string, message: string, more: Partial<Fault> = {}): Fault => ({
  name: `a view for Power BI: ${name}`,
  message,
  ...more,
  files: {
    'models/m.sql': `{{config materialized="table"}}select 1 as a, 'x' as b`,
    'models/m.yml': `models:\n  - name: m\n    bi: ${bi}\n    columns:\n      ${columns}\n`,
    ...more.files,
  },
});
const views: readonly Fault[] = [
  view('a column that is not there', '{ name: M }', '- { name: ‸nme, data_type: integer }', noColumn),
  view(
    'a column of another type',
    '{ name: M }',
    '- { name: a, data_type: integer }\n      - { name: b, data_type: ‸date }',
    'B: declared date, but the query yields text',
  ),
  view(
    'the flag of what is blank',
    '{ name: M, blank: { if: ‸nme, columns: [a] } }',
    '- { name: a, data_type: integer }',
    '"nme"',
  ),
  view('a table in its schema', '{ name: M }', '- { name: a, data_type: integer }', 'would be a table in schema bi', {
    files: { 'models/o.sql': '{{config materialized="table" ‸schema="bi"}}select 1 as a' },
  }),
  view('a time zone', '{ name: M }', '- { name: a, data_type: integer }', '"Europe/Zurch" is no time zone', {
    files: { 'project.yml': 'name: test\nbi:\n  time_zone: ‸Europe/Zurch\n' },
  }),
];

/** Faults in settings that say SQL or name columns, and in those of snapshots, of row security, of subjects and of views. */
export const settingFaults: readonly Fault[] = [...indexes, ...increments, ...snapshots, ...rows, ...views];
