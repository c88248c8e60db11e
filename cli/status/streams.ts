import type { Queryable } from '../../warehouse/warehouse.ts';
import { exists } from './source-state.ts';

/** How far a topic is landed. Times are ISO text. */
export interface StreamState {
  readonly topic: string;
  /** The broker, or the queue of a process. */
  readonly log: string;
  readonly partitions: number;
  /** Messages that are landed, those before the first that was ever seen included. */
  readonly landed: number;
  /** Messages that were there when the topic was seen last, and are not landed. */
  readonly lag: number;
  /** Partitions of which a range is being landed, or was when a process ended. */
  readonly planned: number;
  readonly seenAt: string;
  /** Messages a second over the loads of the last ten minutes before the newest, of all topics; null if there are none. */
  readonly perSecond: number | null;
}

/**
 * Every topic that was ever seen; none before the first.
 * @param sensorsComeByTopic whether sensor files are messages, too: then their loads count in the rate.
 */
export async function readStreams(on: Queryable, sensorsComeByTopic: boolean): Promise<readonly StreamState[]> {
  if (!(await exists(on, 'staging.stream_offset'))) return [];
  const { rows } = await on.query<StreamState & Record<string, unknown>>(
    `with recent as (
         select l.records, l.started_at, l.finished_at
         from staging.load as l
         where l.source = any($1::text[])
             and l.finished_at > (select max(n.finished_at) from staging.load as n where n.source = any($1::text[])) - interval '10 minutes'
     ),
     rate as (
         select (sum(records) / nullif(extract(epoch from max(finished_at) - min(started_at)), 0))::float8 as per_second
         from recent
     )
     select
         o.topic,
         o.log,
         count(*)::integer as partitions,
         sum(o.next_offset)::float8 as landed,
         sum(greatest(o.end_offset - o.next_offset, 0))::float8 as lag,
         count(o.planned_offset)::integer as planned,
         to_char(max(o.seen_at) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as "seenAt",
         (select per_second from rate) as "perSecond"
     from staging.stream_offset as o
     group by o.topic, o.log
     order by o.topic, o.log`,
    [sensorsComeByTopic ? ['stream', 'sensors'] : ['stream']],
  );
  return rows;
}
