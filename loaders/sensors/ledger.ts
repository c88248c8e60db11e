import type { Queryable } from '../../warehouse/warehouse.ts';
import type { Before, Candidate } from './candidate.ts';

/** The name of this source in staging.load and staging.file. */
export const sensors = 'sensors';

/** A rejected file as it was judged; `stamp` is that of the source file, null if it came from Bronze. */
export interface RejectedFile extends Before {
  readonly reason: string;
  readonly stamp: string | null;
}

/** By name: landed, or how it was rejected. */
export type KnownFiles = ReadonlyMap<string, 'landed' | RejectedFile>;

/** The rows of the ledger about these files. */
export async function knownFiles(on: Queryable, files: readonly { readonly name: string }[]): Promise<KnownFiles> {
  if (files.length === 0) return new Map();
  const { rows } = await on.query<LedgerRow & { stamp: string | null }>(
    `select f.name, f.file_id, f.reason, f.sha256, f.bronze_path, f.source_stamp as stamp
     from unnest($1::text[]) as n(name)
     join staging.file f on f.source = $2 and f.name = n.name`,
    [[...new Set(files.map(({ name }) => name))], sensors],
  );
  return new Map(
    rows.map((row) => [
      row.name,
      row.reason === null ? 'landed' : { ...beforeOf(row), reason: row.reason, stamp: row.stamp },
    ]),
  );
}

/** Of these files those that are not landed: not known at all, or how they were rejected. Of a share mostly none. */
export async function notLanded(
  on: Queryable,
  files: readonly { readonly name: string }[],
): Promise<ReadonlyMap<string, 'new' | RejectedFile>> {
  if (files.length === 0) return new Map();
  // Names alone first: PostgreSQL hashes the ledger for each call, and with what else is asked of few rows it takes three times as long.
  const { rows } = await on.query<{ name: string }>(
    `select n.name
     from unnest($1::text[]) as n(name)
     where not exists (
         select from staging.file f where f.source = $2 and f.name = n.name and f.reason is null
     )`,
    [files.map(({ name }) => name), sensors],
  );
  const known = await knownFiles(on, rows);
  return new Map(
    rows.flatMap(({ name }) => {
      const file = known.get(name) ?? 'new';
      return file === 'landed' ? [] : [[name, file] as const];
    }),
  );
}

/** Of these, the files without a row in staging, each with its ledger row if it has one. */
export async function withoutRow(on: Queryable, chunk: readonly Candidate[]): Promise<readonly Candidate[]> {
  if (chunk.length === 0) return chunk;
  const { rows } = await on.query<LedgerRow & { staged: boolean }>(
    `select f.name, f.file_id, f.reason, f.sha256, f.bronze_path, s.file_id is not null as staged
     from unnest($1::text[]) as n(name)
     join staging.file f on f.source = $2 and f.name = n.name
     left join staging.sensor_file s on s.file_id = f.file_id`,
    [[...new Set(chunk.map(({ name }) => name))], sensors],
  );
  const known = new Map(rows.map((row) => [row.name, row]));
  return chunk.flatMap((candidate) => {
    const row = known.get(candidate.name);
    if (row === undefined) return [candidate];
    return row.staged ? [] : [{ ...candidate, before: beforeOf(row) }];
  });
}

type LedgerRow = {
  readonly name: string;
  readonly file_id: number;
  readonly reason: string | null;
  readonly sha256: string | null;
  readonly bronze_path: string | null;
};

function beforeOf({ file_id, reason, sha256, bronze_path }: LedgerRow): Before {
  return { fileId: file_id, reason, sha256, bronzePath: bronze_path };
}

/** Whether any sensor file was ever landed. */
export async function hasLanded(on: Queryable): Promise<boolean> {
  const { rows } = await on.query(`select 1 from staging.file where source = $1 and status = 'landed' limit 1`, [
    sensors,
  ]);
  return rows.length > 0;
}

/** Whether everything of some full listing has been landed, so that gaps are gaps and not files still to come. */
export async function listingCompleted(on: Queryable): Promise<boolean> {
  const { rows } = await on.query('select 1 from staging.load where source = $1 and listing_completed limit 1', [
    sensors,
  ]);
  return rows.length > 0;
}

/** Records that all a full listing had found is landed, with the latest load. */
export async function completeListing(on: Queryable): Promise<void> {
  await on.query(
    `update staging.load set listing_completed = true
     where load_id = (select max(load_id) from staging.load where source = $1) and not listing_completed`,
    [sensors],
  );
}

/** The newest minute in the ledger up to `latest`, in minutes since 1970; undefined if there is none. */
export async function newestMinute(on: Queryable, latest: Date): Promise<number | undefined> {
  const { rows } = await on.query<{ newest: number | null }>(
    `select (extract(epoch from max(source_time)) / 60)::int as newest
     from staging.file
     where source = $1 and source_time <= $2`,
    [sensors, latest.toISOString()],
  );
  return rows[0]?.newest ?? undefined;
}
