import type { Queryable } from '../../warehouse/warehouse.ts';
import type { BatchSettings } from '../manifest/manifest.ts';
import { hasOffset } from '../text/moment.ts';

/** A bound between two batches. */
export interface Moment {
  /** The instant, ISO in UTC. */
  readonly at: string;
  /** What the clock of the model's zone shows then, `YYYY-MM-DD HH:MM:SS`: the beginning of its hour, day, month. */
  readonly local: string;
}

/** The time of one batch: from its start up to, and without, its end. */
export interface BatchWindow {
  readonly from: Moment;
  readonly to: Moment;
}

/** A batch and what is recorded of it. */
export interface KnownBatch extends BatchWindow {
  /** Undefined for one that has never been built. */
  readonly done:
    | {
        /** It was over when it was built. */
        readonly over: boolean;
        /** It must be built again. */
        readonly pending: boolean;
        /** A batch of an upstream has changed since. */
        readonly behind: boolean;
      }
    | undefined;
  /** It overlaps the time that was asked for. */
  readonly asked: boolean;
}

/** The time of a backfill, as the user wrote it; without an offset it is one of the model's zone. */
export interface EventTimeRange {
  readonly start: string;
  readonly end: string | undefined;
}

/**
 * A batch begins when the clock of the zone first shows a new hour, day, week, month or year. So a day has 23, 24 or 25 hours, an
 * hour that is shown twice is one batch of two hours, and a local time always identifies its batch. The query searches a little
 * before and after, since a clock that is set back shows a time twice. If the clock skips a bound, the bound is the moment of the skip.
 */
const days = `select local, at
    from (
        select date_trunc($3, $1::timestamptz at time zone $4) as first, date_trunc($3, $2::timestamptz at time zone $4) as last
    ) as span
    cross join generate_series(first - ('1 ' || $3)::interval, last + ('2 ' || $3)::interval, ('1 ' || $3)::interval) as local
    cross join generate_series((local at time zone $4) - interval '3 hours', local at time zone $4, interval '15 minutes') as at
    where at at time zone $4 = local or at = local at time zone $4`;
/** Clocks of the world differ by quarters of an hour. */
const hours = `select at at time zone $4 as local, at
    from generate_series(date_trunc('hour', $1::timestamptz) - interval '3 hours', $2::timestamptz + interval '4 hours', interval '15 minutes') as at
    where date_trunc($3, at at time zone $4) = at at time zone $4`;

/**
 * The batches of a model since its begin, the one that `now` lies in being the last, and what is recorded of them.
 * They follow each other without gap or overlap.
 * @param now ISO time.
 * @param follows names of the models of whose batches it is made.
 */
export async function readBatches(
  on: Queryable,
  model: string,
  settings: Pick<BatchSettings, 'size' | 'timeZone' | 'begin'>,
  now: string,
  follows: readonly string[] = [],
  range?: EventTimeRange | undefined,
): Promise<readonly KnownBatch[]> {
  const { size, timeZone, begin } = settings;
  const instants = await on.query<{ begin: string; start: string | null; until: string | null }>(
    `select $1::text as zone, ${[begin, range?.start, range?.end]
      .map((text, index) => `${instantOf(text, `$${index + 2}`)} as ${['"begin"', '"start"', 'until'][index]}`)
      .join(', ')}`,
    [timeZone, begin, range?.start ?? null, range?.end ?? null],
  );
  const known = instants.rows[0];
  const { rows } = await on.query<{
    at: string;
    local: string;
    next_at: string;
    next_local: string;
    over: boolean | null;
    pending: boolean | null;
    behind: boolean;
    asked: boolean;
  }>(
    `with marks as (
    ${size === 'hour' ? hours : days}
),

firsts as (
    select local, min(at) as at
    from marks
    group by local
),

bounds as (
    select at, max(local) as local
    from firsts
    group by at
),

windows as (
    select at, local, lead(at) over (order by at) as next_at, lead(local) over (order by at) as next_local
    from bounds
)

select ${iso('w.at')} as at, ${clock('w.local')} as local, ${iso('w.next_at')} as next_at, ${clock('w.next_local')} as next_local,
    b.built_at >= b.batch_end as over,
    b.pending,
    exists (
        select
        from datacycle.batch as u
        where u.model = any($6::text[])
            and u.changed_version > b.version
            and u.batch_start < b.batch_end
            and u.batch_end > b.batch_start
    ) as behind,
    coalesce(w.next_at > $7::timestamptz and w.at < coalesce($8::timestamptz, 'infinity'), false) as asked
from windows as w
left join datacycle.batch as b on b.model = $5 and b.batch_start = w.at and b.batch_end = w.next_at
where w.next_at > $1::timestamptz and w.at <= $2::timestamptz
order by w.at`,
    [known?.begin, now, size, timeZone, model, [...follows], known?.start, known?.until],
  );
  return rows.map((row) => ({
    from: { at: row.at, local: row.local },
    to: { at: row.next_at, local: row.next_local },
    done: row.over === null ? undefined : { over: row.over, pending: row.pending === true, behind: row.behind },
    asked: row.asked,
  }));
}

/** A moment as the user wrote it, in ISO and UTC. */
function instantOf(text: string | undefined, parameter: string): string {
  if (text === undefined) return `${parameter}::text`;
  return iso(hasOffset(text) ? `${parameter}::timestamptz` : `(${parameter}::timestamp at time zone $1::text)`);
}

function iso(value: string): string {
  return `to_char(${value} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')`;
}

function clock(value: string): string {
  return `to_char(${value}, 'YYYY-MM-DD HH24:MI:SS')`;
}
