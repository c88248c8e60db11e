import { createHash } from 'node:crypto';
import type { ParsedRequest } from './request.ts';
import type { TestSubject } from './tested.ts';

/**
 * The name that dbt gives a generic test: what it is, what it is about, and all of its arguments in the order of their names.
 * @example `accepted_values_orders_status__open__closed`
 */
export function dbtName(
  { kind, arguments: given }: ParsedRequest,
  { name, isSource, column, quoted }: TestSubject,
): string {
  const args = column === undefined ? given : { ...given, column_name: quoted === true ? `"${column}"` : column };
  const values = Object.keys(args)
    .sort()
    .flatMap((key) => {
      const value = args[key];
      if (Array.isArray(value)) return value.map(printed);
      return typeof value === 'object' && value !== null ? Object.values(value).map(printed) : [printed(value)];
    });
  const what = `${isSource === true ? 'source_' : ''}${kind.replace('.', '_')}_${name}`;
  return `${what}_${values.map((value) => value.replace(/[^0-9a-zA-Z_]+/g, '_')).join('__')}`;
}

/** A value as Python prints it. */
function printed(value: unknown): string {
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** A name that PostgreSQL can hold: a longer one is cut, and ends in a digest of the whole. */
export function shortName(name: string): string {
  if (Buffer.byteLength(name) < 64) return name;
  const digest = createHash('md5').update(name).digest('hex');
  let start = name.slice(0, 30);
  while (Buffer.byteLength(start) > 30) start = start.slice(0, -1);
  return `${start}_${digest}`;
}
