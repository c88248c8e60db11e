import * as z from 'zod';
import { addUp, grantsSetting, hookSetting } from './additive-settings.ts';

const durationUnits = { second: 1, minute: 60, hour: 3600, day: 86_400, week: 604_800 } as const;

/** A length of time as in `15 minutes`, `2 hours` or `3 days`, read as seconds. */
export const duration = z
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

/** A list that may be written as `a, b`, as `[a, b]` or as one name. Only a true list can name what begins with a blank. */
export const names = z
  .union([z.string(), z.array(z.string())], 'expected a name or a list of names')
  .transform((value) =>
    (typeof value === 'string' ? value.split(',').map((name) => name.trim()) : value).filter((name) => name !== ''),
  );

export const materializations = ['view', 'table', 'incremental', 'ephemeral', 'snapshot', 'materialized_view'] as const;
export const schemaChanges = ['ignore', 'fail', 'append_new_columns', 'sync_all_columns'] as const;
export const strategies = ['merge', 'append', 'delete+insert', 'microbatch'] as const;
export const accesses = ['private', 'protected', 'public'] as const;
export const failureStores = ['table', 'view', 'ephemeral'] as const;
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
 * Whose the rows of a table are: a column with the subject's id, or one that leads there through another model; false: nobody's.
 * `known_by`: columns by which a row that this assigns to nobody is the subject's, and the list of values for each.
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
  /** For merge: the only columns that are updated in an existing row, or those that are not. */
  merge_update_columns: names.optional(),
  merge_exclude_columns: names.optional(),
  /** Conditions on the existing row (old) and the new one (new); a row is updated only if all are true. */
  incremental_predicates: z
    .union([z.string().transform((one) => [one]), z.array(z.string().min(1))], 'expected a condition or a list of them')
    .optional(),
  on_schema_change: z.enum(schemaChanges).optional(),
  /** For snapshots: how a change of a row is noticed, by a time that the source gives or by comparing. */
  strategy: z.enum(['timestamp', 'check']).optional(),
  updated_at: z.string().min(1).optional(),
  check_cols: z.union([z.literal('all'), names], 'expected all, or a list of columns').optional(),
  hard_deletes: z.enum(['ignore', 'invalidate', 'new_record']).optional(),
  /** As dbt called hard_deletes: invalidate before. */
  invalidate_hard_deletes: z.boolean().optional(),
  /** What dbt_valid_to says of a version that holds, in place of NULL. */
  dbt_valid_to_current: z.string().min(1).optional(),
  /** The schema of a snapshot as it is, whatever the target. */
  target_schema: z.string().min(1).optional(),
  /** SQL that runs before the model in its transaction. */
  sql_header: z.string().min(1).optional(),
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
  /** The group that it belongs to, and who may refer to it: private is for its group alone. */
  group: z.string().min(1).optional(),
  access: z.enum(accesses).optional(),
  /** How documentation shows it: whether at all, and in which colour. */
  docs: z.strictObject({ show: z.boolean().optional(), node_color: z.string().optional() }).optional(),
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
  severity: z.preprocess(
    (value) => (typeof value === 'string' ? value.toLowerCase() : value),
    z.enum(['error', 'warn'], 'expected error or warn').optional(),
  ),
  /** For tests: only rows for which this is true are tested. */
  where: z.string('expected a condition in SQL').min(1).optional(),
  /** For tests: at most so many bad rows are counted. */
  limit: z.number('expected a number of rows').int().min(1).optional(),
  /** For tests: an aggregate over the bad rows, and what it has to be for a warning or a failure. */
  fail_calc: z.string('expected an aggregate in SQL').min(1).optional(),
  warn_if: z.string('expected a condition, e.g. ">10"').min(1).optional(),
  error_if: z.string('expected a condition, e.g. ">10"').min(1).optional(),
  /** For tests: whether the bad rows are stored in the database, and as what. */
  store_failures: z.boolean('expected true or false').optional(),
  store_failures_as: z.enum(failureStores).optional(),
  /** For tests: run in the transaction that builds a model, on all of its rows or only on those that the build brings. */
  audit: z.union([z.boolean(), z.literal('new_rows')], 'expected true, false or new_rows').optional(),
  /** For tests: whether a row is bad depends on that row of the model alone, so that a build tests the rows that it brings. */
  scope: z.literal('new_rows', 'expected new_rows').optional(),
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

/** What can be set for whatever is described in a .yml and is not built. */
export const fewSettings = configSchema.pick({ enabled: true, tags: true, meta: true });

export type Config = z.infer<typeof configSchema>;
export type IndexConfig = z.infer<typeof index>;
export type ConfigKey = keyof Config;

export const configKeys = Object.keys(configSchema.shape) as ConfigKey[];

/** What means something for data tests alone. */
export const onlyOfTests: readonly ConfigKey[] = [
  'severity',
  'where',
  'limit',
  'fail_calc',
  'warn_if',
  'error_if',
  'store_failures',
  'store_failures_as',
  'scope',
  'audit',
  'audits',
];

/** What can be set for data tests. */
export const testKeys: readonly ConfigKey[] = [...onlyOfTests, 'enabled', 'tags', 'meta', 'group', 'schema', 'alias'];

/** What can be set for models and seeds. */
export const nodeKeys = configKeys.filter((key) => !onlyOfTests.includes(key));

/** `stronger` over `weaker`: tags, meta, hooks and grants with a plus sign add up, everything else is replaced. */
export function mergeConfig(weaker: Config, stronger: Config): Config {
  const { 'pre-hook': _pre, 'post-hook': _post, ...settings } = { ...weaker, ...stronger };
  const merged: Config = { ...settings, ...addUp(weaker, stronger) };
  if (weaker.tags && stronger.tags) merged.tags = [...new Set([...weaker.tags, ...stronger.tags])];
  if (weaker.meta && stronger.meta) merged.meta = { ...weaker.meta, ...stronger.meta };
  return merged;
}
