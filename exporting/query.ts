import { statement } from '../runner/database/statement.ts';
import type { Export } from '../runner/manifest/exposure-node.ts';
import { SqlText } from '../runner/text/sql-text.ts';
import { guardedText } from '../warehouse/copy-to-file.ts';
import { identifier, literal } from '../warehouse/quote.ts';
import type { Session } from '../warehouse/warehouse.ts';

/** A column of the rows that are exported. */
export interface ExportedColumn {
  readonly name: string;
  /** As PostgreSQL spells it, e.g. `numeric(10,4)`. */
  readonly type: string;
  /** Whether it is text, which a spreadsheet could take for a formula. */
  readonly isText: boolean;
}

/** The view of the session that has the rows, quoted. */
export const rowsView = 'pg_temp."datacycle_export"';

/** The column of {@link rowQuery} that says to which part a row belongs. */
export const keyColumn = 'datacycle_part';

/** The column of {@link rowQuery} that has a row as JSON. */
export const lineColumn = 'datacycle_line';

/**
 * Makes the query a view of the session's transaction, in which values are written as one time zone and format say, and tells its columns.
 * @throws StatementError that knows its place in the template.
 */
export async function describe(session: Session, sql: SqlText): Promise<readonly ExportedColumn[]> {
  await session.query(`set local timezone = 'UTC'`);
  await session.query(`set local datestyle = 'ISO, YMD'`);
  await session.query(`set local intervalstyle = 'iso_8601'`);
  await session.query(`set local bytea_output = 'hex'`);
  await session.query('set local extra_float_digits = 1');
  await statement(session, SqlText.join('create temporary view datacycle_export as\n', sql));
  const { rows } = await session.query<{ name: string; type: string; category: string }>(
    `select a.attname as name, format_type(a.atttypid, a.atttypmod) as type, t.typcategory::text as category
     from pg_attribute as a
     join pg_type as t on t.oid = a.atttypid
     where a.attrelid = 'pg_temp.datacycle_export'::regclass and a.attnum > 0
     order by a.attnum`,
  );
  return rows.map(({ name, type, category }) => ({ name, type, isText: category === 'S' || category === 'E' }));
}

/** Ends what {@link describe} began, so that the session is as it was before. */
export async function forget(session: Session): Promise<void> {
  await session.query('drop view pg_temp.datacycle_export');
}

/** SQL for the part of a row: the values of its partition columns as a JSON array of texts. */
export function partOf(partitionBy: readonly string[]): string {
  return `jsonb_build_array(${partitionBy.map((name) => `q.${identifier(name)}::text`).join(', ')})::text`;
}

/**
 * The query of the rows of some parts, part after part, its values ready for the format:
 * ```sql
 * select jsonb_build_array(q."date"::text)::text as "datacycle_part", q."room", ...
 * from pg_temp."datacycle_export" as q where ... order by "datacycle_part"
 * ```
 * @param parts the parts by their keys; undefined: all.
 */
export function rowQuery(
  { format, partitionBy }: Pick<Export, 'format' | 'partitionBy'>,
  columns: readonly ExportedColumn[],
  parts: readonly string[] | undefined,
): string {
  const key = partOf(partitionBy);
  const lists = {
    csv: () => columns.map((column) => `${csvValue(column)} as ${identifier(column.name)}`),
    parquet: () => columns.map(({ name }) => `q.${identifier(name)}`),
    // Within JSON a line break is white space: in texts it is \n.
    jsonl: () => {
      const inside = columns.map(({ name }) => `q.${identifier(name)}`).join(', ');
      return [
        `translate((select row_to_json(r.*)::text from (select ${inside}) as r), E'\\n\\r', '  ') as ${lineColumn}`,
      ];
    },
  };
  const some = parts === undefined ? '' : `\nwhere ${key} in (${parts.map(literal).join(', ')})`;
  const order = partitionBy.length === 0 ? '' : `\norder by ${keyColumn}`;
  return `select ${[`${key} as ${keyColumn}`, ...lists[format]()].join(', ')}\nfrom ${rowsView} as q${some}${order}`;
}

/** A value as CSV has it: times as ISO 8601, and no text that a spreadsheet takes for a formula. */
function csvValue({ name, type, isText }: ExportedColumn): string {
  const column = `q.${identifier(name)}`;
  if (isText) return guardedText(`${column}::text`);
  return type.startsWith('timestamp') ? `to_json(${column}) #>> '{}'` : column;
}
