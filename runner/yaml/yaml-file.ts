// YAML that knows its place.
//
//   parse.ts       reads a file into plain data: its value, and the place of each part; exact-numbers.ts keeps every digit
//   yaml-file.ts   the places of that data, without a parser; yaml-text.ts finds the characters of a text in the file
//   check.ts       checks the value against a schema: each fault is a problem with its place
//   written.ts     a setting with the places of its parts, as nodes keep it
//
// What is read is data, so that it can be kept and used again without parsing.
import type { Problem } from '../text/errors.ts';
import type { Place } from '../text/place.ts';
import type { SourceFile } from '../text/source-file.ts';
import { SqlText } from '../text/sql-text.ts';
import type { Written } from './written.ts';
import { alignedText, type Escape } from './yaml-text.ts';

export type YamlPath = readonly (string | number)[];

/** The place of a value in a YAML file, and those of its parts; offsets count from 0 in UTF-16 units. Plain data. */
export interface YamlNode {
  readonly at: number;
  /** Of a text: where its characters begin and end in the file, quotes left out, and what escapes one. */
  readonly text?: { readonly from: number; readonly to: number; readonly escaping?: Escape } | undefined;
  /** Of a mapping: the places of its keys. */
  readonly keys?: Readonly<Record<string, number>> | undefined;
  /** By key, or by number. */
  readonly parts?: Readonly<Record<string, YamlNode>> | undefined;
}

/** What a YAML file says, as plain data: it can be kept, and be read without a parser. */
export interface ParsedYaml {
  readonly value: unknown;
  /** Undefined for an empty file. */
  readonly root: YamlNode | undefined;
  readonly faults: readonly { readonly what: string; readonly at: number }[];
  /** Texts that are templates, and where they are; hooks, data tests and whatever means nothing to the program left out. */
  readonly templates: readonly { readonly text: string; readonly path: YamlPath }[];
}

/** A YAML file whose values know their places. */
export class YamlFile {
  readonly file: SourceFile;
  readonly parsed: ParsedYaml;
  readonly problems: readonly Problem[];
  #lines: readonly number[] | undefined;

  constructor(file: SourceFile, parsed: ParsedYaml) {
    this.file = file;
    this.parsed = parsed;
    this.problems = parsed.faults.map(({ what, at }) => ({ what, place: this.placeOfOffset(at) }));
  }

  /** The place of the value at `path`, or of its nearest parent that exists; with `key`, of that key inside it. */
  place(path: YamlPath, key?: string): Place {
    const { node, depth } = this.#nearest(path);
    if (node === undefined) return { file: this.file.path, line: 1, column: 1 };
    const isKey =
      key !== undefined && depth === path.length && node.keys !== undefined && Object.hasOwn(node.keys, key);
    return this.placeOfOffset((isKey ? node.keys[key] : undefined) ?? node.at);
  }

  /** The SQL that is the value at `path`, or the only value of a list there; its characters know their places. */
  text(value: string, path: YamlPath): SqlText {
    const { node, depth } = this.#nearest(path);
    const isThere = depth >= path.length - 1 && this.valueAt(path.slice(0, depth)) === value;
    const sql = isThere && node !== undefined ? this.#sqlOf(node, value) : undefined;
    return sql ?? SqlText.from(this.place(path), value);
  }

  /** The value at `path` and its parts, with their places; for a path that there is not, its nearest parent. */
  written(path: YamlPath): Written {
    const { node, depth } = this.#nearest(path);
    if (node === undefined) return { place: this.place(path) };
    return this.#written(node, this.valueAt(path.slice(0, depth)), depth === path.length);
  }

  problem(what: string, path: YamlPath, hint?: string, key?: string): Problem {
    const place = this.place(path, key);
    return { what, place, hint };
  }

  /** The value at `path`; undefined if there is none. */
  valueAt(path: YamlPath): unknown {
    let value = this.parsed.value;
    for (const step of path) {
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
      value = (value as Readonly<Record<string, unknown>>)[step];
    }
    return value;
  }

  placeOfOffset(offset: number): Place {
    this.#lines ??= lineStarts(this.file.text);
    let low = 0;
    let high = this.#lines.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#lines[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { file: this.file.path, line: low + 1, column: offset - (this.#lines[low] ?? 0) + 1 };
  }

  #nearest(path: YamlPath): { readonly node: YamlNode | undefined; readonly depth: number } {
    let node = this.parsed.root;
    let depth = 0;
    for (const step of path) {
      const part = node?.parts !== undefined && Object.hasOwn(node.parts, step) ? node.parts[step] : undefined;
      if (part === undefined) break;
      node = part;
      depth += 1;
    }
    return { node, depth };
  }

  #written(node: YamlNode, value: unknown, withParts: boolean): Written {
    const place = this.placeOfOffset(node.at);
    if (typeof value === 'string') return { place, sql: this.#sqlOf(node, value) };
    if (!withParts || node.parts === undefined || typeof value !== 'object' || value === null) return { place };
    const inside = value as Readonly<Record<string, unknown>>;
    const parts = Object.entries(node.parts).map(([key, part]): [string, Written] => [
      key,
      this.#written(part, inside[key], true),
    ]);
    return { place, parts: Object.fromEntries(parts) };
  }

  #sqlOf({ text }: YamlNode, value: string): SqlText | undefined {
    if (text === undefined) return undefined;
    const { from, to, escaping } = text;
    return alignedText(value, this.file.text.slice(from, to), escaping, (offset) => this.placeOfOffset(from + offset));
  }
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}
