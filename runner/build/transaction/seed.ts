import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CsvError, parse } from 'csv-parse/sync';
import type { Column } from '../../database/catalog.ts';
import type { PartsOfType } from '../../database/parts-of-types.ts';
import { declaredTypes, normalType } from '../../manifest/column-type.ts';
import type { SeedNode } from '../../manifest/manifest.ts';
import type { SeedRows } from '../../materialize/parts/target.ts';
import { settingPlace } from '../../project/setting-places.ts';
import { decode, NotText } from '../../text/decode.ts';
import { NodeError } from '../../text/errors.ts';
import { excerpt, formatPlace, type Place } from '../../text/place.ts';
import { didYouMean } from '../../text/suggest.ts';
import { firstLineOf, type SeedFile, type SeedRecord, type SeedSpot, spotOf, spotOfLine } from './seed-place.ts';
import { checkValues } from './seed-values.ts';

/**
 * Reads a seed's CSV: a header, then rows; a byte-order mark is tolerated. An empty field is NULL, and so is the word null. Types are
 * those declared in its .yml, else inferred without losing anything (a column with leading zeros stays text).
 * @throws NodeError naming file and line.
 */
export function readSeed(root: string, node: SeedNode): SeedRows {
  const file = readFile(root, node);
  const { records } = file;
  const [first, ...others] = records;
  if (first === undefined)
    throw new NodeError({ what: `${node.file} is empty`, hint: 'A seed begins with a line of column names.' });
  const header = first.record;
  const rows = others.map(({ record }) => record);
  const twice = header.findIndex((name, index) => name === '' || header.indexOf(name) !== index);
  if (twice !== -1)
    throw new NodeError({
      what: `${node.file}: the column name "${header[twice] ?? ''}" is empty or occurs twice`,
      ...spotOf(file, first, twice),
    });
  const [only = ''] = header;
  const likely = header.length === 1 ? /[;\t|]/.exec(only)?.[0] : undefined;
  if (likely !== undefined)
    throw new NodeError({
      what: `${node.file} has a single column, "${only}"`,
      ...spotOf(file, first),
      hint: `Its values seem to be separated by ${likely === '\t' ? 'tabs' : `"${likely}"`}: set delimiter: ${JSON.stringify(likely)} for this seed.`,
    });
  const declared = declaredTypes(node);
  for (const name of declared.keys()) {
    // A contract says everything that is wrong at once.
    if (!header.includes(name) && (node.config.contract?.enforced !== true || isTyped(node, name)))
      throw new NodeError({
        what: `${node.file}: there is no column "${name}", which is declared for it`,
        place: placeOfType(node, name)?.column,
        hint: didYouMean(name, header),
      });
  }
  const columns = header.map((name, index) => ({
    name,
    type: normalType(declared.get(name) ?? inferType(rows.map((row) => row[index] ?? ''))),
    ...(declared.has(name) ? { place: placeOfType(node, name)?.type } : {}),
  }));
  checkValues(file, columns);
  return {
    columns,
    csv: records.map(({ record }) => csvLine(record)).join(''),
  };
}

/**
 * The lines of a seed's file where a row begins that has a value in a column, letter case aside.
 * @throws NodeError if the file cannot be read.
 */
export function linesWith(root: string, node: SeedNode, column: string, value: string): number[] {
  const [header, ...rows] = readFile(root, node).records;
  const at = header?.record.indexOf(column) ?? -1;
  const isWanted = (text = '') => text.toLowerCase() === value.toLowerCase();
  return rows.filter(({ record }) => isWanted(record[at])).map(firstLineOf);
}

function readFile(root: string, node: SeedNode): SeedFile {
  const delimiter = node.config.delimiter ?? ',';
  const file = { path: node.file, text: '', delimiter, records: [] };
  try {
    const text = decode(readFileSync(join(root, node.file)));
    Object.assign(file, { text });
    const options = { delimiter, skip_empty_lines: true, trim: true, info: true, raw: true } as const;
    const parsed = parse(text, options) as unknown as readonly CsvRecord[];
    let doubled = 0;
    const records = parsed.map(({ record, raw, info }) => {
      // The parser counts a Windows line break inside a value twice.
      doubled += record.join('').match(/\r\n/g)?.length ?? 0;
      return { record: record.map((value) => (isNullWord(value) ? '' : value)), raw, lastLine: info.lines - doubled };
    });
    return { ...file, text, records };
  } catch (error) {
    if (error instanceof NotText) {
      const place = { file: node.file, line: error.line, column: error.column };
      const detail = excerpt(error.likely, place);
      throw new NodeError({ what: error.message, where: formatPlace(place), detail, hint: error.hint, cause: error });
    }
    const line = error instanceof CsvError ? Number(error.lines) : Number.NaN;
    throw new NodeError({
      ...faultOf(node, error),
      ...(line > 0 ? spotOfLine(file, line) : {}),
      cause: error,
    });
  }
}

