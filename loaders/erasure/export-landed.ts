import { writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { copyToFile } from '../../warehouse/copy-to-file.ts';
import { createFolders } from '../../warehouse/make-folders.ts';
import type { Session, Warehouse } from '../../warehouse/warehouse.ts';
import { checkpoint, whileNotLoading } from '../housekeeping/alone.ts';
import { isLeftover } from '../landing/bronze.ts';
import { assertBronze } from '../landing/bronze-files.ts';
import { atOnce } from '../landing/in-order.ts';
import { isCompressed } from '../landing/ledger-name.ts';
import { readSource } from '../landing/source-file.ts';
import { ensureStaging } from '../landing/staging.ts';
import { NoteCollector, type Notes } from '../landing/summary.ts';
import { NotATable } from '../registry/bronze.ts';
import { registry } from '../registry/stamp.ts';
import { RegistryRows } from '../registry/subject-rows.ts';
import { sensors } from '../sensors/ledger.ts';
import { maxFileBytes, sensorPayload, tooBig } from '../sensors/payload.ts';
import { noIds, type RegistryIds } from '../tombstones/registry-ids.ts';
import { ruleOf } from '../tombstones/rule.ts';
import { hasTombstones, registryIds } from './known-ids.ts';
import type { LandedCounts, RowCounts, SubjectRequest } from './request.ts';
import { bronzeFiles } from './sensor-files.ts';
import { countOwn, rowsOf, type SnapshotFile, snapshotFiles } from './snapshots.ts';
import { countRows, type HeldTable, heldTables } from './staging-rows.ts';

/** What was written. */
export interface LandedExported extends LandedCounts {
  /** Files that could not be exported and why: in a damaged file the secret api_token cannot be located. */
  readonly leftOut: Notes;
}

/**
 * Writes what was landed of a subject into a folder: `staging/*.csv`, one file for each table, all from one snapshot, and `bronze/`,
 * with its sensor files decompressed and without api_token, and its rows of the registry as JSON lines. No load runs meanwhile.
 * @param folder in which `staging` and `bronze` are created; files in them are overwritten.
 * @throws SourceError if Bronze is not where it should be; LoadBusyError if a load goes on for longer than half a minute;
 * HousekeepingInterruptedError after `signal`; the system's error if the folder cannot be written.
 * @example await exportLanded(warehouse, { bronzeRoot, subject }, 'exports/jimmy')
 */
export async function exportLanded(
  warehouse: Warehouse,
  request: SubjectRequest,
  folder: string,
): Promise<LandedExported> {
  await ensureStaging(warehouse);
  for (const source of [sensors, registry] as const) await assertBronze(warehouse, request.bronzeRoot, source, false);
  return whileHeld(warehouse, request, async (ids) => {
    const rows = await warehouse.transaction(
      async (session) => exportRows(session, await heldTables(session, request, ids), join(folder, 'staging')),
      'repeatable read',
    );
    return { rows, ...(await exportBronze(request, ids, join(folder, 'bronze'))) };
  });
}

/** How much is held of a subject, and what the registry has ever called its buildings, rooms and devices. */
export interface LandedHeld extends LandedCounts {
  readonly ids: RegistryIds;
}

/** Counts all that {@link exportLanded} would look at; nothing if nothing was ever landed. Throws as it does. */
export async function countLanded(warehouse: Warehouse, request: SubjectRequest): Promise<LandedHeld> {
  const { bronzeRoot, subject, apartments } = request;
  if (!(await hasTombstones(warehouse))) return { rows: {}, bronzeFiles: 0, snapshotRows: 0, ids: noIds };
  return whileHeld(warehouse, request, async (ids) => {
    const rows = await warehouse.transaction(async (session) =>
      countRows(session, await heldTables(session, request, ids)),
    );
    let files = 0;
    for await (const { names } of bronzeFiles(bronzeRoot, subject)) files += names.length;
    let snapshotRows = 0;
    for (const snapshot of await snapshotFiles(bronzeRoot)) {
      const own = new RegistryRows(ruleOf(subject, apartments), [ids]);
      for (const file of snapshot) snapshotRows += (await countOwn(bronzeRoot, file, own)).rows;
    }
    return { rows, bronzeFiles: files, snapshotRows, ids };
  });
}

/** Does `work` while no load runs, with the registry's ids of the subject's buildings, rooms and devices. */
async function whileHeld<T>(
  warehouse: Warehouse,
  request: SubjectRequest,
  work: (ids: RegistryIds) => Promise<T>,
): Promise<T> {
  return whileNotLoading(warehouse, sensors, request.signal, () =>
    whileNotLoading(warehouse, registry, request.signal, async () => work(await registryIds(warehouse, request))),
  );
}

async function exportRows(session: Session, tables: readonly HeldTable[], folder: string): Promise<RowCounts> {
  const counts = await countRows(session, tables);
  for (const { name, condition, columns, order } of tables) {
    if (counts[name] === 0) continue;
    const query = `select ${columns} from staging.${name} as t where ${condition} order by ${order}`;
    await copyToFile(session, query, join(folder, `${name}.csv`));
  }
  return counts;
}

async function exportBronze(
  { bronzeRoot, subject, apartments, signal }: SubjectRequest,
  ids: RegistryIds,
  to: string,
): Promise<Omit<LandedExported, 'rows'>> {
  const leftOut = new NoteCollector();
  let files = 0;
  for await (const { folder: from, names } of bronzeFiles(bronzeRoot, subject)) {
    checkpoint(signal);
    const place = relative(resolve(bronzeRoot), from);
    // Of a file and its compressed twin, one.
    const wanted = names.filter(
      (name) => !isLeftover(name) && !(isCompressed(name) && names.includes(name.slice(0, -3))),
    );
    if (wanted.length > 0) await createFolders(join(to, place));
    await atOnce(wanted, 16, async (name) => {
      const reason = await copyOne(join(from, name), join(to, place, isCompressed(name) ? name.slice(0, -3) : name));
      if (reason === undefined) files += 1;
      else leftOut.add([{ name: join(place, name).split(sep).join('/'), reason }]);
    });
  }
  let snapshotRows = 0;
  for (const snapshot of await snapshotFiles(bronzeRoot)) {
    checkpoint(signal);
    const rows = new RegistryRows(ruleOf(subject, apartments), [ids]);
    const paths = snapshot.map(({ path }) => path);
    for (const file of snapshot) {
      if (isCompressed(file.path) && paths.includes(file.path.slice(0, -3))) continue;
      snapshotRows += await exportSnapshotRows(bronzeRoot, file, rows, to, leftOut);
    }
  }
  return { bronzeFiles: files, snapshotRows, leftOut: { ...leftOut } };
}

/** Returns why a file was left out. */
async function copyOne(from: string, to: string): Promise<string | undefined> {
  const source = await readSource(from, maxFileBytes);
  if (source.kind === 'skipped') return source.reason;
  if (source.kind === 'big') return tooBig;
  const payload = sensorPayload(source.bytes, isCompressed(from));
  if (!payload.ok) return payload.reason;
  await writeFile(to, payload.json);
  return undefined;
}

async function exportSnapshotRows(
  root: string,
  file: SnapshotFile,
  rows: RegistryRows,
  to: string,
  leftOut: NoteCollector,
): Promise<number> {
  const target = join(to, ...file.path.replace(/\.json(?:\.gz)?$/i, '.jsonl').split('/'));
  const lines: string[] = [];
  try {
    for await (const json of rowsOf(root, file, rows, 'theirs')) lines.push(`${json}\n`);
  } catch (error) {
    if (!(error instanceof NotATable)) throw error;
    leftOut.add([{ name: file.path, reason: error.message }]);
  }
  if (lines.length === 0) return 0;
  await createFolders(dirname(target));
  await writeFile(target, lines);
  return lines.length;
}
