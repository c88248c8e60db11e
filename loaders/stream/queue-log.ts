import type { MessageLog, MessageSink, PartitionBounds, Position, Slice, StreamMessage } from './message-log.ts';

/** Messages that wait at most; whoever sends more waits until they are read. */
const mostWaiting = 50_000;

interface Queue {
  readonly topic: string;
  readonly partition: number;
  /** The offset of the first message that is held. */
  first: number;
  messages: StreamMessage[];
  end: number;
}

/**
 * Messages of this process: what is sent is read from here, in memory. It holds a message until it has been read past, so that nothing can be read
 * again in the same process. After a kill the sender begins again from its first message, with the same offsets: what was landed is skipped.
 */
export class QueueLog implements MessageLog, MessageSink {
  readonly name: string;
  readonly #partitions: number;
  readonly #queues = new Map<string, Queue>();
  /** Per partition: where its first message goes, and up to where messages are known to be landed. */
  readonly #starts: ReadonlyMap<string, { readonly first: number; readonly landed: number }>;
  /** Messages that are landed and yet to be sent again. */
  #landed = 0;
  #waiting = 0;
  #ended = false;
  #wakeReader: (() => void) | undefined;
  #wakeSender: (() => void) | undefined;

  /**
   * @param starts by `topic:partition`: the offset of its first message, and the one before which messages are landed; 0 where there is none.
   * @param partitions of each topic.
   */
  constructor(
    name: string,
    topics: readonly string[],
    starts: ReadonlyMap<string, { readonly first: number; readonly landed: number }> = new Map(),
    partitions = 1,
  ) {
    this.name = name;
    this.#partitions = partitions;
    this.#starts = starts;
    for (const topic of topics) for (let at = 0; at < partitions; at += 1) this.#queue(topic, at);
  }

  send(
    topic: string,
    key: string,
    value: string,
    time: number,
    headers?: Readonly<Record<string, string>>,
  ): Promise<void> | undefined {
    const queue = this.#queue(topic, this.#partitionOf(key));
    const offset = queue.end;
    queue.end += 1;
    if (offset < queue.first) {
      this.#landed -= 1;
      return undefined;
    }
    queue.messages.push({
      offset,
      time,
      value: Buffer.from(value),
      key: Buffer.from(key),
      headers:
        headers === undefined
          ? undefined
          : Object.entries(headers).map(([name, text]) => [Buffer.from(name), Buffer.from(text)] as const),
    });
    this.#waiting += 1;
    if (this.#waiting < mostWaiting) return undefined;
    this.#wakeReader?.();
    return new Promise((resolve) => {
      this.#wakeSender = resolve;
    });
  }

  isLanded(topic: string, key: string): boolean {
    if (this.#landed === 0) return false;
    const { first, end } = this.#queue(topic, this.#partitionOf(key));
    return end < first;
  }

  async flush(): Promise<void> {
    this.#wakeReader?.();
  }

  /** No message comes any more. */
  end(): void {
    this.#ended = true;
    this.#wakeReader?.();
  }

  /** Whether no message comes any more and all have been read. */
  get isOver(): boolean {
    return this.#ended && this.#waiting === 0;
  }

  async bounds(topics: readonly string[]): Promise<readonly PartitionBounds[]> {
    return [...this.#queues.values()]
      .filter(({ topic }) => topics.includes(topic))
      .map(({ topic, partition, first, end }) => ({ topic, partition, earliest: first, end: Math.max(first, end) }));
  }

  async read(from: readonly Position[], waitMs: number): Promise<readonly Slice[]> {
    const slices = this.#take(from);
    if (slices.length > 0 || this.#ended || waitMs <= 0) return slices;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, waitMs);
      this.#wakeReader = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wakeReader = undefined;
    return this.#take(from);
  }

  async close(): Promise<undefined> {
    this.#queues.clear();
    this.#wakeSender?.();
  }

  #take(from: readonly Position[]): readonly Slice[] {
    const slices: Slice[] = [];
    for (const { topic, partition, offset } of from) {
      const queue = this.#queue(topic, partition);
      const skip = Math.max(0, offset - queue.first);
      const messages = skip === 0 ? queue.messages : queue.messages.slice(skip);
      if (messages.length === 0) continue;
      this.#waiting -= queue.messages.length;
      queue.messages = [];
      queue.first = queue.end;
      slices.push({ topic, partition, messages, next: queue.end, end: queue.end });
    }
    if (slices.length > 0 && this.#waiting < mostWaiting) {
      this.#wakeSender?.();
      this.#wakeSender = undefined;
    }
    return slices;
  }

  #queue(topic: string, partition: number): Queue {
    const name = `${topic}:${partition}`;
    const there = this.#queues.get(name);
    if (there !== undefined) return there;
    const { first = 0, landed = 0 } = this.#starts.get(name) ?? {};
    const queue = { topic, partition, first: Math.max(first, landed), messages: [], end: first };
    this.#landed += queue.first - first;
    this.#queues.set(name, queue);
    return queue;
  }

  #partitionOf(key: string): number {
    return this.#partitions === 1 ? 0 : hash(key) % this.#partitions;
  }
}

/** FNV-1a of a text's code units: the same partition for a key on every machine. */
function hash(key: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < key.length; at += 1) value = Math.imul(value ^ key.charCodeAt(at), 0x01000193) >>> 0;
  return value;
}
