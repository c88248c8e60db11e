import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fg from 'fast-glob';
import { parquetReadObjects } from 'hyparquet';
import type { LoadOptions, LoadSummary } from '../../../loaders/landing/summary.ts';
import type { MessageForm } from '../../../loaders/stream/form.ts';
import { loadStream, type StreamSource } from '../../../loaders/stream/load-stream.ts';
import type { MessageLog } from '../../../loaders/stream/message-log.ts';
import { QueueLog } from '../../../loaders/stream/queue-log.ts';
import type { Row, Warehouse } from '../../../warehouse/warehouse.ts';

export const form: MessageForm = {
  topics: ['iot.co2', 'iot.pir'],
  zone: 'America/Los_Angeles',
  time: 'ts',
  partitionBy: ['room', 'sensor'],
  numbers: ['value'],
};

/** A queue that holds these messages by topic, and gets no more. */
export function queueOf(
  messages: readonly (readonly [topic: string, text: string])[],
  starts?: ConstructorParameters<typeof QueueLog>[2],
): QueueLog {
  const queue = new QueueLog('queue', form.topics, starts);
  for (const [at, [topic, text]] of messages.entries()) void queue.send(topic, '', text, 1_700_000_000_000 + at);
  queue.end();
  return queue;
}

/** The text of a reading. */
export function reading(room: string, sensor: string, ts: number, value: number | null): string {
  return JSON.stringify({ room, sensor, ts, value });
}

/** Bronze in a temporary folder, and loads into it. */
export class StreamBronze {
  readonly root = mkdtempSync(join(tmpdir(), 'datacycle-stream-'));

  load(
    warehouse: Warehouse,
    log: MessageLog & Pick<QueueLog, 'isOver'>,
    options: Partial<LoadOptions> = {},
    messages = 1000,
  ): Promise<LoadSummary> {
    const source: StreamSource = {
      open: async () => log,
      form,
      bronzeRoot: this.root,
      limits: { messages, ms: 1000 },
      isOver: () => log.isOver,
    };
    return loadStream(warehouse, source, { mode: 'new', clock: () => new Date(), ...options });
  }

  /** The files, relative to Bronze, in order. */
  paths(): readonly string[] {
    return fg.sync('stream/**', { cwd: this.root, dot: true }).sort();
  }

  /** The files, and a hash of each. */
  files(): ReadonlyMap<string, string> {
    const hash = (path: string) =>
      createHash('sha256')
        .update(readFileSync(join(this.root, path)))
        .digest('hex');
    return new Map(this.paths().map((path) => [path, hash(path)]));
  }

  /** The rows of all files whose path has this in it: these columns, or all. */
  async rows(part = 'event_date=', columns?: string[]): Promise<readonly Row[]> {
    const rows: Row[] = [];
    for (const path of this.paths()) {
      if (!path.endsWith('.parquet') || !path.includes(part)) continue;
      const bytes = readFileSync(join(this.root, path));
      const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
      for (const row of await parquetReadObjects({ file, ...(columns === undefined ? {} : { columns }) }))
        rows.push(row);
    }
    return rows;
  }

  dispose(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** What staging has, in order. */
export async function staged(warehouse: Warehouse): Promise<readonly Row[]> {
  const { rows } = await warehouse.query(
    `select topic, partition, message_offset::integer as at, message::text as message
     from staging.stream_message order by topic, partition, message_offset`,
  );
  return rows;
}
