import { z } from 'zod';

/** A list that may be written as `a, b`, as `[a, b]` or as one name. */
const names = z
  .union([z.string(), z.array(z.string())], 'expected a name or a list of names')
  .transform((value) =>
    (typeof value === 'string' ? value.split(',') : value).map((name) => name.trim()).filter((name) => name !== ''),
  );

export const materializations = ['view', 'table', 'incremental', 'ephemeral'] as const;
export const strategies = ['merge', 'append', 'delete+insert'] as const;

const index = z.strictObject({
  columns: names,
  unique: z.boolean().optional(),
  type: z.enum(['btree', 'brin', 'hash', 'gin', 'gist']).optional(),
});

/** What can be set for a model, seed or test: in project.yml by folder, in its .yml, in its own `{{config ...}}`. */
export const configSchema = z.strictObject({
  materialized: z.enum(materializations).optional(),
  incremental_strategy: z.enum(strategies).optional(),
  unique_key: names.optional(),
  surrogate_key: z.string().optional(),
  audit_columns: names.optional(),
  full_refresh: z.boolean().optional(),
  schema: z.string().optional(),
  alias: z.string().optional(),
  enabled: z.boolean().optional(),
  tags: names.optional(),
  meta: z.record(z.string(), z.unknown()).optional(),
  indexes: z.array(index).optional(),
  contract: z.strictObject({ enforced: z.boolean() }).optional(),
  column_types: z.record(z.string(), z.string()).optional(),
  delimiter: z.string().length(1).optional(),
  severity: z.enum(['error', 'warn']).optional(),
});

export type Config = z.infer<typeof configSchema>;
export type IndexConfig = z.infer<typeof index>;
export type ConfigKey = keyof Config;

export const configKeys = Object.keys(configSchema.shape) as ConfigKey[];

/** `stronger` over `weaker`: tags and meta add up, everything else is replaced. */
export function mergeConfig(weaker: Config, stronger: Config): Config {
  const merged: Config = { ...weaker, ...stronger };
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
  models: z.record(z.string(), z.unknown()).optional(),
  seeds: z.record(z.string(), z.unknown()).optional(),
  data_tests: z.record(z.string(), z.unknown()).optional(),
});

/** Both thresholds in seconds. */
export type FreshnessSettings = z.infer<typeof freshness>;
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

const column = z.strictObject({
  name: z.string(),
  description: z.string().optional(),
  data_type: z.string().optional(),
  constraints: z.array(columnConstraint).optional(),
  data_tests: dataTests,
  tests: dataTests,
  meta: z.record(z.string(), z.unknown()).optional(),
  tags: names.optional(),
});

const described = z.strictObject({
  name: z.string(),
  description: z.string().optional(),
  config: configSchema.optional(),
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
export type ColumnProperties = z.infer<typeof column>;
export type ConstraintProperties = z.infer<typeof modelConstraint>;
export type SourceProperties = z.infer<typeof source>;
