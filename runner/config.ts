import { z } from 'zod';
import { addUp, grantsSetting, hookSetting } from './additive-settings.ts';

/** A list that may be written as `a, b`, as `[a, b]` or as one name. Only a true list can name what begins with a blank. */
const names = z
  .union([z.string(), z.array(z.string())], 'expected a name or a list of names')
  .transform((value) =>
    (typeof value === 'string' ? value.split(',').map((name) => name.trim()) : value).filter((name) => name !== ''),
  );

export const materializations = ['view', 'table', 'incremental', 'ephemeral', 'snapshot', 'materialized_view'] as const;
export const schemaChanges = ['ignore', 'fail', 'append_new_columns', 'sync_all_columns'] as const;
export const strategies = ['merge', 'append', 'delete+insert', 'microbatch'] as const;
export const batchSizes = ['hour', 'day', 'week', 'month', 'year'] as const;

const index = z
  .strictObject({
    columns: names.optional(),
    /** SQL expressions over the columns, after `columns`. */
    expressions: z.array(z.string().min(1)).optional(),
    unique: z.boolean().optional(),
    type: z.enum(['btree', 'brin', 'hash', 'gin', 'gist']).optional(),
    /** Further columns that the index holds without being sorted by them. */
    include: names.optional(),
    /** Only rows for which this is true are in the index. */
    where: z.string().min(1).optional(),
    name: z.string().min(1).optional(),
  })
  .refine(({ columns, expressions }) => (columns ?? []).length + (expressions ?? []).length > 0, {
    message: 'an index needs columns or expressions',
  });

/**
 * Whose rows a table holds: a column with the subject's id, or one that leads there through another model; false: nobody's.
 * `known_by`: by which columns a row that is nobody's by that is known as the subject's, and the list of values each is in.
 */
const subject = z.union(
  [
    z.literal(false),
    z.string().min(1),
    z.strictObject({
      column: z.string().min(1),
      of: z.string().min(1).optional(),
      known_by: z.record(z.string().min(1), z.string().min(1)).optional(),
    }),
  ],
  'expected a column, { column, of, known_by } or false',
);

/** Which rows of a table a role may see: those whose `column` the model `access` lists beside a role it belongs to. */
const rowSecurity = z.union(
  [z.literal(false), z.strictObject({ column: z.string().min(1), access: z.string().min(1) })],
  'expected { column, access } or false',
);

/** Range partitions by a column that says a time, one for each month or day that has rows. */
const partitionBy = z.union(
  [
    z.literal(false),
    z.strictObject({
      column: z.string().min(1),
      /** `month` or `day`, which the compiler checks: a union would not say which part of it is wrong. */
      granularity: z.string(),
      /** Where a month or day begins, for a timestamptz; without it in UTC. */
      time_zone: z.string().min(1).optional(),
    }),
  ],
  'expected { column, granularity, time_zone } or false',
);

