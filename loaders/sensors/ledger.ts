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
export async function knownFiles(on: Queryable, files: Iterable<{ readonly name: string }>): Promise<KnownFiles> {
  const names = [...new Set(Array.from(files, ({ name }) => name))];
  if (names.length === 0) return new Map();
  const { rows } = await on.query<LedgerRow & { stamp: string | null }>(
    `select f.name, f.file_id, f.reason, f.sha256, f.bronze_path, f.source_stamp as stamp
     from unnest($1::text[]) as n(name)
     join staging.file f on f.source = $2 and f.name = n.name`,
    [names, sensors],
  );
  return new Map(
    rows.map((row) => [
      row.name,
      row.reason === null ? 'landed' : { ...beforeOf(row), reason: row.reason, stamp: row.stamp },
    ]),
  );
}

/**
 * What the ledger says of these files, in their order, a letter each: `n` nothing, `l` landed, `r` rejected. One text goes to the server
 * and one comes back: of the tens of thousands that a share is asked about at once, rows would take most of the memory of a load.
 */
export async function verdictsOn(on: Queryable, files: Iterable<{ readonly name: string }>): Promise<string> {
  // No name of a file has a slash.
  const names = Array.from(files, ({ name }) => name).join('/');
  if (names === '') return '';
  const { rows } = await on.query<{ verdicts: string }>(
    `select string_agg(case when f.name is null then 'n' when f.reason is null then 'l' else 'r' end, '' order by n.place) as verdicts
     from unnest(string_to_array($1, '/')) with ordinality as n(name, place)
     left join staging.file f on f.source = $2 and f.name = n.name`,
    [names, sensors],
  );
  return rows[0]?.verdicts ?? '';
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
