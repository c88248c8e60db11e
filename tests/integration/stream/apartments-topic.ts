import type { LoadSummary } from '../../../loaders/landing/summary.ts';
import { loadSensorTopic } from '../../../loaders/sensor-messages/load-topic.ts';
import { publishFiles } from '../../../loaders/sensor-messages/publish.ts';
import { QueueLog } from '../../../loaders/stream/queue-log.ts';
import type { Row, Warehouse } from '../../../warehouse/warehouse.ts';
import { apartments } from '../main-job/household.ts';

export const topic = 'apartments.readings';
export const clock = () => new Date('2023-11-01T00:00:00Z');

/** Sends what is waiting into a queue; returns how many files were sent. */
export async function publishInto(warehouse: Warehouse, queue: QueueLog): Promise<number> {
  let sent = 0;
  await publishFiles({
    warehouse,
    topic,
    // The queue stays open: what it holds is still to be read.
    open: async () => ({
      send: (...message) => queue.send(...message),
      flush: () => queue.flush(),
      close: async () => undefined,
    }),
    clock,
    signal: new AbortController().signal,
    after: 0,
    onPublished: (files) => {
      sent += files;
    },
  });
  return sent;
}

/** Lands what a queue has. */
export function loadFrom(warehouse: Warehouse, queue: QueueLog, bronzeRoot: string): Promise<LoadSummary> {
  queue.end();
  const limits = { messages: 40, ms: 100 };
  const source = { open: async () => queue, topic, bronzeRoot, apartments, limits, isOver: () => queue.isOver };
  return loadSensorTopic(warehouse, source, { mode: 'new', clock });
}

/** A queue whose messages come behind those that are landed. */
export async function queueBehind(warehouse: Warehouse): Promise<QueueLog> {
  const { rows } = await warehouse.query<{ next: string }>(
    `select next_offset::text as next from staging.stream_offset where topic = $1`,
    [topic],
  );
  const next = Number(rows[0]?.next ?? 0);
  return new QueueLog('queue', [topic], new Map([[`${topic}:0`, { first: next, landed: next }]]));
}

/** What staging has of sensor files, by name. */
export async function stagedFiles(warehouse: Warehouse): Promise<readonly Row[]> {
  const { rows } = await warehouse.query(
    'select name, payload::text as payload from staging.sensor_file order by name',
  );
  return rows;
}
