import type * as z from 'zod';
import { didYouMean } from './suggest.ts';

/** Types of values as people who write YAML call them. */
const typeNames: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping of names to values',
  record: 'a mapping of names to values',
};

/** What a schema refuses, in words: of a value that is none of those that there are, which was meant. @param value as it is written. */
export function schemaFault(
  issue: z.core.$ZodIssue,
  value: unknown,
): { readonly what: string; readonly hint?: string | undefined } {
  if (issue.code === 'invalid_type' && issue.message.startsWith('Invalid input: ')) {
    const wanted = typeNames[issue.expected] ?? issue.expected;
    const [, received = ''] = /received (\w+)$/.exec(issue.message) ?? [];
    return received === 'undefined' || received === 'null'
      ? { what: 'is missing', hint: `It is ${wanted}.` }
      : { what: `is to be ${wanted}, not ${typeNames[received] ?? received}` };
  }
  const options = issue.code === 'invalid_value' ? issue.values.map(String) : [];
  if (options.length < 2) return { what: issue.message.replace(/^Invalid input: /, '') };
  return { what: `there is no ${JSON.stringify(value) ?? 'such value'}`, hint: didYouMean(String(value), options) };
}
