import * as z from 'zod';

/** What `datacycle lint` looks for. */
export const lintRules = [
  'direct-table',
  'unused-cte',
  'select-star',
  'join-without-condition',
  'not-in-nullable',
  'undocumented-model',
  'undocumented-column',
  'model-without-key',
  'unused-macro',
  'unused-var',
  'unused-seed',
] as const;

export type LintRule = (typeof lintRules)[number];

/** Where a rule does not hold, and why: for all of the project, below paths, or for one model, macro, variable or seed. */
const exception = z.strictObject({
  rule: z.enum(lintRules),
  path: z
    .union(
      [
        z
          .string()
          .min(1)
          .transform((one) => [one]),
        z.array(z.string().min(1)),
      ],
      'expected a path or a list of them',
    )
    .optional(),
  name: z.string().min(1).optional(),
  reason: z.string('a rule is switched off with a reason').trim().min(1, 'a rule is switched off with a reason'),
});

export const lintSchema = z.strictObject({ off: z.array(exception).optional() });

export type LintException = z.infer<typeof exception>;
