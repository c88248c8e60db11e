import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import type { Queryable, Session, Warehouse } from '../../warehouse/warehouse.ts';
import { inChunks } from '../copy-text.ts';
import { LoadFailedError, LoadInterruptedError, systemCode } from '../errors.ts';
import { listBronze } from '../sensors/list.ts';
import { type LoadOptions, type LoadSummary, NoteCollector } from '../summary.ts';
import { bronzeRows, NotATable } from './bronze.ts';
import { copyRows, stagingLine } from './reader.ts';
import { type LedgerRow, landSnapshot, type SnapshotId } from './snapshot.ts';
import { ledgerNameOf, readBronzePath, registry } from './stamp.ts';
import type { RegistryTable } from './tables.ts';
import { unfitNote } from './take.ts';

export interface Replay {
  readonly warehouse: Warehouse;
  readonly bronzeRoot: string;
  readonly options: LoadOptions;
}

/** A table of a snapshot in Bronze. */
interface BronzeTable {
  readonly table: RegistryTable;
  readonly name: string;
  /** Relative to Bronze, with forward slashes. */
  readonly path: string;
}

/** The tables of one snapshot in Bronze. */
interface BronzeSnapshot {
  readonly time: Date;
  readonly tables: BronzeTable[];
}

/**
 * Lands the snapshots in Bronze that staging does not have as they are there, oldest first, each as one load. It gets a new
 * load_id, above those of younger snapshots: which snapshot is the latest is told by its time, never by its load_id.
 */
export async function replaySnapshots({ warehouse, bronzeRoot, options }: Replay): Promise<LoadSummary> {
  const { clock, onProgress, signal } = options;
  const loads: number[] = [];
  const [rejected, skipped, warnings] = [new NoteCollector(), new NoteCollector(), new NoteCollector()];
  const checkpoint = () => {
    if (signal?.aborted === true) throw new LoadInterruptedError(loads);
  };
  const listing = await listBronze(bronzeRoot, [registry], {
    select: async (chunk) => chunk,
    checkpoint,
    onSeen: (files) => onProgress?.({ phase: 'listing', files, total: undefined, bytes: 0 }),
  });
  const snapshots = snapshotsAmong(
    listing.map(({ path }) => path),
    skipped,
  );
  let landed = 0;
  let bytes = 0;
  for (const [done, snapshot] of snapshots.entries()) {
    checkpoint();
    onProgress?.({ phase: 'landing', files: done, total: snapshots.length, bytes });
    const before = await verdictsOn(warehouse, snapshot);
    if (before.complete) {
      const unchanged = await stillRejected(bronzeRoot, snapshot, before.rejected);
      if (unchanged) {
        rejected.add(before.rejected.map(({ name, reason }) => ({ name, reason })));
        continue;
      }
    }
    const { id, ledger } = await landSnapshot({
      warehouse,
      bronze: undefined,
      clock,
      again: { time: snapshot.time, tables: snapshot.tables.map(({ table }) => table) },
      async fill(session, at) {
        const rows: LedgerRow[] = [];
        for (const table of snapshot.tables) {
          checkpoint();
          const result = await landFile(session, bronzeRoot, at, table);
          if (result.unfit) warnings.add([unfitNote(table.table, undefined)]);
          rows.push(result.ledger);
        }
        return rows;
      },
    });
    loads.push(id.loadId);
    const bad = ledger.flatMap(({ name, reason }) => (reason === undefined ? [] : [{ name, reason }]));
    rejected.add(bad);
    landed += ledger.length - bad.length;
    bytes += ledger.reduce((sum, row) => sum + row.bytes, 0);
  }
  return {
    source: registry,
    listed: 'bronze',
    landed,
    rejected: { ...rejected },
    skipped: { ...skipped },
    warnings: { ...warnings },
    loads,
    bytes,
  };
}

