import type { Warehouse } from '../../warehouse/warehouse.ts';
import type { MessageSink } from '../stream/message-log.ts';
import { headersOf } from './message.ts';
import { newestSensorLoad, nextUnpublished, notePublished, notePublishedUpTo, publishedUpTo } from './published.ts';

/** What brokers take by default is a megabyte, with the key and the headers. */
const mostBytes = 1_000_000;
const tooLong = `as a message it has more than ${mostBytes} bytes`;

/** A sink that is closed at the end. */
export type ClosableSink = MessageSink & { close(): Promise<void> };

export interface Publishing {
  readonly warehouse: Warehouse;
  readonly topic: string;
  /** Opens what takes the messages; not asked if there are none. */
  readonly open: () => Promise<ClosableSink>;
  readonly clock: () => Date;
  readonly signal: AbortSignal;
  /** Up to this load nothing is waiting, as an earlier call has returned it; 0 at first. */
  readonly after: number;
  /** Told after each part that the broker has and the ledger knows. */
  readonly onPublished: (files: number) => void;
}

/**
 * Sends the landed sensor files that a topic does not have. Each is sent after its landing has committed, and noted once the broker has
 * it: a kill in between sends it again, with the same key, headers and value, and none is left out. What is longer than brokers take is
 * noted as left out, since it would hold up all others.
 * @returns the load up to which nothing is waiting any more.
 * @throws SourceLostError | LoadFailedError if the broker does not take them; ConnectionError. What was noted before stays so.
 */
export async function publishFiles(publishing: Publishing): Promise<number> {
  const { warehouse, topic, open, clock, signal, onPublished } = publishing;
  // Asked first: loads commit in the order of their numbers, so that what comes later has a larger one.
  const newest = await newestSensorLoad(warehouse);
  const from = Math.max(publishing.after, await publishedUpTo(warehouse, topic));
  let sink: ClosableSink | undefined;
  try {
    for (let after = { loadId: from, fileId: Number.MAX_SAFE_INTEGER }; ; ) {
      if (signal.aborted) return publishing.after;
      const files = await nextUnpublished(warehouse, topic, after);
      const last = files.at(-1);
      if (last === undefined) {
        await notePublishedUpTo(warehouse, topic, newest);
        return newest;
      }
      sink ??= await open();
      const noted: { fileId: number; leftOut: string | null }[] = [];
      for (const { fileId, name, apartment, payload } of files) {
        const isTooLong = Buffer.byteLength(payload) + 1000 > mostBytes;
        // Since retention at a broker goes by the time of a message, that is now, not the minute of the readings.
        if (!isTooLong) await sink.send(topic, apartment, payload, clock().getTime(), headersOf(name, payload));
        noted.push({ fileId, leftOut: isTooLong ? tooLong : null });
      }
      await sink.flush();
      await notePublished(warehouse, topic, noted, clock());
      onPublished(noted.filter(({ leftOut }) => leftOut === null).length);
      after = last;
    }
  } finally {
    await sink?.close();
  }
}
