import type { Queryable } from '../../warehouse/warehouse.ts';
import type { SourceName } from '../landing/summary.ts';
import type { Candidate } from './candidate.ts';

/** The name of this source in staging.load and staging.file. */
export const sensors = 'sensors';

/** Of these, the files the ledger does not know: neither landed nor rejected. */
export async function unknownToLedger<C extends { readonly name: string }>(
  on: Queryable,
  source: SourceName,
  chunk: readonly C[],
): Promise<readonly C[]> {
  if (chunk.length === 0) return chunk;
  const { rows } = await on.query<{ name: string }>(
    `select f.name
     from unnest($1::text[]) as n(name)
     join staging.file f on f.source = $2 and f.name = n.name`,
    [[...new Set(chunk.map(({ name }) => name))], source],
  );
  const known = new Set(rows.map(({ name }) => name));
  return chunk.filter(({ name }) => !known.has(name));
}

/** Of these, the files without a row in staging, each with its ledger row if it has one. */
export async function withoutRow(on: Queryable, chunk: readonly Candidate[]): Promise<readonly Candidate[]> {
  if (chunk.length === 0) return chunk;
  const { rows } = await on.query<{ name: string; file_id: number; reason: string | null; staged: boolean }>(
    `select f.name, f.file_id, f.reason, s.file_id is not null as staged
     from unnest($1::text[]) as n(name)
     join staging.file f on f.source = $2 and f.name = n.name
     left join staging.sensor_file s on s.file_id = f.file_id`,
    [[...new Set(chunk.map(({ name }) => name))], sensors],
  );
  const known = new Map(rows.map((row) => [row.name, row]));
  return chunk.flatMap((candidate) => {
    const row = known.get(candidate.name);
    if (row === undefined) return [candidate];
    return row.staged ? [] : [{ ...candidate, before: { fileId: row.file_id, reason: row.reason } }];
  });
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
