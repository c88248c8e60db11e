// Finds, copies and erases the rows of one person in the tables of the project. cli/subject calls these files.
//
//   predicate.ts        the condition that a row is the subject's, from the setting `subject` and the graph
//   rows.ts             counts, exports and deletes by that condition, one transaction for each table
//   keys.ts             surrogate keys stay taken, without the natural key that names the subject
//   kept-rows.ts        the bad rows that failed audits recorded
//   refresh-views.ts    materialized views lose what their upstreams have lost
//   search.ts, words.ts search all text for the subject's names and report where they are; nothing is changed
//
// find, export and erase use the same condition, so they agree on which rows are the subject's.
import { join } from 'node:path';
import { copyToFile } from '../../warehouse/copy-to-file.ts';
import { StatementError } from '../../warehouse/errors.ts';
import { identifier, literal, type RelationName, relation } from '../../warehouse/quote.ts';
import type { Queryable, Session, Warehouse } from '../../warehouse/warehouse.ts';
import { isViewOf } from '../manifest/lineage.ts';
import type { Manifest } from '../manifest/manifest.ts';
import { markPending } from '../state/batches.ts';
import { NodeError } from '../text/errors.ts';
import { forgetKeys, forgetKeysWithoutRow, type KeyedTable, type SubjectCondition } from './keys.ts';
import { type KnownValues, Parameters, type SubjectNode, subjectNodes, subjectPredicate } from './predicate.ts';
import type { SubjectWords } from './words.ts';

/** How many rows of a table are the subject's. */
export interface SubjectRows {
  readonly node: SubjectNode;
  readonly rows: number;
}

/** A subject as tables know it. */
export interface KnownSubject {
  readonly id: string;
  /** Identifies rows of the subject that the tables, as they are now, assign to nobody. */
  readonly known: KnownValues;
}

/** Which rows of a table are the subject's. */
export function subjectCondition(node: SubjectNode, manifest: Manifest, { id, known }: KnownSubject): SubjectCondition {
  return (bind) => subjectPredicate(node, manifest, bind(id), { values: known, bind });
}

/**
 * Counts the subject's rows of every table that is there, in the order in which they can be erased.
 * @throws NodeError if a table lacks the column that says whose its rows are, e.g. because it was built before that.
 */
export async function countSubjectRows(
  on: Queryable,
  manifest: Manifest,
  subject: KnownSubject,
): Promise<readonly SubjectRows[]> {
  const counts: SubjectRows[] = [];
  for (const node of subjectNodes(manifest)) {
    if (!(await holdsRows(on, node))) continue;
    const { schema, name } = node.relation;
    const { bind, values } = new Parameters();
    const condition = subjectCondition(node, manifest, subject)(bind);
    const found = await on
      .query<{ rows: number }>(`select count(*) as rows from ${relation(schema, name)} as t where ${condition}`, values)
      .catch((error: unknown) => Promise.reject(explained(error, node)));
    counts.push({ node, rows: Number(found.rows[0]?.rows ?? 0) });
  }
  return counts;
}

/**
 * Deletes the subject's rows of one table in one transaction. A materialized view loses them when it is refreshed. Surrogate keys
 * stay assigned, without the natural key, so that no number is assigned twice.
 * @returns how many rows were deleted.
 */
export async function eraseRows(
  warehouse: Warehouse,
  manifest: Manifest,
  node: SubjectNode,
  subject: KnownSubject,
): Promise<number> {
  const { schema, name } = node.relation;
  if (node.materialized === 'materialized_view') return 0;
  const condition = subjectCondition(node, manifest, subject);
  return warehouse.transaction(async (session) => {
    await forgetKeys(session, node, condition);
    const { bind, values } = new Parameters();
    const deletion = `delete from ${relation(schema, name)} as t where ${condition(bind)}`;
    const erased = (await session.query(deletion, values)).rowCount;
    if (erased > 0) await rebuildSharedReaders(session, manifest, node);
    return erased;
  });
}

/**
 * Makes the next run rebuild the downstream tables that belong to nobody (e.g. the minutes that have readings), since increments do
 * not see deletions. The tables of subjects are already as a rebuild would make them.
 */
async function rebuildSharedReaders(session: Session, manifest: Manifest, node: SubjectNode): Promise<void> {
  const leadsTo = (id: string): boolean => {
    if (id === node.id) return true;
    const upstream = manifest.nodes.get(id);
    return upstream?.kind === 'model' && isViewOf(upstream) && upstream.reads.some(leadsTo);
  };
  for (const reader of manifest.nodes.values()) {
    if (reader.kind !== 'model' || reader.subject !== 'nobody') continue;
    const upstreams = reader.reads.filter(leadsTo).map((id) => manifest.nodes.get(id)?.name);
    if (upstreams.length === 0) continue;
    await session.query(
      `update datacycle.high_water set upstream_version = 'rows were erased' where model = $1 and upstream = any($2::text[])`,
      [reader.name, upstreams],
    );
    // Were batches that are done not to wait, one with full_refresh: false would keep them.
    await markPending(session, reader.name, undefined);
  }
}

