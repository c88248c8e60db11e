import * as z from 'zod';
import type { Problem } from '../text/errors.ts';
import { schemaFault } from '../text/schema-fault.ts';
import { didYouMean } from '../text/suggest.ts';
import type { YamlFile, YamlPath } from './yaml-file.ts';

/** The value of a file checked against `schema`; every fault becomes a problem with its line and, for an unknown key, a guess. */
export function checkYaml<T>(yaml: YamlFile, schema: z.ZodType<T>, problems: Problem[]): T | undefined {
  if (yaml.problems.length > 0) {
    problems.push(...yaml.problems);
    return undefined;
  }
  problems.push(...templateProblems(yaml));
  const result = schema.safeParse(yaml.parsed.value ?? {});
  if (result.success) return result.data;
  problems.push(...explain(yaml, result.error, schema, (path) => path));
  return undefined;
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

function templateProblems(yaml: YamlFile): Problem[] {
  return yaml.parsed.templates.map(({ text, at }) => {
    const [start] = /\{\{|\{%/.exec(text) ?? [];
    const hint = /^\{\{-?\s*doc\b/.test(text)
      ? 'Write the description itself: docs blocks are not read.'
      : 'Write the value itself; only hooks and tests are templates.';
    return { what: `a template is not rendered here: ${start}`, place: yaml.placeOfOffset(at), hint };
  });
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
