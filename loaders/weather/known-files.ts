import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { Queryable } from '../../warehouse/warehouse.ts';

/** A file of the ledger. */
export interface KnownFile {
  readonly fileId: number;
  readonly reason: string | null;
  readonly bytes: number;
  readonly sha256: string;
  /** The name it had at the source, maybe with `.gz`; empty if Bronze no longer has it. */
  readonly fileName: string;
  readonly staged: boolean;
  /** Of a rejected file, as {@link stampOf} had it when it was judged; null if it came from Bronze. */
  readonly stamp: string | null;
}

/** Tells two states of a file at the server apart. */
export function stampOf(size: number | undefined, modified: number | undefined): string {
  return `${size ?? '?'} ${modified ?? '?'}`;
}

/** Whether a file that the ledger knows may have to be landed again. Size and time are undefined if the server does not give them. */
export function isWorthALook(
  before: KnownFile,
  { fileName, size, modified }: { fileName: string; size: number | undefined; modified: number | undefined },
): boolean {
  if (before.reason !== null) {
    return before.stamp === null ? size !== before.bytes : before.stamp !== stampOf(size, modified);
  }
  if (size === undefined) return false;
  // A compressed file cannot grow and stay what it was.
  return /\.csv$/i.test(fileName) && size > before.bytes;
}

/** Whether a file begins with all that was landed of it before. */
export async function beginsWith(path: string, before: KnownFile): Promise<boolean> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path, { end: before.bytes - 1 })) hash.update(piece as Buffer);
  return hash.digest('hex') === before.sha256;
}

/** The rows of the ledger about these names. */
export async function knownFiles(on: Queryable, names: readonly string[]): Promise<ReadonlyMap<string, KnownFile>> {
  const { rows } = await on.query<{
    name: string;
    file_id: number;
    reason: string | null;
    bytes: number;
    sha256: string;
    bronze_path: string | null;
    stamp: string | null;
    staged: boolean;
  }>(
    `select f.name, f.file_id, f.reason, f.bytes, f.sha256, f.bronze_path, f.source_stamp as stamp,
         exists (select from staging.weather_chunk c where c.file_id = f.file_id) as staged
     from staging.file f
     where f.source = 'weather' and f.name = any($1::text[])`,
    [[...new Set(names)]],
  );
  return new Map(
    rows.map((row) => [
      row.name,
      {
        fileId: row.file_id,
        reason: row.reason,
        bytes: row.bytes,
        sha256: row.sha256,
        fileName: row.bronze_path?.slice(row.bronze_path.lastIndexOf('/') + 1) ?? '',
        staged: row.staged,
        stamp: row.stamp,
      },
    ]),
  );
}
