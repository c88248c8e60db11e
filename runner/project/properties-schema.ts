import * as z from 'zod';
import { configSchema, fewSettings, names } from './config.ts';
import { exposureSchema, groupSchema } from './exposure-schema.ts';

const columnConstraint = z.strictObject({
  type: z.enum(['not_null', 'unique', 'primary_key', 'check', 'foreign_key', 'custom']),
  name: z.string().optional(),
  expression: z.string().optional(),
  to: z.string().optional(),
  to_columns: names.optional(),
});

const modelConstraint = columnConstraint.extend({ columns: names.optional() });

const dataTests = z
  .array(z.union([z.string(), z.record(z.string(), z.unknown())], 'expected the name of a test, or one with arguments'))
  .optional();

/** How Power BI shows a column. */
const biColumn = z.strictObject({
  /** What people read; without it the column's name in words. */
  name: z.string().min(1).optional(),
  /** What it means, in the words of a report's author; without it the column's description. */
  description: z.string().min(1).optional(),
  /** A Power BI format string, e.g. `0.0`. */
  format: z.string().min(1).optional(),
  /** Hides a column from report authors. Keys are hidden unless this says otherwise. */
  hidden: z.boolean().optional(),
  summarize: z.enum(['none', 'sum', 'average', 'min', 'max', 'count']).optional(),
  folder: z.string().min(1).optional(),
  /** A column of the same model whose order this one has. */
  sort_by: z.string().min(1).optional(),
});

/** A calculation over a model, in DAX. */
const biMeasure = z.strictObject({
  name: z.string().min(1),
  description: z.string().optional(),
  expression: z.string().min(1),
  format: z.string().min(1).optional(),
  folder: z.string().min(1).optional(),
  /** The same in SQL, for what shows the report without Power BI; see docs/power-bi.md. */
  sql: z.string().min(1).optional(),
  /** What it says in words: each of these texts stands in the expression, and readers see it in their language. */
  texts: z.array(z.string().min(1)).min(1).optional(),
});

/** Exposes a model to Power BI, through a view of its own. */
const biModel = z.strictObject({
  name: z.string().min(1),
  /** What it holds, in the words of a report's author; without it the model's description. */
  description: z.string().min(1).optional(),
  /** These columns are empty where the flag says that the row is not to be trusted; the flag itself stays. */
  blank: z
    .union([
      z.strictObject({ if: z.string().min(1), columns: names }),
      z.strictObject({ unless: z.string().min(1), columns: names }),
    ])
    .optional(),
  /** `date`: the table that Power BI takes for its calendar; its key is the one column of type date. */
  kind: z.enum(['date', 'access']).optional(),
  /** The column with the key of the day or minute (YYYYMMDD, YYYYMMDDHHMM) by which Power BI fetches what is new. */
  refresh_by: z.string().min(1).optional(),
  measures: z.array(biMeasure).optional(),
});

/** Makes a model readable over HTTP (`datacycle serve`). */
const apiModel = z.strictObject({
  /** Its address; /<schema>/<name> where it is not given. */
  path: z
    .string()
    .regex(/^(?:\/[a-z0-9][a-z0-9_-]*)+$/, 'expected an address of small letters, e.g. /gold/daily')
    .optional(),
  /** The columns that identify a row; its primary key or unique_key where it is not given. */
  key: names.optional(),
  /** Columns that rows are ordered by, before those of the key. */
  order_by: names.optional(),
  /** The columns that are shown; all that are declared where it is not given. */
  columns: names.optional(),
  /** The column that the parameters `from` and `to` limit. */
  time: z.string().min(1).optional(),
  /** Columns that each request has to filter by, unless it says `from` and `to`. */
  required: names.optional(),
  /** Parameters that are true unless a request says otherwise, and the column that is then true in every row. */
  only: z.record(z.string().regex(/^[a-z]\w*$/, 'expected a name, e.g. only_valid'), z.string().min(1)).optional(),
});

