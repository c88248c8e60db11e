// Rows are compared by their bytes, as PostgreSQL itself does where it refreshes a materialized view: equal is not the same for
// citext, intervals, numbers of another scale, -0 or text of a nondeterministic collation, and json has no equality at all.

import { identifier } from '../../warehouse/quote.ts';
import type { Column } from '../database/catalog.ts';
import type { TakenColumn } from './parts/target.ts';

/** Types whose values are the same bytes if they are equal. */
const exact =
  /^(?:smallint|integer|bigint|oid|boolean|date|uuid|bytea|numeric\(\d+,-?\d+\)|time(?:\(\d\))? without time zone|timestamp(?:\(\d\))? with(?:out)? time zone)$/;

/** Whether two equal values of a type are always the same; not so `1.0` and `1.00`, `1 mon` and `30 days`, or text of any collation. */
export function isExact(type: string): boolean {
  return exact.test(type);
}

/**
 * A value of a column as an expression whose equality means the same bytes, and that can be hashed whatever the type:
 * `t."room" collate "C"`, `float8send(t."value")`, `row(t."payload")::text`.
 */
export function bytesOf({ type }: Column, value: string): string {
  if (isExact(type)) return value;
  if (/^(?:text|character varying(?:\(\d+\))?)$/.test(type)) return `${value} collate "C"`;
  if (type === 'double precision') return `float8send(${value})`;
  if (type === 'real') return `float4send(${value})`;
  // As its output function writes it; a cast to text may be the user's own, or leave blanks out.
  return `row(${value})::text`;
}

/**
 * The condition that two rows differ in any byte: `record_image_ne(row(t."room"), row(n."room"))`, which is `*<>` between records.
 * It compares values of any type, also of those without an equality, and tells equal ones apart that are not the same.
 */
export function differing(columns: readonly TakenColumn[], old: string, fresh: string): string {
  return recordsDiffer(
    columns.map((column) => columnOf(column, old)),
    columns.map((column) => freshOf(column, fresh)),
  );
}

/** The same of two lists of expressions, whose types agree. */
export function recordsDiffer(some: readonly string[], others: readonly string[]): string {
  return `record_image_ne(row(${some.join(', ')}), row(${others.join(', ')}))`;
}

/** The value of a column in a row: `t."room"`. */
export function columnOf({ name }: Column, alias: string): string {
  return `${alias}.${identifier(name)}`;
}

/** A column of the staged rows in the type that it has in the table. */
export function freshOf(column: TakenColumn, alias: string): string {
  return column.isCast === true ? `${columnOf(column, alias)}::${column.type}` : columnOf(column, alias);
}
