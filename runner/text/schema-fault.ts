import type * as z from 'zod';
import { didYouMean } from './suggest.ts';

/** What a schema refuses, in words: of a value that is none of those that there are, which was meant. @param value as it is written. */
export function schemaFault(
  issue: z.core.$ZodIssue,
  value: unknown,
): { readonly what: string; readonly hint?: string | undefined } {
  const options = issue.code === 'invalid_value' ? issue.values.map(String) : [];
  if (options.length < 2) return { what: issue.message.replace(/^Invalid input: /, '') };
  return { what: `there is no ${JSON.stringify(value) ?? 'such value'}`, hint: didYouMean(String(value), options) };
}