/**
 * Removes from the bookkeeping the keys of rows that were deleted earlier, and messages of runs that name the subject.
 */
export async function forgetState(warehouse: Warehouse, manifest: Manifest, words: SubjectWords): Promise<number> {
  return warehouse.transaction(async (session) => {
    let keys = 0;
    for (const table of await keyedTables(session, manifest)) {
      keys += await forgetKeysWithoutRow(session, table, words);
    }
    const { bind, values } = new Parameters();
    const messages = await session.query(
      `update datacycle.run_result set message = 'the message named an apartment that was erased'
       where ${words.sql(bind)('message')}`,
      values,
    );
    return keys + messages.rowCount;
  });
}

/** A file that was written. */
export interface ExportedTable extends SubjectRows {
  /** Relative to the folder, with forward slashes: `gold/dim_room.csv`. */
  readonly path: string;
}

/**
 * Writes the subject's rows of every table that has any into `<folder>/<schema>/<name>.csv`, all from one snapshot of the database.
 * Rows are streamed, so memory stays flat (except in the embedded database itself).
 * @param onTable called with the table that is written next.
 * @returns the tables that were written, the most downstream first.
 */
export async function exportTables(
  warehouse: Warehouse,
  manifest: Manifest,
  subject: KnownSubject,
  { folder, signal }: { readonly folder: string; readonly signal: AbortSignal },
  onTable: (name: string) => void,
): Promise<readonly ExportedTable[]> {
  return warehouse.transaction(async (session) => {
    await session.query('set transaction read only');
    const written: ExportedTable[] = [];
    for (const { node, rows } of await countSubjectRows(session, manifest, subject)) {
      if (rows === 0) continue;
      signal.throwIfAborted();
      const { schema, name } = node.relation;
      onTable(`${schema}.${name}`);
      const condition = subjectCondition(node, manifest, subject)(literal);
      const order = (node.config.unique_key ?? []).map((column) => `t.${identifier(column)}`).join(', ');
      const query = `select t.* from ${relation(schema, name)} as t where ${condition}${order === '' ? '' : ` order by ${order}`}`;
      await copyToFile(session, query, join(folder, schema, `${name}.csv`), signal);
      written.push({ node, rows, path: `${schema}/${name}.csv` });
    }
    return written;
  }, 'repeatable read');
}

/**
 * Removes deleted rows from the files of the database, and takes them out of the planner's statistics, which hold frequent
 * values. Nothing to do for a table that is not there.
 */
export async function vacuum(warehouse: Warehouse, { schema, name }: RelationName): Promise<void> {
  const table = relation(schema, name);
  const { rows } = await warehouse.query<{ there: boolean }>('select to_regclass($1) is not null as there', [table]);
  if (rows[0]?.there === true) await warehouse.query(`vacuum (analyze) ${table}`);
}

/** Every model for which surrogate keys were assigned, and its table if there is one. */
async function keyedTables(session: Session, manifest: Manifest): Promise<readonly KeyedTable[]> {
  const { rows } = await session.query<{ model: string }>('select distinct model from datacycle.surrogate_key');
  const tables: KeyedTable[] = [];
  for (const { model } of rows) {
    const node = [...manifest.nodes.values()].find((one) => one.kind === 'model' && one.name === model);
    const key = node?.kind === 'model' ? node.config.surrogate_key : undefined;
    const table = node?.kind === 'model' && (await holdsRows(session, node)) ? node.relation : undefined;
    tables.push({ model, ...(key === undefined || table === undefined ? {} : { rows: { table, key } }) });
  }
  return tables;
}

/** Whether a node's relation exists, stores rows and can be read. */
async function holdsRows(
  on: Queryable,
  { relation: { schema, name } }: Pick<SubjectNode, 'relation'>,
): Promise<boolean> {
  const { rows } = await on.query(
    `select from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
     where n.nspname = $1 and c.relname = $2 and c.relkind in ('r', 'p', 'm') and c.relispopulated`,
    [schema, name],
  );
  return rows.length > 0;
}

function explained(error: unknown, node: SubjectNode): unknown {
  if (!(error instanceof StatementError) || !['42703', '42P01'].includes(error.code)) return error;
  return new NodeError({
    what: `it cannot be told whose the rows of ${node.name} are: ${error.message}`,
    where: node.file,
    hint: `Its table is older than the project: datacycle build --select +${node.name}, then repeat. Nothing was touched.`,
    cause: error,
  });
}