/** What can be set for a model, seed or test: in project.yml by folder, in its .yml, in its own `{{config ...}}`. */
export const configSchema = z.strictObject({
  materialized: z.enum(materializations).optional(),
  incremental_strategy: z.enum(strategies).optional(),
  unique_key: names.optional(),
  surrogate_key: z.string().optional(),
  audit_columns: names.optional(),
  full_refresh: z.boolean().optional(),
  /** For merge: the only columns that a standing row takes over, or those that it does not. */
  merge_update_columns: names.optional(),
  merge_exclude_columns: names.optional(),
  /** Conditions on the standing row (old) and the new one (new) without which it is not touched. */
  incremental_predicates: z
    .union([z.string().transform((one) => [one]), z.array(z.string().min(1))], 'expected a condition or a list of them')
    .optional(),
  on_schema_change: z.enum(schemaChanges).optional(),
  /** For snapshots: how a change of a row is noticed, by a time that the source gives or by comparing. */
  strategy: z.enum(['timestamp', 'check']).optional(),
  updated_at: z.string().min(1).optional(),
  check_cols: z.union([z.literal('all'), names], 'expected all, or a list of columns').optional(),
  hard_deletes: z.enum(['ignore', 'invalidate', 'new_record']).optional(),
  snapshot_meta_column_names: z
    .strictObject({
      dbt_valid_from: z.string().min(1),
      dbt_valid_to: z.string().min(1),
      dbt_scd_id: z.string().min(1),
      dbt_updated_at: z.string().min(1),
      dbt_is_deleted: z.string().min(1),
    })
    .partial()
    .optional(),
  schema: z.string().optional(),
  alias: z.string().optional(),
  enabled: z.boolean().optional(),
  tags: names.optional(),
  meta: z.record(z.string(), z.unknown()).optional(),
  indexes: z.array(index).optional(),
  contract: z.strictObject({ enforced: z.boolean() }).optional(),
  /** Whether descriptions become comments in the database; they do where nothing is said. */
  persist_docs: z.strictObject({ relation: z.boolean().optional(), columns: z.boolean().optional() }).optional(),
  /** SQL that runs before and after the model, also as dbt spells it. */
  pre_hook: hookSetting.optional(),
  post_hook: hookSetting.optional(),
  'pre-hook': hookSetting.optional(),
  'post-hook': hookSetting.optional(),
  /** Roles by privilege. */
  grants: grantsSetting(names).optional(),
  column_types: z.record(z.string(), z.string()).optional(),
  delimiter: z.string().length(1).optional(),
  severity: z.enum(['error', 'warn']).optional(),
  /** For tests: run in the transaction that builds a model, on all of its rows or only on those that the build brings. */
  audit: z.union([z.boolean(), z.literal('new_rows')], 'expected true, false or new_rows').optional(),
  /** Of several models that a test reads, the one it audits. */
  audits: z.string().min(1).optional(),
  row_security: rowSecurity.optional(),
  partition_by: partitionBy.optional(),
  subject: subject.optional(),
  /** The column that says when what a row tells of happened. */
  event_time: z.string().min(1).optional(),
  /** For microbatch: how long a batch is, in which zone, since when, and how many finished ones are looked at again. */
  batch_size: z.enum(batchSizes).optional(),
  time_zone: z.string().min(1).optional(),
  begin: z.string('expected a date or a time, e.g. "2023-08-18"').min(1).optional(),
  lookback: z.number('expected a whole number of batches').int().min(0).optional(),
});

export type Config = z.infer<typeof configSchema>;
export type IndexConfig = z.infer<typeof index>;
export type SubjectConfig = z.infer<typeof subject>;
export type ConfigKey = keyof Config;

export const configKeys = Object.keys(configSchema.shape) as ConfigKey[];

/** `stronger` over `weaker`: tags, meta, hooks and grants with a plus sign add up, everything else is replaced. */
export function mergeConfig(weaker: Config, stronger: Config): Config {
  const { 'pre-hook': _pre, 'post-hook': _post, ...settings } = { ...weaker, ...stronger };
  const merged: Config = { ...settings, ...addUp(weaker, stronger) };
  if (weaker.tags && stronger.tags) merged.tags = [...new Set([...weaker.tags, ...stronger.tags])];
  if (weaker.meta && stronger.meta) merged.meta = { ...weaker.meta, ...stronger.meta };
  return merged;
}

const target = z.strictObject({
  /** Where the embedded database lives when DB_URL is not set. */
  folder: z.string().optional(),
  threads: z.number().int().min(1).max(64).optional(),
  /** PostgreSQL session settings, e.g. work_mem. */
  settings: z
    .record(z.string().regex(/^[a-z_][a-z0-9_.]*$/i), z.union([z.string(), z.number(), z.boolean()]).transform(String))
    .optional(),
  vars: z.record(z.string(), z.unknown()).optional(),
});

const durationUnits = { second: 1, minute: 60, hour: 3600, day: 86_400, week: 604_800 } as const;

/** A length of time as in `15 minutes`, `2 hours` or `3 days`, read as seconds. */
const duration = z
  .string('expected a length of time, e.g. 15 minutes, 2 hours or 3 days')
  .transform((text, context) => {
    const [, amount, unit] = /^(\d+(?:\.\d+)?) *(second|minute|hour|day|week)s?$/.exec(text.trim()) ?? [];
    const seconds = Number(amount) * (durationUnits[unit as keyof typeof durationUnits] ?? Number.NaN);
    if (Number.isFinite(seconds) && seconds > 0) return seconds;
    context.addIssue({
      code: 'custom',
      message: `"${text}" is no length of time; write e.g. 15 minutes, 2 hours or 3 days`,
    });
    return z.NEVER;
  });

/** A number of calendar units as in `30 days` or `2 years`. */
const period = z.string('expected a period, e.g. 30 days, 6 months or 2 years').transform((text, context) => {
  const [, amount, unit] = /^([1-9]\d{0,4}) *(day|week|month|year)s?$/.exec(text.trim()) ?? [];
  if (amount !== undefined && unit !== undefined) return { amount: Number(amount), unit: unit as PeriodUnit };
  context.addIssue({ code: 'custom', message: `"${text}" is no period; write e.g. 30 days, 6 months or 2 years` });
  return z.NEVER;
});