const column = z.strictObject({
  name: z.string(),
  description: z.string().optional(),
  data_type: z.string().optional(),
  constraints: z.array(columnConstraint).optional(),
  data_tests: dataTests,
  tests: dataTests,
  meta: z.record(z.string(), z.unknown()).optional(),
  tags: names.optional(),
  /** Where dbt has `meta` and `tags` since 1.10; those beside it count as well. */
  config: fewSettings.pick({ tags: true, meta: true }).optional(),
  /** For tests of it: its name is in just this case. Elsewhere names are always quoted. */
  quote: z.boolean().optional(),
  /** False: the view does without it. */
  bi: z.union([z.literal(false), biColumn], 'expected settings, e.g. { name, format }, or false').optional(),
});

/** Settings that may be written beside `config` as well as in it. */
const besideConfig = configSchema.pick({ tags: true, meta: true, group: true, access: true, docs: true }).shape;
export const keysBesideConfig = Object.keys(besideConfig) as (keyof typeof besideConfig)[];

const described = z.strictObject({
  name: z.string(),
  description: z.string().optional(),
  ...besideConfig,
  config: configSchema.optional(),
  bi: biModel.optional(),
  api: apiModel.optional(),
  columns: z.array(column).optional(),
  constraints: z.array(modelConstraint).optional(),
  data_tests: dataTests,
  tests: dataTests,
});

/** After how long the rows of a source are too old: `{ count: 12, period: hour }`. */
const age = z.strictObject({
  count: z.number('expected a whole number').int().min(1),
  period: z.enum(['minute', 'hour', 'day']),
});

const ofSource = {
  enabled: z.boolean().optional(),
  tags: names.optional(),
  meta: z.record(z.string(), z.unknown()).optional(),
  /** The column that says when a row came in, or a query that says when the newest one did. */
  loaded_at_field: z.string().min(1).optional(),
  loaded_at_query: z.string().min(1).optional(),
  /** Null: none, whatever the source says. */
  freshness: z
    .strictObject({ warn_after: age.nullish(), error_after: age.nullish(), filter: z.string().min(1).nullish() })
    .nullish(),
};

/** What may be said of a source as a whole and, stronger, of one of its tables; beside `config` or in it. */
const sourceSettings = {
  ...ofSource,
  config: z.strictObject({ ...ofSource, event_time: z.string().min(1).optional() }).optional(),
};

const source = z.strictObject({
  name: z.string(),
  description: z.string().optional(),
  schema: z.string().optional(),
  /** What fills it: for people. */
  loader: z.string().optional(),
  ...sourceSettings,
  tables: z.array(
    z.strictObject({
      name: z.string(),
      description: z.string().optional(),
      identifier: z.string().optional(),
      loader: z.string().optional(),
      ...sourceSettings,
      /** False: its rows belong to nobody. */
      subject: z.literal(false).optional(),
      /** The column that says when what a row tells of happened. */
      event_time: z.string().min(1).optional(),
      /** A query that yields something else whenever rows of the table have changed. Without it they count as changed. */
      rows_version: z.string().min(1).optional(),
      columns: z.array(column).optional(),
      data_tests: dataTests,
      tests: dataTests,
    }),
  ),
});

/** One version of a model: a file of its own, described by what the model says and what this says besides. */
const version = z.strictObject({
  v: z.union([z.string().min(1), z.number()], 'expected a number or a text'),
  /** The name of its file without .sql; `<model>_v<v>` where it is not given. */
  defined_in: z.string().min(1).optional(),
  description: z.string().optional(),
  access: configSchema.shape.access,
  config: configSchema.optional(),
});

const model = described.extend({
  versions: z.array(version).min(1).optional(),
  latest_version: version.shape.v.optional(),
});

