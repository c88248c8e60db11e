import type { Notes } from '../../loaders/landing/summary.ts';
import type { Queryable } from '../../warehouse/warehouse.ts';

/** A source (or the nightly round of the watcher) as the ledger knows it. Times are ISO text. */
export interface SourceState {
  readonly source: string;
  readonly loads: number;
  readonly files: number;
  readonly rejected: number;
  /** The time in the name of the newest file that landed. */
  readonly newest: string | null;
  readonly lastLoad: string | null;
  readonly lastSuccess: string | null;
  readonly failures: number;
  readonly message: string | null;
  /** What could not be read when the source was listed last; null if nothing is known. */
  readonly unread: Notes | null;
}

export interface Rejected {
  readonly counts: readonly { readonly source: string; readonly reason: string; readonly files: number }[];
  /** The ten that were rejected last. */
  readonly newest: readonly { readonly source: string; readonly name: string; readonly reason: string }[];
}

const iso = (expression: string) => `to_char(${expression} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')`;

/** Everything that was ever loaded or tried; none before the first load. */
export async function readSources(on: Queryable): Promise<readonly SourceState[]> {
  if (!(await exists(on, 'staging.load'))) return [];
  // Through a row as JSON: a schema that this version has not migrated yet lacks the column.
  const attempts = (await exists(on, 'staging.attempt'))
    ? `select source, succeeded_at, failures, message, to_jsonb(t) -> 'unread' from staging.attempt as t`
    : 'select null::text, null::timestamptz, 0, null::text, null::jsonb where false';
  const { rows } = await on.query<SourceState & Record<string, unknown>>(
    `with loads as (
         select source, count(*) as loads, sum(files)::bigint as files, sum(rejected)::bigint as rejected
         from staging.load
         group by source
     ),
     attempts (source, succeeded_at, failures, message, unread) as (${attempts})
     select
         source,
         coalesce(l.loads, 0) as loads,
         coalesce(l.files, 0) as files,
         coalesce(l.rejected, 0) as rejected,
         (select ${iso('max(f.source_time)')} from staging.file as f where f.source = n.source and f.status = 'landed' and f.source_time <= now()) as newest,
         (
             select ${iso('last.finished_at')} from staging.load as last
             where last.source = n.source and last.finished_at is not null
             order by last.load_id desc limit 1
         ) as "lastLoad",
         ${iso('a.succeeded_at')} as "lastSuccess",
         coalesce(a.failures, 0) as failures,
         a.message,
         nullif(a.unread, 'null') as unread
     from (select source from loads union select source from attempts) as n (source)
     left join loads as l using (source)
     left join attempts as a using (source)
     order by source`,
  );
  return rows;
}

export async function readRejected(on: Queryable): Promise<Rejected> {
  if (!(await exists(on, 'staging.file'))) return { counts: [], newest: [] };
  const counts = await on.query<{ source: string; reason: string; files: number }>(
    `select source, reason, count(*) as files from staging.file where status = 'rejected'
     group by source, reason order by files desc, source, reason limit 50`,
  );
  const newest = await on.query<{ source: string; name: string; reason: string }>(
    `select source, name, reason from staging.file where status = 'rejected' order by file_id desc limit 10`,
  );
  return { counts: counts.rows, newest: newest.rows };
}

/** Whether a relation is there. */
export async function exists(on: Queryable, relation: string): Promise<boolean> {
  const { rows } = await on.query<{ there: boolean }>('select to_regclass($1) is not null as there', [relation]);
  return rows[0]?.there === true;
}
