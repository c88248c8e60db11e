// What all loaders use to land files and rows.
//
//   1. staging.ts            the tables of schema `staging`, as numbered migrations
//   2. load.ts               one load, one transaction: load_id, ledger rows and staging rows commit together
//   3. bronze.ts             a Bronze file is written under a temporary name, synced and renamed: it is whole or absent
//   4. copy-text.ts, raw-json.ts  rows as COPY text; JSON is copied byte for byte, without its secrets
//   5. attempt.ts, retry.ts, summary.ts  attempts are recorded and repeated; a summary says what was landed
//
// Loads of one source commit in the order of their load_id, so a high-water mark never passes a row that commits later.
import type { Session, Warehouse } from '../../warehouse/warehouse.ts';
import { lockLoads } from './staging.ts';
import type { SourceName } from './summary.ts';

/** What a load has to tell of itself. */
export interface LoadCounts {
  /** Ledger rows written. */
  readonly files: number;
  /** Documents, lines or rows landed. */
  readonly records: number;
  /** Of the ledger rows, those of rejected files. */
  readonly rejected: number;
}

/**
 * Runs `work` as one numbered load in one transaction: the load, its ledger rows and its staging rows are there together
 * or not at all. A load that wrote no ledger row leaves no trace.
 * @returns the load's number, undefined if it left no trace, and what `work` returned.
 */
export async function inLoad<T extends LoadCounts>(
  warehouse: Warehouse,
  source: SourceName,
  clock: () => Date,
  work: (session: Session, loadId: number) => Promise<T>,
): Promise<{ readonly loadId: number | undefined; readonly result: T }> {
  return warehouse.transaction(async (session) => {
    await lockLoads(session, source);
    const { rows } = await session.query<{ load_id: number }>(
      'insert into staging.load (source, started_at) values ($1, $2) returning load_id',
      [source, clock().toISOString()],
    );
    const loadId = Number(rows[0]?.load_id);
    const result = await work(session, loadId);
    if (result.files === 0) {
      await session.query('delete from staging.load where load_id = $1', [loadId]);
      return { loadId: undefined, result };
    }
    await session.query(
      'update staging.load set finished_at = $2, files = $3, records = $4, rejected = $5 where load_id = $1',
      [loadId, clock().toISOString(), result.files, result.records, result.rejected],
    );
    return { loadId, result };
  });
}
