import * as z from 'zod';
import { fewSettings, names } from './config.ts';

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