type PeriodUnit = 'day' | 'week' | 'month' | 'year';

const freshness = z
  .strictObject({
    /** For a model: an aggregate over its rows that yields the time of the newest, e.g. `max(measured_at)`. */
    newest: z.string().min(1).optional(),
    warn_after: duration.optional(),
    error_after: duration.optional(),
  })
  .refine(
    ({ warn_after, error_after }) => warn_after === undefined || error_after === undefined || warn_after <= error_after,
    {
      message: 'warn_after is longer than error_after',
      path: ['warn_after'],
    },
  );

const sqlList = z.union([z.string().min(1), z.array(z.string().min(1))], 'expected SQL, or a list of it');

/** project.yml. The trees under models, seeds and data_tests mix folders and `+settings` and are checked while they are walked. */
export const projectSchema = z.strictObject({
  name: z.string().min(1),
  version: z.union([z.string(), z.number()]).transform(String).optional(),
  target: z.string().optional(),
  targets: z.record(z.string(), target).optional(),
  vars: z.record(z.string(), z.unknown()).optional(),
  /** Names of environment variables that models may use through {{secret}}. */
  secrets: z.array(z.string()).optional(),
  /** How old the newest data of a source or a model may be, by name. */
  freshness: z.record(z.string(), freshness).optional(),
  /** How long rows are kept, by layer (a folder of models/) or model; what is not named is kept for ever. */
  retention: z.record(z.string(), period).optional(),
  /** The views that are made for Power BI of the models that say so. */
  bi: z.strictObject({ schema: z.string().min(1).optional(), time_zone: z.string().min(1).optional() }).optional(),
  /** SQL that runs before and after all else of a run, also as dbt spells it. */
  on_run_start: sqlList.optional(),
  on_run_end: sqlList.optional(),
  'on-run-start': sqlList.optional(),
  'on-run-end': sqlList.optional(),
  models: z.record(z.string(), z.unknown()).optional(),
  seeds: z.record(z.string(), z.unknown()).optional(),
  data_tests: z.record(z.string(), z.unknown()).optional(),
});

/** Both thresholds in seconds. */
export type FreshnessSettings = z.infer<typeof freshness>;
export type Period = z.infer<typeof period>;
export type ProjectSettings = z.infer<typeof projectSchema>;
export type Target = z.infer<typeof target>;

const columnConstraint = z.strictObject({
  type: z.enum(['not_null', 'unique', 'primary_key', 'check', 'foreign_key']),
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
  /** Keys, unless this says otherwise, and whatever else nobody drags into a chart. */
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
});

/** A model that Power BI is to see, through a view of its own. */
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

const column = z.strictObject({
  name: z.string(),
  description: z.string().optional(),
  data_type: z.string().optional(),
  constraints: z.array(columnConstraint).optional(),
  data_tests: dataTests,
  tests: dataTests,
  meta: z.record(z.string(), z.unknown()).optional(),
  tags: names.optional(),
  /** False: the view does without it. */
  bi: z.union([z.literal(false), biColumn], 'expected settings, e.g. { name, format }, or false').optional(),
});

const described = z.strictObject({
  name: z.string(),
  description: z.string().optional(),
  config: configSchema.optional(),
  bi: biModel.optional(),
  columns: z.array(column).optional(),
  constraints: z.array(modelConstraint).optional(),
  data_tests: dataTests,
  tests: dataTests,
});

const source = z.strictObject({
  name: z.string(),
  description: z.string().optional(),
  schema: z.string().optional(),
  tables: z.array(
    z.strictObject({
      name: z.string(),
      description: z.string().optional(),
      identifier: z.string().optional(),
      /** False: its rows are nobody's. */
      subject: z.literal(false).optional(),
      /** The column that says when what a row tells of happened. */
      event_time: z.string().min(1).optional(),
      columns: z.array(column).optional(),
      data_tests: dataTests,
      tests: dataTests,
    }),
  ),
});

/** A .yml file beside models or seeds. */
export const propertiesSchema = z.strictObject({
  version: z.literal(2).optional(),
  models: z.array(described).optional(),
  seeds: z.array(described).optional(),
  sources: z.array(source).optional(),
});

export type Properties = z.infer<typeof propertiesSchema>;
export type Described = z.infer<typeof described>;
export type BiModel = z.infer<typeof biModel>;
export type BiColumn = z.infer<typeof biColumn>;
export type BiMeasure = z.infer<typeof biMeasure>;
export type ColumnProperties = z.infer<typeof column>;
export type ConstraintProperties = z.infer<typeof modelConstraint>;
export type SourceProperties = z.infer<typeof source>;
