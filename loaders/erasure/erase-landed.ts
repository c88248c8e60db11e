// Counts, exports and erases what was landed of one subject. cli/subject calls this while no load runs.
//
//   request.ts        whose, where Bronze is, how progress is told
//   known-ids.ts      what the registry ever called its buildings, rooms and devices; recorded on the tombstone first
//   staging-rows.ts   its rows in staging, deleted in one transaction
//   sensor-files.ts   its sensor files in Bronze and in the ledger
//   snapshots.ts      its rows in the registry's snapshots; each file is rewritten with the rows of others
//   export-landed.ts  the same rows and files, copied
//
// Only what is the subject's by ids and names of files is touched. Killed anywhere, a repeated erasure finishes the work.
import { basename, dirname } from 'node:path';
import type { Queryable, Session, Warehouse } from '../../warehouse/warehouse.ts';
import { checkpoint, whileNotLoading } from '../housekeeping/alone.ts';
import { BronzeWriter, rejectedFolder } from '../landing/bronze.ts';
import { assertBronze, placeInBronze, twinOf } from '../landing/bronze-files.ts';
import { LoadFailedError } from '../landing/errors.ts';
import { ensureStaging, predictionOrderLock } from '../landing/staging.ts';
import { registry } from '../registry/stamp.ts';
import { RegistryRows } from '../registry/subject-rows.ts';
import { sweepKilled } from '../registry/sweep.ts';
import { sensors } from '../sensors/ledger.ts';
import type { RegistryIds } from '../tombstones/registry-ids.ts';
import { ruleOf, type Subject } from '../tombstones/rule.ts';
import { rememberIds, tombstoneOf } from '../tombstones/tombstone.ts';
import { registryIds } from './known-ids.ts';
import type { LandedCounts, RowCounts, SubjectRequest } from './request.ts';
import { apartmentFolder, bronzeFiles, deleteFiles } from './sensor-files.ts';
import { eraseFromFile, snapshotFiles } from './snapshots.ts';
import { countRows, type HeldTable, heldTables } from './staging-rows.ts';

/** What an erasure deleted; repeated, what the one before had left. */
export interface LandedErased extends LandedCounts {
  /** Error messages of loads that named the subject. */
  readonly messages: number;
  /** Damaged files of the registry in Bronze, whose content cannot be determined. */
  readonly damaged: readonly string[];
}

/**
 * Erases what was landed of a subject that has a tombstone: first in staging, in one transaction, then in Bronze, while no load of
 * sensors or the registry runs. Nothing else is touched. After a stop or a kill at any point, a repeated erasure finishes it.
 * @throws SourceError, before anything is deleted, if Bronze is not where it should be or the id names no folder of its own
 * there; DatacycleError if there is no tombstone; LoadBusyError if a load goes on for longer than half a minute;
 * LoadFailedError if Bronze cannot be written; HousekeepingInterruptedError after `signal`. No message names the subject.
 * @example await eraseLanded(warehouse, { bronzeRoot, subject: { id: 'jimmy', owner: 'JimmyLoup' } })
 */
export async function eraseLanded(warehouse: Warehouse, request: SubjectRequest): Promise<LandedErased> {
  const { bronzeRoot, subject, signal } = request;
  apartmentFolder(bronzeRoot, subject.id);
  await ensureStaging(warehouse);
  const tombstone = await tombstoneOf(warehouse, subject);
  for (const source of [sensors, registry] as const) await assertBronze(warehouse, bronzeRoot, source, false);
  const erased = await whileNotLoading(warehouse, sensors, signal, () =>
    whileNotLoading(warehouse, registry, signal, async () => {
      await sweep(warehouse, bronzeRoot);
      // Before the rows go that tell which buildings, rooms and devices are the subject's.
      const ids = await registryIds(warehouse, request);
      await rememberIds(warehouse, tombstone, ids);
      checkpoint(signal);
      const rows = await warehouse.transaction((session) => eraseRows(session, request, ids));
      const files = await eraseFiles(request);
      const snapshots = await eraseFromSnapshots(warehouse, request, ids);
      return { rows, bronzeFiles: files, ...snapshots };
    }),
  );
  const messages = await eraseMessages(warehouse, subject);
  // Deleted rows stay in the files of the database until it is vacuumed; that cannot be done inside a transaction.
  for (const table of ['sensor_file', 'registry_row', 'prediction', 'file', 'attempt']) {
    await warehouse.query(`vacuum (analyze) staging.${table}`);
  }
  return { ...erased, messages };
}

