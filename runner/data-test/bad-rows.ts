import { identifier, type RelationName, relation } from '../../warehouse/quote.ts';
import type { Queryable, Warehouse } from '../../warehouse/warehouse.ts';
import { readRelation } from '../database/catalog.ts';
import { statement } from '../database/statement.ts';
import type { Stored, TestNode } from '../manifest/test-node.ts';
import { SqlText } from '../text/sql-text.ts';

/** How many bad rows are shown beside a verdict. */
const fewRows = 5;

/** The first bad rows of a test, each value as PostgreSQL writes it. */
export interface FirstRows {
  readonly columns: readonly string[];
  readonly cells: readonly (readonly unknown[])[];
  /** The table or view that has all of them, where they are stored. */
  readonly storedIn: RelationName | undefined;
}

/** As what a test's bad rows are stored; undefined if they are not. @param asked the run is asked to store them. */
export function storedAs({ stored }: TestNode, asked: boolean): 'table' | 'view' | undefined {
  const as = stored?.as ?? (asked ? 'table' : 'ephemeral');
  return stored === undefined || as === 'ephemeral' ? undefined : as;
}

/**
 * Stores the bad rows of a test in the place of those of its last run, in a transaction of its own.
 * @returns the query for them.
 * @throws StatementError, e.g. where another view reads the table.
 */
export async function storeBadRows(
  warehouse: Warehouse,
  { sql }: TestNode,
  { relation: name }: Stored,
  as: 'table' | 'view',
): Promise<SqlText> {
  const target = relation(name);
  await warehouse.transaction(async (session) => {
    const existing = await readRelation(session, name);
    // Anything else is not dropped as a table: PostgreSQL says what it is.
    const kind = existing?.kind === 'other' ? 'table' : existing?.kind;
    if (kind !== undefined) await session.query(`drop ${kind} ${target}`);
    await statement(session, SqlText.join(`create ${as} ${target} as\n`, sql));
  });
  return new SqlText(`select * from ${target}`);
}

/** Reads the first bad rows; undefined if they cannot be read, since the verdict stands all the same. */
export async function firstRows(
  on: Queryable,
  bad: SqlText,
  stored: Stored | undefined,
): Promise<FirstRows | undefined> {
  try {
    const sql = SqlText.join('select *\nfrom (\n', bad, `\n) as bad_rows\nlimit ${fewRows}`);
    const { rows, columns } = await statement(on, sql, 'text');
    const cells = rows.map((row) => columns.map((column) => row[column]));
    return { columns, cells, storedIn: stored?.relation };
  } catch {
    return undefined;
  }
}

/** The command that shows all bad rows of a test. */
export function showCommand({ name }: TestNode, rows: FirstRows | undefined): string {
  if (rows?.storedIn === undefined) return `datacycle show --limit -1 --select ${name}`;
  const { schema, name: table } = rows.storedIn;
  const parts = [schema, table].map((part) => (/^[a-z_][a-z0-9_]*$/.test(part) ? part : identifier(part)));
  // A shell would take the quotes of a name for its own.
  return `datacycle show --limit -1 --inline "select * from ${parts.join('.').replaceAll('"', '\\"')}"`;
}
