import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import type { Column } from './catalog.ts';
import { NodeError } from './errors.ts';
import type { SeedNode } from './manifest.ts';
import { declaredTypes, normalType } from './plan.ts';
import { didYouMean } from './suggest.ts';

export interface SeedData {
  readonly columns: readonly Column[];
  /** The header and the rows as CSV for COPY; an empty value is NULL. */
  readonly csv: string;
  readonly rows: number;
  /** For every line of `csv` the line of the seed's file. */
  readonly lines: readonly number[];
}

/**
 * Reads a seed's CSV: a header, then rows; a byte-order mark is tolerated. Types are those declared in its .yml, else
 * inferred without losing anything (a column with leading zeros stays text).
 * @throws NodeError naming file and line.
 */
export function readSeed(root: string, node: SeedNode): SeedData {
  const delimiter = node.config.delimiter ?? ',';
  const options = { bom: true, delimiter, skip_empty_lines: true, trim: true, info: true } as const;
  let records: readonly CsvRecord[];
  try {
    records = parse(readFileSync(join(root, node.file)), options) as unknown as CsvRecord[];
  } catch (error) {
    throw new NodeError({
      what: `${node.file} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      cause: error,
    });
  }
  const [header, ...rows] = records.map(({ record }) => record);
  if (header === undefined)
    throw new NodeError({ what: `${node.file} is empty`, hint: 'A seed begins with a line of column names.' });
  const twice = header.find((name, index) => name === '' || header.indexOf(name) !== index);
  if (twice !== undefined)
    throw new NodeError({ what: `${node.file}:1: the column name "${twice}" is empty or stands twice` });
  const declared = declaredTypes(node);
  for (const name of declared.keys()) {
    if (!header.includes(name))
      throw new NodeError({
        what: `${node.file}:1: there is no column "${name}", which its .yml declares`,
        hint: didYouMean(name, header),
      });
  }
  return {
    columns: header.map((name, index) => ({
      name,
      type: normalType(declared.get(name) ?? inferType(rows.map((row) => row[index] ?? ''))),
    })),
    csv: [header, ...rows].map(csvLine).join(''),
    rows: rows.length,
    lines: linesOf(records),
  };
}

/**
 * The lines of a seed's file whose value in a column is one of `values`, letter case aside. @throws NodeError as readSeed
 */
export function linesWith(root: string, node: SeedNode, column: string, values: ReadonlySet<string>): number[] {
  const { csv, lines, columns } = readSeed(root, node);
  const place = columns.findIndex(({ name }) => name === column);
  const wanted = new Set([...values].map((value) => value.toLowerCase()));
  let at = 0;
  return parse(csv).flatMap((row) => {
    const line = lines[at];
    at += csvLine(row).split('\n').length - 1;
    return line !== undefined && wanted.has((row[place] ?? '').toLowerCase()) ? [line] : [];
  });
}

interface CsvRecord {
  readonly record: string[];
  /** `lines`: how many lines of the file were read when the record was complete. */
  readonly info: { readonly lines: number };
}

/** For every line that COPY counts the line of the file; a record with line breaks in its values takes several. */
function linesOf(records: readonly CsvRecord[]): number[] {
  let doubled = 0;
  return records.flatMap(({ record, info }) => {
    const text = csvLine(record);
    // The parser counts a Windows line break inside a value twice.
    doubled += text.match(/\r\n/g)?.length ?? 0;
    return Array.from({ length: text.split('\n').length - 1 }, () => info.lines - doubled);
  });
}

function csvLine(row: readonly string[]): string {
  return `${row.map(csvField).join(',')}\n`;
}

function csvField(value: string): string {
  return value === '' ? '' : `"${value.replaceAll('"', '""')}"`;
}

const patterns: readonly (readonly [string, RegExp])[] = [
  ['integer', /^-?(0|[1-9]\d{0,8})$/],
  ['bigint', /^-?(0|[1-9]\d{0,17})$/],
  ['numeric', /^-?(0|[1-9]\d*)(\.\d+)?$/],
  ['boolean', /^(true|false)$/i],
];

/** A day of the calendar as ISO 8601 writes it. */
function isDate(value: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(value) || value < '0001') return false;
  const day = new Date(`${value}T00:00:00Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(value);
}

function inferType(values: readonly string[]): string {
  const present = values.filter((value) => value !== '');
  if (present.length === 0) return 'text';
  if (present.every(isDate)) return 'date';
  return patterns.find(([, pattern]) => present.every((value) => pattern.test(value)))?.[0] ?? 'text';
}
