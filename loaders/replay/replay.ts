// Sends recorded readings as messages, as if they happened now.
//
//   1. recording.ts     finds the files <room>/<sensor>.csv of a place: a folder, or a bucket (place.ts)
//   2. merge.ts         reads them in the order of time over all files, so that the rooms stay in step
//   3. pace.ts          when each is due: so many a second, or as it was with the pauses divided
//   4. replay.ts        makes a message of each reading and sends it; says how far it is
//   5. queue-replay.ts  where in the queue of this process a replay begins, and that it is finished
//
// The messages of a recording are always the same, in the same order: one that was stopped goes on behind what it has sent.
import { LoadInterruptedError } from '../landing/errors.ts';
import type { MessageSink } from '../stream/message-log.ts';
import { type MergeTally, mergedReadings, type RecordedReading } from './merge.ts';
import type { Pace } from './pace.ts';
import type { Recording } from './recording.ts';

export interface ReplayOptions {
  readonly pace: Pace;
  /** How many messages were sent before: as many are left out. */
  readonly skip: number;
  /** The time that a message is sent with: that of the reading, which is the same at every replay, or now. */
  readonly sentAt: 'event' | 'now';
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: ReplayProgress) => void) | undefined;
  /** Called about once a second, when everything up to this number of messages is safe. */
  readonly onSafe?: ((sent: number) => Promise<void>) | undefined;
}

export interface ReplayProgress {
  /** Messages sent, those of an earlier replay included. */
  readonly messages: number;
  /** Of the files, read. */
  readonly bytes: number;
  readonly eventMs: number;
}

export interface ReplaySummary {
  /** Sent now: neither left out nor known to be landed. */
  readonly messages: number;
  readonly skippedLines: number;
}

const known = ['co2', 'pir', 'humidity', 'luminosity', 'temperature'];

/** The topic of a sensor's messages. */
export function topicOf(sensor: string): string {
  return known.includes(sensor) ? `iot.${sensor}` : 'iot.sensor';
}

/**
 * The JSON of a reading, e.g. `{"room":"413","sensor":"co2","ts":1377299107,"value":488.0}`. A value that is no number is null; whole ones end in `.0`,
 * but for motion, which is counted.
 */
export function readingText({ file: { room, sensor }, seconds, value }: RecordedReading): string {
  const number = value === '' ? Number.NaN : Number(value);
  const written = !Number.isFinite(number)
    ? 'null'
    : sensor !== 'pir' && Number.isInteger(number) && Math.abs(number) < 1e21
      ? `${number}.0`
      : String(number);
  return `{"room":${JSON.stringify(room)},"sensor":${JSON.stringify(sensor)},"ts":${seconds},"value":${written}}`;
}

/**
 * Sends a recording, from where an earlier replay stopped, and waits until everything is safe.
 * @throws LoadInterruptedError after `signal`; what the sink throws.
 */
export async function replay(recording: Recording, sink: MessageSink, options: ReplayOptions): Promise<ReplaySummary> {
  const { pace, skip, sentAt, signal, onProgress, onSafe } = options;
  const tally: MergeTally = { skippedLines: 0, bytes: 0 };
  let sent = 0;
  let before = 0;
  let safeAt = Date.now();
  const settle = async () => {
    await sink.flush();
    await onSafe?.(sent);
    safeAt = Date.now();
  };
  for await (const batch of mergedReadings(recording, tally)) {
    for (const reading of batch) {
      sent += 1;
      if (sent <= skip) {
        before += 1;
        continue;
      }
      const { room, sensor } = reading.file;
      const topic = topicOf(sensor);
      const key = `${room}:${sensor}`;
      // What an earlier replay has landed is passed over at once: its time has been.
      const isLanded = sink.isLanded?.(topic, key) === true;
      const wait = isLanded ? 0 : pace.waitFor(reading.seconds);
      if (wait > 0) {
        await settle();
        await pause(wait, signal);
      }
      if (signal?.aborted === true) throw await stopped(settle);
      if (isLanded) before += 1;
      const time = sentAt === 'event' ? Math.floor(reading.seconds * 1000) : Date.now();
      const full = sink.send(topic, key, readingText(reading), time);
      if (full !== undefined) await full;
    }
    if (Date.now() - safeAt > 1000) await settle();
    onProgress?.({ messages: sent, bytes: tally.bytes, eventMs: (batch.at(-1)?.seconds ?? 0) * 1000 });
  }
  await settle();
  return { messages: sent - before, skippedLines: tally.skippedLines };
}

async function stopped(settle: () => Promise<void>): Promise<LoadInterruptedError> {
  await settle();
  return new LoadInterruptedError([]);
}

/** Waits, in steps, so that a signal ends it soon. */
async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  for (let left = ms; left > 0 && signal?.aborted !== true; left -= 200)
    await new Promise((resolve) => setTimeout(resolve, Math.min(left, 200)));
}
