import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import type { Queryable, Session, Warehouse } from '../../warehouse/warehouse.ts';
import type { Apartment } from '../landing/apartment.ts';
import { inChunks } from '../landing/copy-text.ts';
import { LoadFailedError, LoadInterruptedError, notInBronze, systemCode } from '../landing/errors.ts';
import { type LoadOptions, type LoadSummary, type Note, NoteCollector } from '../landing/summary.ts';
import { listBronze } from '../sensors/list.ts';
import { bronzeRows, NotATable } from './bronze.ts';
import { type BronzeSnapshot, type BronzeTable, snapshotsAmong, Wholeness } from './bronze-snapshot.ts';
import type { AllowedColumns } from './mysql/columns.ts';
import { copyRows, stagingLine } from './reader.ts';
import { type LedgerRow, landSnapshot, type SnapshotId } from './snapshot.ts';
import { registry } from './stamp.ts';
import { type ErasedRows, erasedRows } from './subject-rows.ts';
import { unfitNote } from './take.ts';

export interface Replay {
  readonly warehouse: Warehouse;
  readonly bronzeRoot: string;
  readonly options: LoadOptions;
  readonly apartments: readonly Apartment[] | undefined;
  readonly columns: AllowedColumns;
  /** What there is to say before it begins. */
  readonly notes: readonly Note[];
}

/**
 * Lands the snapshots in Bronze that staging lacks or has in another form, oldest first, each as one load. Each gets a new load_id,
 * above those of later snapshots: the latest snapshot is the one with the latest time, not the largest load_id. A snapshot that the
 * ledger does not know must be complete.
 */
export async function replaySnapshots({
  warehouse,
  bronzeRoot,
  options,
  apartments,
  columns,
  notes,
}: Replay): Promise<LoadSummary> {
  const { clock, file: only, onProgress, signal } = options;
  const loads: number[] = [];
  const [rejected, skipped, warnings] = [new NoteCollector(), new NoteCollector(), new NoteCollector()];
  warnings.add(notes);
  const checkpoint = () => {
    if (signal?.aborted === true) throw new LoadInterruptedError(loads);
  };
  const listing = await listBronze(bronzeRoot, [registry], {
    select: async (chunk) => chunk,
    checkpoint,
    onSeen: (files) => onProgress?.({ phase: 'listing', files, total: undefined, bytes: 0 }),
  });
  const snapshots = snapshotsAmong(
    Array.from(listing, ({ path }) => path),
    skipped,
  ).filter(({ tables }) => only === undefined || tables.some(({ name }) => name === only));
  if (only !== undefined && snapshots.length === 0) throw notInBronze(registry, only);
  const wholeness = await Wholeness.among(warehouse, bronzeRoot, snapshots);
  let landed = 0;
  let ignored = 0;
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
    const verdict = await wholeness.of(snapshot, before.known);
    if (verdict.note !== undefined) (verdict.accepted ? warnings : skipped).add([verdict.note]);
    if (!verdict.accepted) continue;
    const { id, ledger } = await landSnapshot({
      warehouse,
      bronze: undefined,
      clock,
      again: { time: snapshot.time, tables: snapshot.tables.map(({ table }) => table) },
      async fill(session, at) {
        const rows: LedgerRow[] = [];
        const erased = await erasedRows(session, apartments);
        for (const table of snapshot.tables) {
          checkpoint();
          const result = await landFile({ session, root: bronzeRoot, id: at, erased, columns }, table);
          if (result.unfit) warnings.add([unfitNote(table.table, undefined)]);
          rows.push(result.ledger);
          ignored += result.ignored;
        }
        await erased?.record(session);
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
    ignored,
    warnings: { ...warnings },
    loads,
    bytes,
  };
}

interface Verdicts {
  /** Whether the ledger has any of its files. */
  readonly known: boolean;
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
    known: rows.length > 0,
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

interface FileLanding {
  readonly session: Session;
  readonly root: string;
  readonly id: SnapshotId;
  readonly erased: ErasedRows | undefined;
  readonly columns: AllowedColumns;
}

/** Reads a file through to judge it, and then again to land it, so that memory stays flat and staging gets no half table. */
async function landFile(
  { session, root, id, erased, columns }: FileLanding,
  { table, name, path }: BronzeTable,
): Promise<{ ledger: LedgerRow; ignored: number; unfit: boolean }> {
  const file = fileOf(root, { path });
  const print = { name, bronzePath: path, ...(await fingerprint(file)) };
  let rows = 0;
  let ignored = 0;
  let unfit = false;
  const isRead = (column: string) => columns.has(table, column);
  try {
    for await (const row of bronzeRows(file, isRead)) unfit = unfit || row.unfit;
  } catch (error) {
    if (!(error instanceof NotATable)) throw error;
    return { ledger: { ...print, rows, reason: error.message }, ignored, unfit: false };
  }
  const lines = async function* (): AsyncGenerator<readonly Buffer[]> {
    for await (const { json } of bronzeRows(file, isRead)) {
      if (erased?.has(table, JSON.parse(json)) === true) {
        ignored += 1;
        continue;
      }
      rows += 1;
      yield stagingLine(id.loadId, table, rows, json);
    }
  };
  await session.copyIn(copyRows, inChunks(lines()));
  return { ledger: { ...print, rows }, ignored, unfit };
}

function fileOf(root: string, { path }: Pick<BronzeTable, 'path'>): string {
  return join(root, ...path.split('/'));
}

/** Size and SHA-256 of what was landed: of a file that was compressed since, what is in it. */
async function fingerprint(file: string): Promise<{ bytes: number; sha256: string }> {
  if (!/\.gz$/i.test(file)) return digest(file, false);
  // A damaged one is rejected, as it is.
  return (await digest(file, true).catch(ifDamaged)) ?? digest(file, false);
}

function ifDamaged(error: unknown): undefined {
  const { cause } = error as Error;
  if (!systemCode(cause).startsWith('Z_')) throw error;
}

async function digest(file: string, unpack: boolean): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    const count = async (pieces: AsyncIterable<Buffer>) => {
      for await (const piece of pieces) {
        hash.update(piece);
        bytes += piece.length;
      }
    };
    const source = createReadStream(file);
    await (unpack ? pipeline(source, createGunzip(), count) : pipeline(source, count));
  } catch (error) {
    throw new LoadFailedError({
      what: `cannot read ${file}: ${systemCode(error)}`,
      hint: 'Check the permissions of BRONZE_ROOT and load again; snapshots before this one stay.',
      cause: error,
    });
  }
  return { bytes, sha256: hash.digest('hex') };
}
