import * as z from 'zod';
import type { Problem } from '../text/errors.ts';
import { schemaFault } from '../text/schema-fault.ts';
import { didYouMean } from '../text/suggest.ts';
import type { YamlFile, YamlPath } from './yaml-file.ts';

/**
 * The value of a file checked against `schema`; every fault becomes a problem with its line and, for an unknown key, a guess.
 * @param isIgnored whether an unknown key is allowed in the mapping at this path; it is ignored then.
 */
export function checkYaml<T>(
  yaml: YamlFile,
  schema: z.ZodType<T>,
  problems: Problem[],
  isIgnored: (key: string, path: YamlPath) => boolean = () => false,
): T | undefined {
  if (yaml.problems.length > 0) {
    problems.push(...yaml.problems);
    return undefined;
  }
  let result = schema.safeParse(yaml.parsed.value ?? {});
  const ignored = (result.error?.issues ?? []).flatMap((issue) => {
    const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)));
    const keys = issue.code === 'unrecognized_keys' ? issue.keys.filter((key) => isIgnored(key, path)) : [];
    return keys.map((key) => [...path, key]);
  });
  if (ignored.length > 0) {
    const value = structuredClone(yaml.parsed.value);
    for (const path of ignored) remove(value, path);
    result = schema.safeParse(value);
  }
  if (result.success) return result.data;
  problems.push(...explain(yaml, result.error, schema, (path) => path));
  return undefined;
}

function remove(value: unknown, path: YamlPath): void {
  const [key = '', ...rest] = path;
  if (typeof value !== 'object' || value === null) return;
  const inside = value as Record<string, unknown>;
  if (rest.length === 0) delete inside[key];
  else remove(inside[key], rest);
}

/** What a schema refuses of the value at `within`, as problems with their places. */
export function explain(
  yaml: YamlFile,
  error: z.ZodError | undefined,
  schema: z.ZodType,
  within: (path: YamlPath) => YamlPath,
): Problem[] {
  return (error?.issues ?? []).flatMap((issue) => explainIssue(yaml, issue, schema, within));
}

function explainIssue(
  yaml: YamlFile,
  issue: z.core.$ZodIssue,
  schema: z.ZodType,
  within: (path: YamlPath) => YamlPath,
): Problem[] {
  const inside = issue.path.map((part) => (typeof part === 'number' ? part : String(part)));
  const path = within(inside);
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(schema, inside);
    return issue.keys.map((key) => yaml.problem(`"${key}" is not a known key`, path, didYouMean(key, known), key));
  }
  if (issue.code === 'invalid_union') {
    // Where only a key is wrong, it is clear which of the forms was meant.
    const meant = issue.errors.find((faults) => faults.some(isUnknownKey) && faults.every(isInside));
    if (meant !== undefined)
      return meant.flatMap((fault) =>
        explainIssue(yaml, { ...fault, path: [...issue.path, ...fault.path] }, schema, within),
      );
  }
  if (issue.code === 'invalid_key')
    return [
      yaml.problem(
        `"${String(path.at(-1))}" is no name that can be used here`,
        path.slice(0, -1),
        undefined,
        String(path.at(-1)),
      ),
    ];
  const subject = path.length === 0 ? 'the file' : `"${path.join('.')}"`;
  const { what, hint } = schemaFault(issue, yaml.valueAt(path));
  return [yaml.problem(`${subject}: ${what}`, path, hint)];
}

function isUnknownKey(issue: z.core.$ZodIssue): boolean {
  return issue.code === 'unrecognized_keys' && issue.path.length === 0;
}

/** Whether a fault is of the value's parts, not of what it is as a whole. */
function isInside(issue: z.core.$ZodIssue): boolean {
  return isUnknownKey(issue) || issue.path.length > 0;
}

/** The keys a schema allows at `path`, for guessing what a misspelt one means. */
function keysAt(schema: z.ZodType, path: YamlPath): string[] {
  let current: unknown = schema;
  for (const part of path) {
    const inner = unwrap(current, part);
    if (inner instanceof z.ZodObject) current = inner.shape[String(part)];
    else if (inner instanceof z.ZodArray) current = inner.element;
    else if (inner instanceof z.ZodRecord) current = inner.valueType;
    else return [];
  }
  const last = unwrap(current);
  return last instanceof z.ZodObject ? Object.keys(last.shape) : [];
}

/** @param part what is looked for inside: of several forms, that which can have it. */
function unwrap(schema: unknown, part?: string | number): unknown {
  let current = schema;
  while (current instanceof z.ZodOptional || current instanceof z.ZodDefault || current instanceof z.ZodNullable)
    current = current.unwrap();
  const form = typeof part === 'number' ? z.ZodArray : z.ZodObject;
  if (current instanceof z.ZodUnion) return current.options.find((option) => option instanceof form);
  return current;
}