/** What is wrong with a CSV, for the faults that people make. */
function faultOf({ file }: SeedNode, error: unknown): { readonly what: string; readonly hint?: string } {
  const message = error instanceof Error ? error.message : String(error);
  const [, wanted, given] = /expect (\d+), got (\d+)/.exec(message) ?? [];
  if (wanted === undefined || given === undefined) return { what: `${file} cannot be read: ${message}` };
  const values = `${given} ${given === '1' ? 'value' : 'values'}`;
  return {
    what: `${file}: this line has ${values}, and the first one names ${wanted} ${wanted === '1' ? 'column' : 'columns'}`,
    hint:
      Number(given) < Number(wanted)
        ? 'Each column needs its delimiter, also where a value is empty.'
        : 'A value that holds the delimiter belongs in double quotes.',
  };
}

/**
 * Refuses values of composed types that would be taken for others, as {@link readSeed} does those of plain ones.
 * @throws NodeError naming file and line.
 */
export function checkComposed(
  root: string,
  node: SeedNode,
  columns: readonly Column[],
  parts: ReadonlyMap<string, PartsOfType>,
): void {
  if (parts.size > 0) checkValues(readFile(root, node), columns, parts);
}

/** Where COPY met a value that it could not take: `line` counted from 1 as COPY does, the column by its name. */
export function spotInSeed(
  root: string,
  node: SeedNode,
  line: number,
  column: string | undefined,
): SeedSpot | undefined {
  const file = readFile(root, node);
  let copied = 0;
  for (const record of file.records) {
    copied += linesCopied(record);
    if (copied >= line) return spotOf(file, record, Math.max(0, file.records[0]?.record.indexOf(column ?? '') ?? 0));
  }
  return undefined;
}

/** Whether column_types names the column. */
function isTyped({ config }: SeedNode, name: string): boolean {
  return config.column_types?.[name] !== undefined;
}

/** Where the name and the type of a column of a seed are declared. */
function placeOfType(
  node: SeedNode,
  name: string,
): { readonly column: Place | undefined; readonly type: Place | undefined } | undefined {
  const set = isTyped(node, name) ? settingPlace(node.settings, 'column_types', name) : undefined;
  const column = node.columns.find((one) => one.name === name);
  if (set !== undefined) return { column: set, type: set };
  return column && { column: column.place, type: column.typePlace };
}

/** As in dbt, the word null is no text. */
function isNullWord(value: string): boolean {
  return value.length === 4 && value.toLowerCase() === 'null';
}

interface CsvRecord {
  readonly record: string[];
  readonly raw: string;
  /** `lines`: how many lines of the file were read when the record was complete. */
  readonly info: { readonly lines: number };
}

/** How many lines COPY counts for a record: one with line breaks in its values takes several. */
function linesCopied({ record }: SeedRecord): number {
  return csvLine(record).split('\n').length - 1;
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

/** A time as ISO 8601 writes it, perhaps with its distance from UTC; to the microsecond, as PostgreSQL keeps it. */
function isMoment(value: string): boolean {
  const time = /^[T ](?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,6})?)?(?:Z|[+-][01]\d(?::?[0-5]\d)?)?$/;
  return isDate(value.slice(0, 10)) && time.test(value.slice(10));
}

function inferType(values: readonly string[]): string {
  const present = values.filter((value) => value !== '');
  if (present.length === 0) return 'text';
  if (present.every(isDate)) return 'date';
  if (present.every((value) => isDate(value) || isMoment(value))) {
    const zoned = present.filter((value) => /(?:Z|[+-]\d\d(?::?\d\d)?)$/.test(value.slice(10))).length;
    if (zoned === 0) return 'timestamp without time zone';
    if (zoned === present.length) return 'timestamp with time zone';
  }
  return patterns.find(([, pattern]) => present.every((value) => pattern.test(value)))?.[0] ?? 'text';
}
