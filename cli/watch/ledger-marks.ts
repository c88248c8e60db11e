import type { SourceName } from '../../loaders/landing/summary.ts';
import type { Queryable } from '../../warehouse/warehouse.ts';

/** The newest load of each source by its name in staging.load; a source without one is left out. */
export type Marks = ReadonlyMap<string, number>;

/** The newest load_id of each of these sources, whichever process landed it. */
export async function newestLoads(on: Queryable, sources: readonly string[]): Promise<Marks> {
  // One look at the end of an index each; grouping would read every load there ever was.
  const { rows } = await on.query<{ source: string; newest: number | null }>(
    `select s.source, (select max(l.load_id) from staging.load as l where l.source = s.source and l.finished_at is not null) as newest
     from unnest($1::text[]) as s (source)`,
    [[...sources]],
  );
  return new Map(rows.flatMap(({ source, newest }) => (newest === null ? [] : [[source, newest] as const])));
}

/** When each source, and the nightly round, was last dealt with successfully. */
export async function lastSuccesses(on: Queryable): Promise<ReadonlyMap<string, Date>> {
  const { rows } = await on.query<{ source: string; at: number | null }>(
    'select source, (extract(epoch from succeeded_at) * 1000)::float8 as at from staging.attempt',
  );
  return new Map(rows.flatMap(({ source, at }) => (at === null ? [] : [[source, new Date(at)] as const])));
}

/**
 * Which of these sources another process has loaded successfully since they began to fail here, and when.
 * @param failing with the time of the first failure.
 */
export async function repairedSince(
  on: Queryable,
  failing: readonly { readonly name: SourceName; readonly since: Date }[],
): Promise<ReadonlyMap<SourceName, Date>> {
  // A failure after that success would be counted in the row.
  const { rows } = await on.query<{ source: SourceName; at: number }>(
    `select a.source, (extract(epoch from a.succeeded_at) * 1000)::float8 as at
     from unnest($1::text[], $2::timestamptz[]) as f (source, since)
     join staging.attempt as a on a.source = f.source and a.failures = 0 and a.succeeded_at > f.since`,
    [failing.map(({ name }) => name), failing.map(({ since }) => since.toISOString())],
  );
  return new Map(rows.map(({ source, at }) => [source, new Date(at)]));
}

/**
 * The time of the newest data of each source in milliseconds since 1970: as the name of its newest file says or, where
 * names say nothing, of its last load.
 */
export async function newestData(
  on: Queryable,
  sources: readonly SourceName[],
): Promise<ReadonlyMap<SourceName, number>> {
  const { rows } = await on.query<{ source: SourceName; at: number | null }>(
    `select s.source, (extract(epoch from coalesce(
         (select max(f.source_time) from staging.file as f where f.source = s.source and f.source_time <= now()),
         (select max(a.succeeded_at) from staging.attempt as a where a.source = s.source)
     )) * 1000)::float8 as at
     from unnest($1::text[]) as s (source)`,
    [[...sources]],
  );
  return new Map(rows.flatMap(({ source, at }) => (at === null ? [] : [[source, at] as const])));
}

/** By topic, the messages that were there when it was seen last and are not landed. */
export async function streamLag(on: Queryable): Promise<ReadonlyMap<string, number>> {
  const { rows } = await on.query<{ topic: string; lag: number }>(
    `select topic, sum(greatest(end_offset - next_offset, 0))::float8 as lag from staging.stream_offset group by topic`,
  );
  return new Map(rows.map(({ topic, lag }) => [topic, lag]));
}
