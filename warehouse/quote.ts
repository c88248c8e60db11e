import { DatacycleError } from './errors.ts';

/** PostgreSQL keeps 63 bytes of a name and silently drops the rest (NAMEDATALEN - 1). */
const maxNameBytes = 63;

/**
 * Quotes one identifier: `my "table"` becomes `"my ""table"""`. The only place that does.
 * @throws DatacycleError if PostgreSQL would truncate the name or cannot store it.
 */
export function identifier(name: string): string {
  const bytes = Buffer.byteLength(name);
  if (bytes > maxNameBytes) {
    throw new DatacycleError({
      what: `the name "${name}" has ${bytes} bytes; PostgreSQL keeps ${maxNameBytes} and would cut the rest`,
      hint: 'Choose a shorter name, or set an alias.',
    });
  }
  if (bytes === 0 || name.includes('\0')) {
    throw new DatacycleError({ what: 'a name is empty or contains a NUL character', hint: 'Choose another name.' });
  }
  return `"${name.replaceAll('"', '""')}"`;
}

/** A schema-qualified name in the database, not quoted. */
export interface RelationName {
  readonly schema: string;
  readonly name: string;
}

/** Quotes a schema-qualified name: `"gold"."dim_room"`. */
export function relation(name: RelationName): string;
export function relation(schema: string, name: string): string;
export function relation(schema: string | RelationName, name = ''): string {
  return typeof schema === 'string'
    ? `${identifier(schema)}.${identifier(name)}`
    : `${identifier(schema.schema)}.${identifier(schema.name)}`;
}

/** Quotes a text constant for SQL that cannot take parameters (DDL, rendered templates). */
export function literal(value: string): string {
  const quoted = `'${value.replaceAll("'", "''")}'`;
  return value.includes('\\') ? ` E${quoted.replaceAll('\\', '\\\\')}` : quoted;
}

/** A comma-separated list of quoted identifiers. */
export function identifiers(names: readonly string[]): string {
  return names.map(identifier).join(', ');
}

/** Dollar-quotes lines of SQL, such as the body of a `do`, so that they stay readable whatever names they contain. */
export function dollarQuoted(lines: string): string {
  let tag = '$do$';
  while (lines.includes(tag)) tag = tag.replace(/\$$/, '_$');
  return `${tag}\n${lines}\n${tag}`;
}