/** The snapshots that paths belong to, oldest first. Of a table that is there twice, the file that is not compressed. */
function snapshotsAmong(paths: readonly string[], skipped: NoteCollector): BronzeSnapshot[] {
  const found = new Map<string, BronzeSnapshot>();
  for (const path of [...paths].sort()) {
    const name = readBronzePath(path);
    if (!name.known) {
      skipped.add([{ name: path, reason: name.reason }]);
      continue;
    }
    const snapshot = found.get(name.stamp) ?? { time: name.time, tables: [] };
    found.set(name.stamp, snapshot);
    // x.json sorts before x.json.gz.
    if (snapshot.tables.some(({ table }) => table === name.table)) continue;
    snapshot.tables.push({ table: name.table, name: ledgerNameOf(name.stamp, name.table), path });
  }
  return [...found.values()].sort((a, b) => a.time.getTime() - b.time.getTime());
}

interface Verdicts {
  /** Whether all its files are in the ledger and all their rows in staging. */
  readonly complete: boolean;
  readonly rejected: readonly { name: string; reason: string; sha256: string }[];
}

async function verdictsOn(on: Queryable, { tables }: BronzeSnapshot): Promise<Verdicts> {
  const { rows } = await on.query<{ name: string; reason: string | null; sha256: string; whole: boolean }>(
    `select f.name, f.reason, f.sha256,
         l.records = (select count(*) from staging.registry_row as r where r.load_id = l.load_id) as whole
     from staging.file as f
     join staging.load as l on l.load_id = f.load_id
     where f.source = $1 and f.name = any($2::text[])`,
    [registry, tables.map(({ name }) => name)],
  );
  return {
    complete: rows.length === tables.length && rows.every(({ whole }) => whole),
    rejected: rows.flatMap(({ name, reason, sha256 }) => (reason === null ? [] : [{ name, reason, sha256 }])),
  };
}

/** Whether none of the rejected files has been replaced since. */
async function stillRejected(
  root: string,
  { tables }: BronzeSnapshot,
  rejected: Verdicts['rejected'],
): Promise<boolean> {
  for (const { name, sha256 } of rejected) {
    const table = tables.find((one) => one.name === name);
    if (table !== undefined && (await fingerprint(fileOf(root, table))).sha256 !== sha256) return false;
  }
  return true;
}

/** Reads a file through to judge it, and then again to land it, so that memory stays flat and staging gets no half table. */
async function landFile(
  session: Session,
  root: string,
  id: SnapshotId,
  { table, name, path }: BronzeTable,
): Promise<{ ledger: LedgerRow; unfit: boolean }> {
  const file = fileOf(root, { path });
  const print = { name, bronzePath: path, ...(await fingerprint(file)) };
  let rows = 0;
  let unfit = false;
  try {
    for await (const row of bronzeRows(file)) unfit = unfit || row.unfit;
  } catch (error) {
    if (!(error instanceof NotATable)) throw error;
    return { ledger: { ...print, rows, reason: error.message }, unfit: false };
  }
  const lines = async function* (): AsyncGenerator<readonly Buffer[]> {
    for await (const { json } of bronzeRows(file)) {
      rows += 1;
      yield stagingLine(id.loadId, table, rows, json);
    }
  };
  await session.copyIn(copyRows, inChunks(lines()));
  return { ledger: { ...print, rows }, unfit };
}

function fileOf(root: string, { path }: Pick<BronzeTable, 'path'>): string {
  return join(root, ...path.split('/'));
}

async function fingerprint(file: string): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    for await (const piece of createReadStream(file)) {
      hash.update(piece as Buffer);
      bytes += (piece as Buffer).length;
    }
  } catch (error) {
    throw new LoadFailedError({
      what: `cannot read ${file}: ${systemCode(error)}`,
      hint: 'Check the permissions of BRONZE_ROOT and load again; snapshots before this one stay.',
      cause: error,
    });
  }
  return { bytes, sha256: hash.digest('hex') };
}
