import type { Queryable } from '../../warehouse/warehouse.ts';
import type { Notes, SourceName } from './summary.ts';

/** What staging.attempt has a row for: the sources, the nightly round of the watcher, and its weekly tests of all rows. */
export type Attempted = SourceName | 'nightly' | 'full_tests' | 'training';

/**
 * Records that a source was loaded without a fault, whether or not there was anything new.
 * @param unread what could not be read although the rest could; undefined leaves what is known of that as it is.
 */
export async function recordSuccess(on: Queryable, source: Attempted, at: Date, unread?: Notes): Promise<void> {
  await on.query(
    `insert into staging.attempt as a (source, attempted_at, succeeded_at, unread) values ($1, $2, $2, $3)
     on conflict (source) do update set attempted_at = $2, succeeded_at = $2, failures = 0, message = null,
         unread = coalesce($3, a.unread)`,
    [source, at.toISOString(), unread === undefined ? null : JSON.stringify(unread)],
  );
}

/** Records that a source could not be loaded and why, for `status`. @param message without secrets. */
export async function recordFailure(on: Queryable, source: Attempted, at: Date, message: string): Promise<void> {
  await on.query(
    `insert into staging.attempt as a (source, attempted_at, failures, message) values ($1, $2, 1, $3)
     on conflict (source) do update set attempted_at = $2, failures = a.failures + 1, message = $3`,
    [source, at.toISOString(), message],
  );
}
