import { isMap, isNode, isPair, isScalar, LineCounter, type Node, parseDocument, visit } from 'yaml';
import { z } from 'zod';
import type { Problem } from './errors.ts';
import { keepDigits } from './exact-numbers.ts';
import type { Place } from './place.ts';
import { schemaFault } from './schema-fault.ts';
import type { SourceFile } from './source-file.ts';
import { SqlText } from './sql-text.ts';
import { didYouMean } from './suggest.ts';
import { alignedText } from './yaml-text.ts';

export type YamlPath = readonly (string | number)[];

/** A YAML file whose values know their places. */
export class YamlFile {
  readonly file: SourceFile;
  readonly problems: readonly Problem[];
  readonly #document: ReturnType<typeof parseDocument>;
  readonly #lines = new LineCounter();

  constructor(file: SourceFile) {
    this.file = file;
    this.#document = parseDocument(file.text, { lineCounter: this.#lines });
    keepDigits(this.#document);
    this.problems = this.#document.errors.map((error) => {
      const place = this.#placeOfOffset(error.pos[0]);
      const what = `this is not valid YAML: ${error.message.split(' at line ')[0]}`;
      return { what, place };
    });
  }

  /** The place of the value at `path`, or of its nearest parent that exists; with `key`, of that key inside it. */
  place(path: YamlPath, key?: string): Place {
    for (let length = path.length; length >= 0; length -= 1) {
      const node = length === 0 ? this.#document.contents : this.#document.getIn(path.slice(0, length), true);
      if (!isNode(node)) continue;
      if (key !== undefined && length === path.length && isMap(node)) {
        const pair = node.items.find((item) => isPair(item) && String(item.key) === key);
        if (pair !== undefined && isNode(pair.key)) return this.#placeOfNode(pair.key);
      }
      return this.#placeOfNode(node);
    }
    return { file: this.file.path, line: 1, column: 1 };
  }

  /** The SQL that is the value at `path`, or the only value of a list there; its characters know their places. */
  text(value: string, path: YamlPath): SqlText {
    const node = this.#document.getIn(path, true) ?? this.#document.getIn(path.slice(0, -1), true);
    if (!isScalar(node) || node.value !== value || !node.range) return SqlText.from(this.place(path), value);
    const [start, end] = node.range;
    const { text } = this.file;
    const isBlock = node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED';
    const escaping = node.type === 'QUOTE_DOUBLE' ? '\\' : node.type === 'QUOTE_SINGLE' ? "'" : undefined;
    const inside = isBlock ? text.indexOf('\n', start) + 1 : escaping === undefined ? start : start + 1;
    return alignedText(value, text.slice(inside, end), escaping, (offset) => this.#placeOfOffset(inside + offset));
  }

  problem(what: string, path: YamlPath, hint?: string, key?: string): Problem {
    const place = this.place(path, key);
    return { what, place, hint };
  }

  /** The value checked against `schema`; every fault becomes a problem with its line and, for an unknown key, a guess. */
  check<T>(schema: z.ZodType<T>, problems: Problem[]): T | undefined {
    if (this.problems.length > 0) {
      problems.push(...this.problems);
      return undefined;
    }
    problems.push(...this.#templates());
    const result = schema.safeParse(this.#document.toJS() ?? {});
    if (result.success) return result.data;
    problems.push(...this.explain(result.error, schema, (path) => path));
    return undefined;
  }

  /** What a schema refuses of the value at `within`, as problems with their places. */
  explain(error: z.ZodError | undefined, schema: z.ZodType, within: (path: YamlPath) => YamlPath): Problem[] {
    return (error?.issues ?? []).flatMap((issue) => this.#explain(issue, schema, within));
  }

  #explain(issue: z.core.$ZodIssue, schema: z.ZodType, within: (path: YamlPath) => YamlPath): Problem[] {
    const inside = issue.path.map((part) => (typeof part === 'number' ? part : String(part)));
    const path = within(inside);
    if (issue.code === 'unrecognized_keys') {
      const known = keysAt(schema, inside);
      return issue.keys.map((key) => this.problem(`"${key}" is not a known key`, path, didYouMean(key, known), key));
    }
    if (issue.code === 'invalid_union') {
      // Where only a key is wrong, it is clear which of the forms was meant.
      const meant = issue.errors.find((faults) => faults.some(isUnknownKey) && faults.every(isInside));
      if (meant !== undefined)
        return meant.flatMap((fault) =>
          this.#explain({ ...fault, path: [...issue.path, ...fault.path] }, schema, within),
        );
    }
    if (issue.code === 'invalid_key')
      return [
        this.problem(
          `"${String(path.at(-1))}" is no name that can be used here`,
          path.slice(0, -1),
          undefined,
          String(path.at(-1)),
        ),
      ];
    const subject = path.length === 0 ? 'the file' : `"${path.join('.')}"`;
    const node = this.#document.getIn(path);
    const { what, hint } = schemaFault(issue, isNode(node) ? node.toJSON() : node);
    return [this.problem(`${subject}: ${what}`, path, hint)];
  }

  /** Templates where none is rendered: they would be taken for the value itself. */
  #templates(): Problem[] {
    const found: Problem[] = [];
    visit(this.#document, {
      Pair: (_key, pair) => (isScalar(pair.key) && asTheyAre.test(String(pair.key.value)) ? visit.SKIP : undefined),
      Scalar: (key, node) => {
        if (key === 'key' || typeof node.value !== 'string') return;
        const [start] = /\{\{|\{%/.exec(node.value) ?? [];
        if (start === undefined) return;
        const hint = /^\{\{-?\s*doc\b/.test(node.value)
          ? 'Write the description itself: docs blocks are not read.'
          : 'Write the value itself; of the settings only hooks are templates.';
        found.push({ what: `a template is not rendered here: ${start}`, place: this.#placeOfNode(node), hint });
      },
    });
    return found;
  }

  #placeOfNode(node: Node): Place {
    return this.#placeOfOffset(node.range?.[0] ?? 0);
  }

  #placeOfOffset(offset: number): Place {
    const { line, col } = this.#lines.linePos(offset);
    return { file: this.file.path, line: Math.max(1, line), column: Math.max(1, col) };
  }
}

/** Settings that are templates, and those whose values mean nothing to the program. */
const asTheyAre = /^\+?(?:(?:pre|post)[-_]hook|on[-_]run[-_](?:start|end)|vars|meta)$/;

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