/** The rows of an input or an expectation of a unit test. */
const unitRows = {
  /** Rows by column, or CSV or SQL as text. */
  rows: z
    .union([z.array(z.record(z.string(), z.unknown())), z.string()], 'expected a list of rows, or CSV or SQL as text')
    .nullish(),
  format: z.enum(['dict', 'csv', 'sql']).optional(),
  /** A file of tests/fixtures that has the rows, without its ending. */
  fixture: z.string().min(1).optional(),
};
const unitInput = z.strictObject({
  /** `ref('model')`, `source('source', 'table')` or `this`. */
  input: z.string().min(1),
  /** Of a later run: these rows take the place of those that were there. */
  replaces: z.boolean().optional(),
  ...unitRows,
});
const unitExpected = z.strictObject(unitRows);
const unitOverrides = z.strictObject({
  vars: z.record(z.string(), z.unknown()).optional(),
  env_vars: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]).transform(String)).optional(),
  macros: z.record(z.string(), z.unknown()).optional(),
  /** The time of the run. */
  now: z.string('expected a time, e.g. "2024-01-01 12:00"').min(1).optional(),
});
const unitRun = z.strictObject({
  given: z.array(unitInput).optional(),
  expect: unitExpected.optional(),
  now: z.string('expected a time, e.g. "2024-01-01 12:00"').min(1).optional(),
  full_refresh: z.boolean().optional(),
});

/** A unit test, as dbt has it; or with `runs`, one after the other. */
const unitTest = z.strictObject({
  name: z.string().min(1),
  model: z.string().min(1),
  description: z.string().optional(),
  given: z.array(unitInput).optional(),
  expect: unitExpected.optional(),
  runs: z.array(unitRun).min(1).optional(),
  overrides: unitOverrides.optional(),
  tags: names.optional(),
  meta: z.record(z.string(), z.unknown()).optional(),
  config: fewSettings.optional(),
});

const describedTest = z.strictObject({
  name: z.string().min(1),
  description: z.string().optional(),
  config: configSchema
    .pick({
      severity: true,
      where: true,
      limit: true,
      fail_calc: true,
      warn_if: true,
      error_if: true,
      store_failures: true,
      store_failures_as: true,
      enabled: true,
      tags: true,
      meta: true,
      group: true,
      schema: true,
      alias: true,
    })
    .optional(),
  meta: z.record(z.string(), z.unknown()).optional(),
  /** Of a generic test, for those who read it. */
  arguments: z.array(z.record(z.string(), z.unknown())).optional(),
});

/** A .yml file beside models or seeds. */
export const propertiesSchema = z.strictObject({
  version: z.literal(2).optional(),
  models: z.array(model).optional(),
  /** Described like models; with `relation` no select of their own is needed. */
  snapshots: z.array(model.extend({ relation: z.string().min(1).optional() })).optional(),
  /** Queries that are compiled and not run: their descriptions are for people. */
  analyses: z.array(z.looseObject({ name: z.string() })).optional(),
  macros: z.array(z.looseObject({ name: z.string() })).optional(),
  seeds: z.array(described).optional(),
  sources: z.array(source).optional(),
  groups: z.array(groupSchema).optional(),
  exposures: z.array(exposureSchema).optional(),
  unit_tests: z.array(unitTest).optional(),
  /** What is said of tests that have a file of their own. */
  data_tests: z.array(describedTest).optional(),
});

export type Properties = z.infer<typeof propertiesSchema>;
export type Described = z.infer<typeof model> & { readonly relation?: string | undefined };
export type BiModel = z.infer<typeof biModel>;
export type ApiModel = z.infer<typeof apiModel>;
export type BiMeasure = z.infer<typeof biMeasure>;
export type ColumnProperties = z.infer<typeof column>;
export type ConstraintProperties = z.infer<typeof modelConstraint>;
export type SourceProperties = z.infer<typeof source>;
export type TestProperties = z.infer<typeof describedTest>;
export type UnitTestProperties = z.infer<typeof unitTest>;
export type UnitTestRowsWritten = z.infer<typeof unitExpected>;
export type SourceSettings = z.infer<z.ZodObject<typeof sourceSettings>>;