/** Drafts of killed loads hold rows, too. */
async function sweep(warehouse: Warehouse, bronzeRoot: string): Promise<void> {
  const [left] = await sweepKilled({ warehouse, bronzeRoot, options: { mode: 'new', clock: () => new Date() } });
  if (left === undefined) return;
  throw new LoadFailedError({
    what: `${left.name}: ${left.reason}`,
    hint: 'Then erase again: it goes on where it stopped.',
  });
}

async function eraseRows(session: Session, request: SubjectRequest, ids: RegistryIds): Promise<RowCounts> {
  // Waits for transactions that write predictions: rows written before the tombstone are visible then, later ones are not stored.
  await session.query('select pg_advisory_xact_lock($1)', [predictionOrderLock]);
  const tables = await heldTables(session, request, ids);
  await deleteStrays(session, request);
  const counts = await countRows(session, tables);
  await session.query('delete from staging.pruned_file where file_id in (select file_id from subject_file)');
  // A load from Bronze compares it with the rows that are there.
  await session.query(
    `update staging.load as l set records = l.records - gone.rows
     from (select load_id, count(*) as rows from subject_row group by load_id) as gone
     where l.load_id = gone.load_id`,
  );
  for (const { name, condition } of tables) await session.query(deletion(name, condition));
  return counts;
}

function deletion(name: HeldTable['name'], condition: string): string {
  return `delete from staging.${name} as t where ${condition}`;
}

/** Files outside of the apartment's folder in Bronze, which only a ledger that was changed by hand knows. */
async function deleteStrays(session: Session, { bronzeRoot, subject }: SubjectRequest): Promise<void> {
  const { rows } = await session.query<{ path: string }>(
    `select path from subject_file where path is not null and split_part(path, '/', 1) <> all($1::text[])`,
    [[subject.id, rejectedFolder]],
  );
  for (const { path } of rows) {
    const place = placeInBronze(bronzeRoot, path);
    await deleteFiles(bronzeRoot, { folder: dirname(place), names: [basename(place), basename(twinOf(place))] });
  }
}

/** Files deleted between two signs of progress. */
const someFiles = 1000;

async function eraseFiles({ bronzeRoot, subject, signal, onProgress }: SubjectRequest): Promise<number> {
  let files = 0;
  let told = 0;
  for await (const found of bronzeFiles(bronzeRoot, subject)) {
    checkpoint(signal);
    await deleteFiles(bronzeRoot, found);
    files += found.names.length;
    if (files - told < someFiles) continue;
    told = files;
    onProgress?.({ part: 'sensor files in Bronze', files });
  }
  onProgress?.({ part: 'sensor files in Bronze', files });
  return files;
}

async function eraseFromSnapshots(
  warehouse: Warehouse,
  { bronzeRoot, subject, apartments, signal, onProgress }: SubjectRequest,
  ids: RegistryIds,
): Promise<{ readonly snapshotRows: number; readonly damaged: readonly string[] }> {
  const rule = ruleOf(subject, apartments);
  const bronze = new BronzeWriter(bronzeRoot);
  const damaged: string[] = [];
  let snapshotRows = 0;
  let seen = 0;
  try {
    for (const files of await snapshotFiles(bronzeRoot)) {
      const rows = new RegistryRows(rule, [ids]);
      for (const file of files) {
        checkpoint(signal);
        const erased = await eraseFromFile(warehouse, bronze, bronzeRoot, file, rows);
        snapshotRows += erased.rows;
        if (erased.isDamaged) damaged.push(file.path);
      }
      await bronze.settle();
      seen += files.length;
      onProgress?.({ part: 'registry in Bronze', files: seen });
    }
  } catch (error) {
    await bronze.discard();
    throw error;
  }
  return { snapshotRows, damaged };
}

/** Replaces what the last failed load said, if it names the subject, e.g. in a path. Returns how many there were. */
async function eraseMessages(on: Queryable, subject: Subject): Promise<number> {
  const rules = [ruleOf(subject), ruleOf({ id: subject.id, owner: subject.id })];
  const { rows } = await on.query<{ source: string; message: string }>(
    'select source, message from staging.attempt where message is not null',
  );
  const named = rows.filter(({ message }) => rules.some((rule) => rule.isNamedIn(message)));
  await on.query('update staging.attempt set message = $2 where source = any($1::text[])', [
    named.map(({ source }) => source),
    'the message named an apartment that was erased',
  ]);
  return named.length;
}
