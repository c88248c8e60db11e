import * as z from 'zod';
import { duration, fewSettings, names } from './config.ts';

/** Whom to ask: a name or an address at least, and whatever else helps. */
const owner = z
  .looseObject({
    name: z.string().min(1).optional(),
    email: z.union([z.string().min(1), z.array(z.string().min(1))]).optional(),
  })
  .refine(({ name, email }) => name !== undefined || email !== undefined, {
    message: 'an owner has a name or an email',
  });

/** Models that belong together, and who answers for them. */
export const groupSchema = z.strictObject({
  name: z.string().min(1),
  description: z.string().optional(),
  owner,
  config: fewSettings.pick({ meta: true }).optional(),
});

export const exposureTypes = ['dashboard', 'notebook', 'analysis', 'ml', 'application'] as const;

/** What is made of models outside of the project: a report, a notebook, an application. */
export const exposureSchema = z.strictObject({
  name: z.string().regex(/^[\p{L}\p{N}_]+$/u, 'a name is of letters, digits and underscores; `label` may be any text'),
  label: z.string().optional(),
  type: z.enum(exposureTypes),
  maturity: z.enum(['low', 'medium', 'high']).optional(),
  url: z.string().optional(),
  description: z.string().optional(),
  owner,
  /** `ref('model')` and `source('source', 'table')`. */
  depends_on: z.array(z.string().min(1)).optional(),
  tags: names.optional(),
  meta: z.record(z.string(), z.unknown()).optional(),
  config: fewSettings.optional(),
});

export type GroupProperties = z.infer<typeof groupSchema>;
export type ExposureProperties = z.infer<typeof exposureSchema>;
export type Owner = z.infer<typeof owner>;

/** The formats of exported files. */
export const exportFormats = ['csv', 'jsonl', 'parquet'] as const;

const oneLine = z.string().regex(/^\P{Cc}+$/u, 'a path is one line and not empty');

const destination = z
  .strictObject({
    /** A folder, relative to the project. */
    folder: oneLine.optional(),
    /** A folder on an sFTP server. */
    sftp: oneLine.optional(),
    /** `bucket` or `bucket/prefix` of object storage. */
    s3: z
      .string()
      .regex(
        /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](\/\P{Cc}*)?$/u,
        'write a bucket, or a bucket and a prefix: bucket/prefix',
      )
      .optional(),
    /** Of sftp: what the names of its settings begin with, before `_SFTP_HOST` and the like. */
    server: z
      .string()
      .regex(/^[A-Z][A-Z0-9_]{0,30}$/, 'the beginning of names of variables: capitals, digits and underscores')
      .optional(),
  })
  .refine(({ folder, sftp, s3 }) => [folder, sftp, s3].filter((one) => one !== undefined).length === 1, {
    message: 'an export goes to one place: folder, sftp or s3',
  })
  .refine(({ sftp, server }) => server === undefined || sftp !== undefined, { message: 'only sftp has a server' });

const schedule = z
  .string('expected a time of day as in "07:30", or a length of time as in 15 minutes')
  .transform((text, context) => {
    const [, hour, minute] = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(text.trim()) ?? [];
    if (hour !== undefined) return { at: { hour: Number(hour), minute: Number(minute) } };
    const every = duration.safeParse(text);
    if (every.success) return { everySeconds: every.data };
    context.addIssue({
      code: 'custom',
      message: `"${text}" is no schedule; write a time of day as in "07:30", or a length of time as in 15 minutes`,
    });
    return z.NEVER;
  });

/** One of `exports` in project.yml: rows that are written as files for others. */
export const exportSchema = z
  .strictObject({
    description: z.string().optional(),
    /** False: it is left out. */
    enabled: z.boolean().optional(),
    /** A model or seed, all of whose columns are exported. */
    model: z.string().min(1).optional(),
    /** A query, a template as a model is. */
    query: z.string().min(1).optional(),
    to: destination,
    format: z.enum(exportFormats).optional(),
    /** Columns whose values make the folders of the files, as in `date=2023-10-12/`. */
    partition_by: names.optional(),
    /** Whether those columns are also in the files (both), or in the paths alone (path). */
    partition_columns: z.enum(['path', 'both']).optional(),
    /** A column that grows whenever a row of a partition is new or other than before; without it, rows are compared. */
    changed_by: z.string().min(1).optional(),
    /** When the watcher exports it: a time of day, or a length of time. */
    schedule: schedule.optional(),
    tags: names.optional(),
    meta: z.record(z.string(), z.unknown()).optional(),
  })
  .refine(({ model, query }) => (model === undefined) !== (query === undefined), {
    message: 'an export has a model or a query',
  });

export type ExportProperties = z.infer<typeof exportSchema>;
