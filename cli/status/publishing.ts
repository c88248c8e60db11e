import { publishBacklog } from '../../loaders/sensor-messages/published.ts';
import type { Queryable } from '../../warehouse/warehouse.ts';
import { exists } from './source-state.ts';

/** How far sensor files are sent to a topic. Times are ISO text. */
export interface PublishingState {
  readonly topic: string;
  readonly published: number;
  /** Not sent, since they are longer than brokers take. */
  readonly leftOut: number;
  readonly lastPublished: string | null;
  /** Landed and not sent yet. */
  readonly waiting: number;
  /** When the oldest of these was landed. */
  readonly waitingSince: string | null;
}

/** @param topic undefined if files are not sent anywhere. */
export async function readPublishing(on: Queryable, topic: string | undefined): Promise<PublishingState | null> {
  // The newer of its tables: a database that was made before it is read, too.
  if (topic === undefined || !(await exists(on, 'staging.published_up_to'))) return null;
  const { rows } = await on.query<{ published: number; out: number; last: string | null }>(
    `select count(*) filter (where left_out is null)::integer as published, count(left_out)::integer as out,
         to_char(max(published_at) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as last
     from staging.published_file where topic = $1`,
    [topic],
  );
  const { files, since } = await publishBacklog(on, topic);
  return {
    topic,
    published: rows[0]?.published ?? 0,
    leftOut: rows[0]?.out ?? 0,
    lastPublished: rows[0]?.last ?? null,
    waiting: files,
    waitingSince: since,
  };
}
