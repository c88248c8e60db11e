import { StatementError } from '../../warehouse/errors.ts';
import type { Session, Warehouse } from '../../warehouse/warehouse.ts';
import type { BronzeWriter } from '../landing/bronze.ts';
import { LoadFailedError } from '../landing/errors.ts';
import { inLoad } from '../landing/load.ts';
import { manifestOf, manifestPathOf } from './manifest.ts';
import type { RegistryTable } from './mysql/tables.ts';
import { ledgerNameOf, registry, stampOf, timeOfStamp } from './stamp.ts';

/** What the ledger keeps of one table of a snapshot. */
export interface LedgerRow {
  /** `<stamp>/<table>.json` */
  readonly name: string;
  readonly bronzePath: string;
  readonly bytes: number;
  /** In hexadecimal. */
  readonly sha256: string;
  /** How many rows are in staging now. */
  readonly rows: number;
  /** Why it was rejected; undefined if it was landed. */
  readonly reason?: string | undefined;
}

export interface Snapshot {
  readonly warehouse: Warehouse;
  /** Where new files go; undefined if they come from Bronze. */
  readonly bronze: BronzeWriter | undefined;
  readonly clock: () => Date;
  /** A snapshot that was taken before, and its tables that are landed again; undefined for one that is taken now. */
  readonly again: { readonly time: Date; readonly tables: readonly RegistryTable[] } | undefined;
  /** Lands the tables one after the other. */
  readonly fill: (session: Session, at: SnapshotId) => Promise<readonly LedgerRow[]>;
}

export interface SnapshotId {
  readonly loadId: number;
  readonly stamp: string;
  readonly time: Date;
}

/**
 * Lands one snapshot in one transaction: the load, its ledger rows and its staging rows are there together or not at all,
 * and not before Bronze has the files. What staging has of tables that are landed again is replaced. The manifest of a new
 * snapshot is a draft until the commit, so that a later load can tell what a killed one left: see sweep.ts.
 * @throws LoadFailedError if PostgreSQL refuses it; it was rolled back. What `fill` throws is passed on.
 */
export async function landSnapshot(snapshot: Snapshot): Promise<{ id: SnapshotId; ledger: readonly LedgerRow[] }> {
  const { warehouse, bronze, clock, fill } = snapshot;
  let manifest: string | undefined;
  try {
    const { result } = await inLoad(warehouse, registry, clock, async (session, loadId) => {
      const time = snapshot.again?.time ?? (await nextTime(session, clock()));
      const stamp = stampOf(time);
      const id = { loadId, stamp, time };
      if (snapshot.again !== undefined) await deleteTables(session, stamp, snapshot.again.tables);
      const ledger = await fill(session, id);
      await bronze?.write(manifestPathOf(stamp), manifestOf(time, ledger));
      manifest = manifestPathOf(stamp);
      const outcomes = await Promise.allSettled([bronze?.settle(manifest), writeLedger(session, id, ledger)]);
      for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
      return {
        files: ledger.length,
        records: ledger.reduce((sum, row) => sum + row.rows, 0),
        rejected: ledger.filter(({ reason }) => reason !== undefined).length,
        id,
        ledger,
      };
    });
    // What cannot be shown now a later load shows, since the ledger knows the snapshot.
    await bronze?.settle().catch(() => undefined);
    return result;
  } catch (error) {
    // Files may be visible already, and a commit without an answer may have succeeded: a later load asks the ledger.
    await bronze?.discard(manifest);
    if (!(error instanceof StatementError)) throw error;
    // PostgreSQL's detail and context quote rows, and so may the message where it is about data.
    const aboutData = /^(?:22|23|54)/.test(error.code);
    throw new LoadFailedError({
      what: `a snapshot of the registry could not be landed: ${
        aboutData ? 'PostgreSQL refused its data' : error.message
      } (SQLSTATE ${error.code})`,
      hint: 'It was rolled back as a whole, the last snapshot stays; once the cause is gone, load again.',
    });
  }
}

/**
 * The time of a new snapshot, to the second, later than that of every other: silver takes the snapshot with the latest
 * time, and a clock that was set back must not make it an old one.
 */
async function nextTime(session: Session, now: Date): Promise<Date> {
  const { rows } = await session.query<{ name: string | null }>(
    `select max(split_part(name, '/', 1)) as name from staging.file where source = $1`,
    [registry],
  );
  const newest = timeOfStamp(rows[0]?.name ?? '');
  const second = Math.floor(now.getTime() / 1000) * 1000;
  return new Date(newest === undefined ? second : Math.max(second, newest.getTime() + 1000));
}

/** Deletes tables of a snapshot from staging and the ledger. */
async function deleteTables(session: Session, stamp: string, tables: readonly RegistryTable[]): Promise<void> {
  const names = tables.map((table) => ledgerNameOf(stamp, table));
  await session.query(
    `delete from staging.registry_row as r
     using staging.file as f, unnest($2::text[], $3::text[]) as t (table_name, name)
     where f.source = $1 and f.name = t.name and r.load_id = f.load_id and r.table_name = t.table_name`,
    [registry, tables, names],
  );
  await session.query('delete from staging.file where source = $1 and name = any($2::text[])', [registry, names]);
}

async function writeLedger(session: Session, id: SnapshotId, ledger: readonly LedgerRow[]): Promise<void> {
  await session.query(
    `insert into staging.file (source, name, bronze_path, bytes, sha256, load_id, status, reason, source_time)
     select $1, f.name, f.bronze_path, f.bytes, f.sha256, $2, case when f.reason is null then 'landed' else 'rejected' end,
         f.reason, $3
     from unnest($4::text[], $5::text[], $6::bigint[], $7::text[], $8::text[])
         as f (name, bronze_path, bytes, sha256, reason)`,
    [
      registry,
      id.loadId,
      id.time.toISOString(),
      ledger.map(({ name }) => name),
      ledger.map(({ bronzePath }) => bronzePath),
      ledger.map(({ bytes }) => bytes),
      ledger.map(({ sha256 }) => sha256),
      ledger.map(({ reason }) => reason ?? null),
    ],
  );
}
