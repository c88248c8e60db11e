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

/** project.yml. The trees under models, seeds and data_tests mix folders and `+settings` and are checked while they are walked. */
export const projectSchema = z.strictObject({
  name: z.string().min(1),
  version: z.union([z.string(), z.number()]).transform(String).optional(),
  target: z.string().optional(),
  targets: z.record(z.string(), target).optional(),
  vars: z.record(z.string(), z.unknown()).optional(),
  /** Names of environment variables that models may use through {{secret}}. */
  secrets: z.array(z.string()).optional(),
  models: z.record(z.string(), z.unknown()).optional(),
  seeds: z.record(z.string(), z.unknown()).optional(),
  data_tests: z.record(z.string(), z.unknown()).optional(),
});

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
