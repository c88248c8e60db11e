import { sessionWords } from '../../../warehouse/session-words.ts';
import type { Queryable, Row } from '../../../warehouse/warehouse.ts';

/** A transaction of another session for which a statement waits. */
export interface Blocker {
  /** Its server process; 0 for a prepared transaction, which has none. */
  readonly pid: number;
  /** Which transaction of that process, as pg_locks names it. */
  readonly transaction: string | null;
  /** Whether it is one of this process. */
  readonly own: boolean;
  /** Who it is, for messages. */
  readonly words: string;
}

/** A statement that waits for a lock. */
export interface Waiting {
  readonly blockers: readonly Blocker[];
  /** For how long, in milliseconds. */
  readonly waitedMs: number;
  /** How many sessions of others wait for it in their turn. */
  readonly held: number;
}

/** What the statement of this server process waits for; undefined if it waits for no lock. */
export async function waitingOf(on: Queryable, pid: number): Promise<Waiting | undefined> {
  const { rows } = await on.query<Row & Blocker & { readonly waited: number; readonly held: number }>(waitingSql, [
    pid,
  ]);
  const [first] = rows;
  return first && { blockers: rows, waitedMs: Number(first.waited), held: Number(first.held) };
}

/** Which of these transactions have not ended. */
export async function stillThere(on: Queryable, blockers: readonly Blocker[]): Promise<readonly Blocker[]> {
  const { rows } = await on.query<{ pid: number; transaction: string | null }>(
    `select b.pid, b.transaction
     from unnest($1::int[], $2::text[]) as b (pid, transaction)
     where case b.pid
         when 0 then exists (select from pg_prepared_xacts where database = current_database())
         else exists (
             select from pg_locks as l
             where l.pid = b.pid
                 and l.granted
                 -- An advisory lock may be held without a transaction.
                 and (l.virtualtransaction = b.transaction or b.transaction is null and l.locktype = 'advisory')
         )
     end`,
    [blockers.map(({ pid }) => pid), blockers.map(({ transaction }) => transaction)],
  );
  return blockers.filter((one) => rows.some((row) => row.pid === one.pid && row.transaction === one.transaction));
}

/** Cancels the statement of this process if it waits for a lock still. @returns whether it was cancelled. */
export async function cancelWaiting(on: Queryable, pid: number): Promise<boolean> {
  const { rows } = await on.query(
    `select pg_cancel_backend(a.pid) from pg_stat_get_activity($1) as a where a.wait_event_type = 'Lock'`,
    [pid],
  );
  return rows.length > 0;
}

const waitingSql = `with waiting as materialized (
    select a.pid, unnest(pg_blocking_pids(a.pid)) as blocker
    from pg_stat_get_activity($1) as a
    where a.wait_event_type = 'Lock'
),

locks as materialized (
    select l.pid, l.granted, l.locktype, l.virtualtransaction, l.waitstart, s.application_name
    from pg_locks as l
    left join pg_stat_activity as s on s.pid = l.pid
    where exists (select from waiting)
)

select distinct on (w.blocker)
    w.blocker as pid,
    (
        select l.virtualtransaction from locks as l
        where l.pid = w.blocker and l.locktype = 'virtualxid' and l.granted limit 1
    ) as transaction,
    coalesce(s.application_name = current_setting('application_name'), false) as own,
    case w.blocker
        when 0 then 'a prepared transaction (pg_prepared_xacts)'
        else ${sessionWords('s', 'w.blocker')}
            || coalesce(', ' || s.state, '')
            || coalesce(', in a transaction since ' || to_char(s.xact_start, 'YYYY-MM-DD HH24:MI:SS') || ' UTC', '') || ')'
    end as words,
    (
        select coalesce(max(extract(epoch from clock_timestamp() - l.waitstart)), 0)::float8 * 1000 from locks as l
        where l.pid = w.pid and not l.granted
    ) as waited,
    (
        select count(*)::int from locks as l
        where not l.granted
            and l.pid <> w.pid
            and l.application_name is distinct from current_setting('application_name')
            and w.pid = any(pg_blocking_pids(l.pid))
    ) as held
from waiting as w
left join pg_stat_activity as s on s.pid = w.blocker
order by w.blocker`;
