import type { Queryable, Session, Warehouse } from '../../warehouse/warehouse.ts';
import { LoadFailedError } from '../landing/errors.ts';
import type { PartitionBounds, TopicPartition } from './message-log.ts';

/** How far a partition is landed. */
export interface LandedOffset extends TopicPartition {
  /** The first offset that is not landed. */
  readonly next: number;
  /** A range from `next` that a process began to land and did not finish. */
  readonly planned: { readonly to: number; readonly at: Date } | undefined;
}

/** A range of offsets of one partition: `from` included, `to` excluded. */
export interface OffsetRange extends TopicPartition {
  readonly from: number;
  readonly to: number;
  /** The end of the partition, as it was seen. */
  readonly end: number;
}

/** Someone else has landed what this process was about to land. It was rolled back; nothing is doubled. */
export class StaleOffsetError extends LoadFailedError {}

/** What is landed of a log, by topic and partition. */
export async function landedOffsets(on: Queryable, log: string): Promise<readonly LandedOffset[]> {
  const { rows } = await on.query<{
    topic: string;
    partition: number;
    next: string;
    planned: string | null;
    at: number | null;
  }>(
    `select topic, partition, next_offset::text as next, planned_offset::text as planned,
         (extract(epoch from planned_at) * 1000)::float8 as at
     from staging.stream_offset where log = $1 order by topic, partition`,
    [log],
  );
  return rows.map(({ topic, partition, next, planned, at }) => ({
    topic,
    partition,
    next: Number(next),
    planned: planned === null ? undefined : { to: Number(planned), at: new Date(Number(at)) },
  }));
}

/** Remembers partitions that are seen for the first time, from their oldest message on, and how far all of them reach now. */
export async function noteBounds(
  on: Queryable,
  log: string,
  bounds: readonly PartitionBounds[],
  at: Date,
): Promise<void> {
  await on.query(
    `insert into staging.stream_offset as o (log, topic, partition, next_offset, end_offset, seen_at)
     select $1, b.topic, b.partition, b.earliest, b.end_offset, $2
     from unnest($3::text[], $4::integer[], $5::bigint[], $6::bigint[]) as b (topic, partition, earliest, end_offset)
     on conflict (log, topic, partition) do update set end_offset = excluded.end_offset, seen_at = excluded.seen_at`,
    [
      log,
      at.toISOString(),
      bounds.map(({ topic }) => topic),
      bounds.map(({ partition }) => partition),
      bounds.map(({ earliest }) => earliest),
      bounds.map(({ end }) => end),
    ],
  );
}

/** Goes on at another offset, behind messages that nobody has any more. */
export async function skipTo(
  on: Queryable,
  log: string,
  { topic, partition }: TopicPartition,
  offset: number,
): Promise<void> {
  await on.query(
    `update staging.stream_offset set next_offset = $4, planned_offset = null, planned_at = null
     where log = $1 and topic = $2 and partition = $3`,
    [log, topic, partition, offset],
  );
}

/**
 * Writes down, committed, what is about to be landed: whoever comes after a kill lands the same ranges, with the same files.
 * @throws StaleOffsetError if one of the ranges is not what comes next.
 */
export async function planRanges(
  warehouse: Warehouse,
  log: string,
  ranges: readonly OffsetRange[],
  at: Date,
): Promise<void> {
  await warehouse.transaction(async (session) => {
    await assertOwn(
      session,
      log,
      ranges,
      `update staging.stream_offset as o
       set planned_offset = r.to_offset, planned_at = $7, end_offset = greatest(o.end_offset, r.end_offset)
       from ${rangesAsRows}
       where o.log = $1 and o.topic = r.topic and o.partition = r.partition
           and o.next_offset = r.from_offset and o.planned_offset is null`,
      [at.toISOString()],
    );
  });
}

/**
 * Moves the offsets past ranges that are planned, in the transaction that lands their messages.
 * @throws StaleOffsetError if another process has done so.
 */
export async function passRanges(session: Session, log: string, ranges: readonly OffsetRange[]): Promise<void> {
  await assertOwn(
    session,
    log,
    ranges,
    `update staging.stream_offset as o
     set next_offset = r.to_offset, planned_offset = null, planned_at = null, end_offset = greatest(o.end_offset, r.end_offset)
     from ${rangesAsRows}
     where o.log = $1 and o.topic = r.topic and o.partition = r.partition
         and o.next_offset = r.from_offset and o.planned_offset = r.to_offset`,
  );
}

const rangesAsRows = `(
    select * from unnest($2::text[], $3::integer[], $4::bigint[], $5::bigint[], $6::bigint[])
        as u (topic, partition, from_offset, to_offset, end_offset)
) as r`;

async function assertOwn(
  session: Session,
  log: string,
  ranges: readonly OffsetRange[],
  sql: string,
  more: readonly unknown[] = [],
): Promise<void> {
  const { rowCount } = await session.query(sql, [
    log,
    ranges.map(({ topic }) => topic),
    ranges.map(({ partition }) => partition),
    ranges.map(({ from }) => from),
    ranges.map(({ to }) => to),
    ranges.map(({ end }) => end),
    ...more,
  ]);
  if (rowCount === ranges.length) return;
  const [first] = ranges;
  throw new StaleOffsetError({
    what: `other offsets are landed of ${log} than this process believes (${rowCount} of ${ranges.length} partitions agree, e.g. ${first?.topic} from ${first?.from}): another one has landed them meanwhile`,
    hint: 'Nothing of this batch was landed here. Load again: it goes on where the other one stopped.',
  });
}
