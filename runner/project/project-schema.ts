import * as z from 'zod';
import { duration } from './config.ts';
import { exportSchema } from './exposure-schema.ts';
import { type PathKey, pathKeys } from './folders.ts';
import { lintSchema } from './lint-schema.ts';

/** Schemas of the program itself. */
const taken = ['staging', 'datacycle', 'information_schema'];

const target = z.strictObject({
  /**
   * Of a target that is to have tables of its own beside those of others: a model of schema `gold` is built in `<schema>_gold`, one
   * without a schema in `<schema>`. Sources are shared.
   */
  schema: z
    .string()
    .regex(/^(?!pg_)[a-z_][a-z0-9_]{0,39}$/, 'a schema is of lower-case letters, digits and underscores, 40 at most')
    .refine((name) => !taken.includes(name), { message: 'this schema belongs to the program itself' })
    .optional(),
  /** Where the embedded database lives when DB_URL is not set. */
  folder: z
    .string()
    .regex(
      /^\P{Cc}*$/u,
      String.raw`a path holds no line break; within double quotes \n is one: write it in single quotes`,
    )
    .optional(),
  threads: z.number().int().min(1).max(64).optional(),
  /** PostgreSQL session settings, e.g. work_mem. */
  settings: z
    .record(z.string().regex(/^[a-z_][a-z0-9_.]*$/i), z.union([z.string(), z.number(), z.boolean()]).transform(String))
    .optional(),
  vars: z.record(z.string(), z.unknown()).optional(),
  /** Where unit tests run: in a database in memory, or on this one in a transaction that is rolled back. */
  unit_tests_on: z.enum(['embedded', 'target']).optional(),
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
  /** What is written as files for others, by name. */
  exports: z
    .record(z.string().regex(/^[\p{L}\p{N}_]+$/u, 'a name is of letters, digits and underscores'), exportSchema)
    .optional(),
  /** The views that are made for Power BI of the models that say so. */
  bi: z.strictObject({ schema: z.string().min(1).optional(), time_zone: z.string().min(1).optional() }).optional(),
  /** What flags of the command line say where they are not given. */
  flags: z
    .strictObject({
      /** Whether warnings are errors. */
      warn_error: z.boolean().optional(),
      /** Which of them are: `error`, `warn` and `silence`, each a list of names. */
      warn_error_options: z.record(z.string(), z.unknown()).optional(),
    })
    .optional(),
  /** Which rules of `lint` do not hold, where, and why. */
  lint: lintSchema.optional(),
  /** SQL that runs before and after all else of a run, also as dbt spells it. */
  on_run_start: sqlList.optional(),
  on_run_end: sqlList.optional(),
  'on-run-start': sqlList.optional(),
  'on-run-end': sqlList.optional(),
  /** The folders of each kind of file, as in dbt, with a hyphen or an underscore. */
  ...(Object.fromEntries(pathKeys.map((key) => [key, z.array(z.string().min(1)).optional()])) as Record<
    PathKey,
    z.ZodOptional<z.ZodArray<z.ZodString>>
  >),
  models: z.record(z.string(), z.unknown()).optional(),
  seeds: z.record(z.string(), z.unknown()).optional(),
  snapshots: z.record(z.string(), z.unknown()).optional(),
  data_tests: z.record(z.string(), z.unknown()).optional(),
  /** As dbt called data_tests before. */
  tests: z.record(z.string(), z.unknown()).optional(),
});

/** Both thresholds in seconds. */
export type FreshnessSettings = z.infer<typeof freshness>;
export type Period = z.infer<typeof period>;
export type ProjectSettings = z.infer<typeof projectSchema>;
export type Target = z.infer<typeof target>;
