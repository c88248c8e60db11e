import { StatementError } from '../../warehouse/errors.ts';
import { freeBytes } from '../../warehouse/free-space.ts';
import type { Queryable } from '../../warehouse/warehouse.ts';
import { exists } from './source-state.ts';

export interface DiskState {
  readonly bronzeFolder: string;
  /** By source, size of the files taken in as they were found. */
  readonly bronze: readonly { readonly source: string; readonly files: number; readonly bytes: number }[];
  /** Free space on the disk of Bronze; null if it cannot be determined. */
  readonly freeBytes: number | null;
  readonly databaseBytes: number | null;
}

export async function readDisk(on: Queryable, bronzeFolder: string): Promise<DiskState> {
  const bronze = (await exists(on, 'staging.file'))
    ? (
        await on.query<{ source: string; files: number; bytes: number }>(
          `select source, count(*) as files, coalesce(sum(bytes), 0)::bigint as bytes from staging.file
           where bronze_path is not null group by source order by source`,
        )
      ).rows
    : [];
  return { bronzeFolder, bronze, freeBytes: await freeBytes(bronzeFolder), databaseBytes: await databaseBytes(on) };
}

async function databaseBytes(on: Queryable): Promise<number | null> {
  try {
    const { rows } = await on.query<{ bytes: number }>('select pg_database_size(current_database()) as bytes');
    return rows[0]?.bytes ?? null;
  } catch (error) {
    // Not every role may ask.
    if (error instanceof StatementError) return null;
    throw error;
  }
}
