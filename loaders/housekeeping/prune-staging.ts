// Housekeeping of what was landed: compress.ts gzips Bronze files, prune-bronze.ts deletes them, prune-staging.ts deletes staging
// rows that Bronze still has.
//
//   1. alone.ts         takes the source's lock for a short time, so that no load meets a file that is going
//   2. ledger-files.ts  selects by the ledger: old enough, and in no latest snapshot
//   3. safety.ts        asks which rows every model has consumed; the others stay
//   4. the ledger is updated, then files go; report.ts adds up what was done and why something stayed
//
// Ledger rows always stay, so nothing is landed twice. A kill leaves at worst a file twice; the next round finishes it.
import type { Queryable, Session, Warehouse } from '../../warehouse/warehouse.ts';
import type { SourceName } from '../landing/summary.ts';
import { whileNotLoading } from './alone.ts';
import { isLatest, latestStays, monthOfFile, staged, timeOfFile } from './ledger-files.ts';
import { type PruneReport, PruneTally } from './report.ts';
import type { AskSafety, Safety } from './safety.ts';

export interface StagingPruning {
  readonly source: SourceName;
  /** Rows of files from before this may go. */
  readonly before: Date;
  readonly askSafety: AskSafety;
  /** Only say what would go. */
  readonly dryRun: boolean;
  readonly signal?: AbortSignal | undefined;
  /** Told within the transaction that deletes rows, before it commits: the largest load_id of them. */
  readonly onPruned: (session: Session, loadId: number) => Promise<void>;
}

/**
 * Deletes the staging rows of files that are old enough and that all models that read the source have consumed, in one
 * transaction. Ledger and Bronze stay: `load --from-bronze` lands the rows again.
 * @throws LoadBusyError; HousekeepingInterruptedError after `signal`; StatementError.
 */
export async function pruneStaging(warehouse: Warehouse, pruning: StagingPruning): Promise<PruneReport> {
  const { source, dryRun, signal } = pruning;
  const tally = new PruneTally(source);
  if (dryRun) {
    await survey(warehouse, pruning, await pruning.askSafety(warehouse), tally);
    return tally.report();
  }
  const went = await whileNotLoading(warehouse, source, signal, () =>
    warehouse.transaction(async (session) => {
      const safety = await pruning.askSafety(session);
      await survey(session, pruning, safety, tally);
      return safety.kind === 'up to' && remove(session, pruning, safety.loadId);
    }),
  );
  // Gives the room back to later loads; cannot be done inside a transaction.
  if (went) await warehouse.query(`vacuum ${staged[source].table}`);
  return tally.report();
}

/** The files that are due: landed, from before the time, their rows still there. */
function due(source: SourceName): string {
  return `from staging.file as f
join staging.load as l on l.load_id = f.load_id
where f.source = $1
    and f.status = 'landed'
    and ${timeOfFile} < $2
    and ${staged[source].has}`;
}

async function survey(
  on: Queryable,
  { source, before }: StagingPruning,
  safety: Safety,
  tally: PruneTally,
): Promise<void> {
  const { rows } = await on.query<{ month: string; latest: boolean; safe: boolean; files: number; bytes: number }>(
    `select ${monthOfFile} as month, ${isLatest(source)} as latest, f.load_id <= $3::bigint as safe, count(*)::int as files,
         sum(f.bytes)::bigint as bytes
     ${due(source)}
     group by 1, 2, 3`,
    [source, before.toISOString(), safety.kind === 'held' ? 0 : safety.loadId],
  );
  for (const { month, latest, safe, files, bytes } of rows) {
    if (latest) tally.kept(latestStays, files);
    else if (!safe) tally.kept(safety.reason, files);
    else tally.went(month, files, bytes);
  }
}

async function remove(session: Session, pruning: StagingPruning, loadId: number): Promise<boolean> {
  const { source, before, onPruned } = pruning;
  const { table, key } = staged[source];
  await session.query('create temporary table datacycle_pruning (file_id bigint, load_id bigint) on commit drop');
  await session.query(
    `insert into datacycle_pruning (file_id, load_id)
     select f.file_id, f.load_id
     ${due(source)} and f.load_id <= $3::bigint and not ${isLatest(source)}`,
    [source, before.toISOString(), loadId],
  );
  const { rows } = await session.query<{ newest: number | null }>(
    'select max(load_id)::bigint as newest from datacycle_pruning',
  );
  const newest = rows[0]?.newest ?? null;
  if (newest === null) return false;
  await session.query(
    `insert into staging.pruned_file (file_id) select p.file_id from datacycle_pruning as p on conflict do nothing`,
  );
  await session.query(
    `delete from ${table} as s using (select distinct p.${key} from datacycle_pruning as p) as p where s.${key} = p.${key}`,
  );
  await onPruned(session, newest);
  return true;
}

/**
 * After a load from Bronze: deletes the mark "pruned" of the files whose rows exist again.
 * @returns how many files had been pruned before and how many of them are still without rows.
 */
export async function unmarkRestored(
  session: Session,
  source: SourceName,
): Promise<{ readonly before: number; readonly left: number }> {
  const { rows } = await session.query<{ before: number }>(
    `select count(*)::int as before from staging.pruned_file as p
     join staging.file as f on f.file_id = p.file_id where f.source = $1`,
    [source],
  );
  const before = rows[0]?.before ?? 0;
  if (before === 0) return { before, left: 0 };
  const { rowCount } = await session.query(
    `delete from staging.pruned_file as p using staging.file as f
     where f.file_id = p.file_id and f.source = $1 and f.status = 'landed' and ${staged[source].has}`,
    [source],
  );
  return { before, left: before - rowCount };
}
