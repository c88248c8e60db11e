// Finds, copies and erases the rows of one person in the tables of the project. cli/subject calls these files.
//
//   predicate.ts        the condition that a row is the subject's, from the setting `subject` and the graph
//   rows.ts             counts, exports and deletes by that condition, one transaction for each table
//   bookkeeping.ts      surrogate keys stay assigned, without the natural key; messages and bad rows of audits go
//   stored-tables.ts    which tables there are, with their columns of text
//   search.ts, words.ts search all text for the subject's names and report where they are; nothing is changed
//
// find, export and erase use the same condition, so they agree on which rows are the subject's.
import { join } from 'node:path';
import { copyToFile } from '../../warehouse/copy-to-file.ts';
import { StatementError } from '../../warehouse/errors.ts';
import { identifier, relation } from '../../warehouse/quote.ts';
import type { Queryable, Session, Warehouse } from '../../warehouse/warehouse.ts';
import { readRelation } from '../database/catalog.ts';
import { LockWaits } from '../database/locks/lock-waits.ts';
import { statement } from '../database/statement.ts';
import { behind, isViewOf } from '../manifest/lineage.ts';
import type { Manifest, Node } from '../manifest/manifest.ts';
import { replicaIdentity } from '../materialize/replica-identity.ts';
import { markPending } from '../state/batches.ts';
import { raiseRowsVersion } from '../state/models.ts';
import { NodeError } from '../text/errors.ts';
import { eraseKeys } from './bookkeeping.ts';
import { type KnownSubject, type SubjectNode, subjectNodes, subjectPredicate } from './predicate.ts';
import { storedTables } from './stored-tables.ts';

/** How many rows of a table are the subject's. */
export interface SubjectRows {
  readonly node: SubjectNode;
  /** `gold.dim_room`. */
  readonly table: string;
  readonly rows: number;
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
  const stored = await storedTables(on, manifest);
  const counts: SubjectRows[] = [];
  for (const node of subjectNodes(manifest).filter((one) => stored.has(relation(one.relation)))) {
    const query = `select count(*) as rows from ${subjectRows(node, manifest, subject)}`;
    const { rows } = await on
      .query<{ rows: number }>(query)
      .catch((error: unknown) => Promise.reject(explained(error, node)));
    const { schema, name } = node.relation;
    counts.push({ node, table: `${schema}.${name}`, rows: Number(rows[0]?.rows ?? 0) });
  }
  return counts;
}

/** `<table> as t where <its rows>` */
function subjectRows(node: SubjectNode, manifest: Manifest, subject: KnownSubject): string {
  return `${relation(node.relation)} as t where ${subjectPredicate(node, manifest, subject)}`;
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
    for (const { node, table, rows } of await countSubjectRows(session, manifest, subject)) {
      if (rows === 0) continue;
      signal.throwIfAborted();
      onTable(table);
      const order = (node.config.unique_key ?? []).map((column) => `t.${identifier(column)}`).join(', ');
      const query = `select t.* from ${subjectRows(node, manifest, subject)}${order === '' ? '' : ` order by ${order}`}`;
      const path = `${node.relation.schema}/${node.relation.name}.csv`;
      await copyToFile(session, query, join(folder, path), signal);
      written.push({ node, table, rows, path });
    }
    return written;
  }, 'repeatable read');
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
  if (node.materialized === 'materialized_view') return 0;
  const rows = subjectRows(node, manifest, subject);
  return new LockWaits(warehouse).transaction(node.name, async (session) => {
    await eraseKeys(session, node, rows);
    await statement(session, replicaIdentity(node.relation));
    const erased = (await session.query(`delete from ${rows}`)).rowCount;
    if (erased > 0) {
      await raiseRowsVersion(session, node.name);
      await rebuildSharedReaders(session, manifest, node);
    }
    return erased;
  });
}

/**
 * Makes the next run rebuild the downstream tables that belong to nobody (e.g. the minutes that have readings), since increments do
 * not see deletions. The tables of subjects are already as a rebuild would make them.
 */
async function rebuildSharedReaders(session: Session, { nodes }: Manifest, node: SubjectNode): Promise<void> {
  const isShown = (one: Node) => one.kind === 'model' && isViewOf(one);
  for (const reader of nodes.values()) {
    if (reader.kind !== 'model' || reader.subject !== 'nobody') continue;
    const upstreams = reader.reads.filter((id) => behind(nodes, [id], isShown).includes(node));
    if (upstreams.length === 0) continue;
    await session.query(
      `update datacycle.high_water set upstream_version = 'rows were erased' where model = $1 and upstream = any($2::text[])`,
      [reader.name, upstreams.map((id) => nodes.get(id)?.name)],
    );
    // Were batches that are done not to wait, one with full_refresh: false would keep them.
    await markPending(session, reader.name, undefined);
  }
}

/**
 * Refreshes every existing materialized view of the project, each after those that it reads, so that rows deleted from its
 * upstreams disappear from it. The next run rebuilds its downstream models.
 */
export async function refreshMaterializedViews(warehouse: Warehouse, { nodes, order }: Manifest): Promise<void> {
  const locks = new LockWaits(warehouse);
  for (const node of order.map((id) => nodes.get(id))) {
    if (node?.materialized !== 'materialized_view') continue;
    await locks.transaction(node.name, async (session) => {
      const existing = await readRelation(session, node.relation);
      if (existing?.kind !== 'materialized view') return;
      const beside = existing.populated && existing.unique.length > 0 ? ' concurrently' : '';
      await session.query(`refresh materialized view${beside} ${relation(node.relation)}`);
      await raiseRowsVersion(session, node.name);
      await session.query('update datacycle.model set generation = generation + 1 where model = $1', [node.name]);
    });
  }
}

/**
 * Removes deleted rows from the files of the database, and takes them out of the planner's statistics, which hold frequent
 * values.
 */
export async function vacuum(warehouse: Warehouse, manifest: Manifest): Promise<void> {
  for (const table of (await storedTables(warehouse, manifest)).keys())
    await warehouse.query(`vacuum (analyze) ${table}`);
}

function explained(error: unknown, node: SubjectNode): unknown {
  if (!(error instanceof StatementError) || !['42703', '42P01'].includes(error.code)) return error;
  return new NodeError({
    what: `the subject of the rows of ${node.name} cannot be found: ${error.message}`,
    where: node.file,
    hint: `Its table is older than the project: datacycle build --select +${node.name}, then repeat. Nothing was touched.`,
    cause: error,
  });
}
