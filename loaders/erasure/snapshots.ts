import { dirname } from 'node:path';
import glob from 'fast-glob';
import type { Queryable } from '../../warehouse/warehouse.ts';
import { placeInBronze } from '../landing/bronze-files.ts';
import { bronzeRows, NotATable } from '../registry/bronze.ts';
import { type RegistryTable, registryTables } from '../registry/mysql/tables.ts';
import { ledgerNameOf, readBronzePath, registry } from '../registry/stamp.ts';
import { linkTables, RegistryRows } from '../registry/subject-rows.ts';
import { countOf, type RegistryIds } from '../tombstones/registry-ids.ts';
import { ruleOf } from '../tombstones/rule.ts';
import type { SubjectRequest } from './request.ts';

/** A table of a snapshot of the registry and its rows in their order, which fail with NotATable where the table is damaged. */
interface SnapshotTable<Row extends { readonly json: string }> {
  readonly table: RegistryTable;
  readonly rows: () => AsyncIterable<Row>;
}

/** In staging: the rows of one load, in pages. */
interface StagedTable extends SnapshotTable<{ readonly json: string; readonly row_no: number }> {
  readonly loadId: number;
}

/** In Bronze, compressed or not. */
export interface SnapshotFile extends SnapshotTable<{ readonly json: string }> {
  /** Relative to Bronze, with forward slashes. */
  readonly path: string;
  /** As the ledger names it. */
  readonly name: string;
}

/** The snapshots in staging, oldest first, the tables of each in the order in which rows lead to buildings. */
export async function* stagedSnapshots(on: Queryable): AsyncGenerator<readonly StagedTable[]> {
  const { rows } = await on.query<{ id: number }>('select distinct load_id as id from staging.registry_row order by 1');
  for (const { id: loadId } of rows)
    yield registryTables.map((table) => ({ table, loadId, rows: () => stagedRows(on, loadId, table) }));
}

const pageRows = 5000;

async function* stagedRows(on: Queryable, loadId: number, table: RegistryTable) {
  for (let after = 0; ; ) {
    const { rows } = await on.query<{ row_no: number; json: string }>(
      `select row_no, record::text as json from staging.registry_row
       where load_id = $1 and table_name = $2 and row_no > $3 order by row_no limit ${pageRows}`,
      [loadId, table, after],
    );
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.row_no;
    yield* rows;
  }
}

/** The snapshots in Bronze, compressed twins included, the tables of each in the order in which rows lead to buildings. */
export async function* snapshotFiles(root: string): AsyncGenerator<readonly SnapshotFile[]> {
  const options = { cwd: root, caseSensitiveMatch: false, followSymbolicLinks: false };
  const paths = await glob(`${registry}/**/*.{json,json.gz}`, options);
  const folders = new Map<string, SnapshotFile[]>();
  for (const path of paths.sort()) {
    const read = readBronzePath(path);
    if (!read.known) continue;
    const { table, stamp } = read;
    const files = folders.get(dirname(path)) ?? [];
    const rows = () => bronzeRows(placeInBronze(root, path));
    folders.set(dirname(path), [...files, { table, path, name: ledgerNameOf(stamp, table), rows }]);
  }
  const order = ({ table }: SnapshotFile) => registryTables.indexOf(table);
  for (const files of folders.values()) yield files.sort((a, b) => order(a) - order(b));
}

/**
 * What the registry called the subject's buildings, rooms and devices, as all snapshots tell.
 * @param before what is known already.
 */
export async function idsInSnapshots(
  on: Queryable,
  { bronzeRoot, subject, apartments }: SubjectRequest,
  before: RegistryIds,
): Promise<RegistryIds> {
  const rule = ruleOf(subject, apartments);
  let ids = before;
  // Again, since a later snapshot may say whose a building of an earlier one was.
  for (let known = -1; known !== countOf(ids); ) {
    known = countOf(ids);
    for (const snapshots of [stagedSnapshots(on), snapshotFiles(bronzeRoot)])
      for await (const tables of snapshots) {
        const rows = new RegistryRows(rule, ids);
        for (const one of tables)
          if (linkTables.some((link) => link === one.table)) await eachOwnRow(one, rows, () => undefined);
        ids = rows.ids;
      }
  }
  return ids;
}

/** Calls `take` for each row of a table that is the subject's. @returns false if the table is damaged and was not read to its end. */
export async function eachOwnRow<Row extends { readonly json: string }>(
  { table, rows }: SnapshotTable<Row>,
  subject: RegistryRows,
  take: (row: Row) => void,
): Promise<boolean> {
  try {
    for await (const row of rows()) if (subject.has(table, JSON.parse(row.json))) take(row);
    return true;
  } catch (error) {
    if (!(error instanceof NotATable)) throw error;
    return false;
  }
}
