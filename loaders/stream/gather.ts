import {
  type MessageLog,
  type Position,
  partitionName,
  type StreamMessage,
  type TopicPartition,
} from './message-log.ts';
import type { LandedOffset, OffsetRange } from './offsets.ts';

/** Messages of one partition that are landed together. */
export interface Gathered extends OffsetRange {
  readonly messages: readonly StreamMessage[];
}

/** How much is landed at once. */
export interface GatherLimits {
  /** As many messages, about. */
  readonly messages: number;
  /** Or what came within so many milliseconds of the first one. */
  readonly ms: number;
}

interface Buffer extends TopicPartition {
  /** The first offset that is in no range yet. */
  from: number;
  messages: StreamMessage[];
  /** Where reading goes on. */
  next: number;
  end: number;
}

/** Reads a log into ranges. What it has read and not handed out it keeps, since a queue cannot be read twice. */
export class Gatherer {
  readonly #log: MessageLog;
  readonly #buffers: ReadonlyMap<string, Buffer>;

  constructor(log: MessageLog, from: readonly LandedOffset[]) {
    this.#log = log;
    this.#buffers = new Map(
      from.map(({ topic, partition, next }) => [
        partitionName({ topic, partition }),
        { topic, partition, from: next, messages: [], next, end: next },
      ]),
    );
  }

  /** Where reading goes on, by partition: everything before has been read. */
  positions(): readonly Position[] {
    return [...this.#buffers.values()].map(({ topic, partition, next }) => ({ topic, partition, offset: next }));
  }

  /** Whether there are messages that were read and are in no range yet. */
  get holdsAny(): boolean {
    return [...this.#buffers.values()].some(({ from, next }) => next > from);
  }

  /**
   * Gathers until one of the limits is reached or `isOver` says that nothing more is to come.
   * @returns the ranges, none for a partition without anything new.
   */
  async gather(limits: GatherLimits, isOver: () => boolean): Promise<readonly Gathered[]> {
    let began = this.holdsAny ? Date.now() : undefined;
    while (this.#count() < limits.messages) {
      if (isOver()) break;
      const left = began === undefined ? limits.ms : limits.ms - (Date.now() - began);
      if (left <= 0) break;
      await this.#read(this.positions(), left);
      if (this.holdsAny) began ??= Date.now();
      else break;
    }
    return this.#take(limits.messages);
  }

  /**
   * The range that was planned for a partition, whole.
   * @returns undefined if the log ends before it does.
   */
  async planned(
    { topic, partition }: TopicPartition,
    to: number,
    isOver: () => boolean,
  ): Promise<Gathered | undefined> {
    const buffer = this.#buffers.get(partitionName({ topic, partition }));
    if (buffer === undefined) return undefined;
    for (let silent = 0; buffer.next < to; ) {
      const before = buffer.next;
      await this.#read(this.positions(), 500);
      silent = buffer.next === before ? silent + 1 : 0;
      if (silent > 0 && (isOver() || silent > 60)) return undefined;
    }
    const count = buffer.messages.findIndex(({ offset }) => offset >= to);
    return cut(buffer, count === -1 ? buffer.messages.length : count, to);
  }

  #count(): number {
    let count = 0;
    for (const { messages } of this.#buffers.values()) count += messages.length;
    return count;
  }

  async #read(from: readonly Position[], waitMs: number): Promise<void> {
    for (const { topic, partition, messages, next, end } of await this.#log.read(from, waitMs)) {
      const buffer = this.#buffers.get(partitionName({ topic, partition }));
      if (buffer === undefined) continue;
      for (const message of messages) if (message.offset >= buffer.next) buffer.messages.push(message);
      buffer.next = Math.max(buffer.next, next);
      buffer.end = end;
    }
  }

  /** A share of each partition, so that none waits for the others. */
  #take(most: number): readonly Gathered[] {
    const all = this.#count();
    const share = all <= most ? 1 : most / all;
    return [...this.#buffers.values()]
      .filter(({ from, next }) => next > from)
      .flatMap((buffer) => {
        const count = share === 1 ? buffer.messages.length : Math.ceil(buffer.messages.length * share);
        const whole = count === buffer.messages.length;
        const last = buffer.messages[count - 1];
        const to = whole ? buffer.next : last === undefined ? buffer.from : last.offset + 1;
        return to === buffer.from ? [] : [cut(buffer, count, to)];
      });
  }
}

function cut(buffer: Buffer, count: number, to: number): Gathered {
  const { topic, partition, from, end } = buffer;
  const messages = buffer.messages.splice(0, count);
  buffer.from = to;
  return { topic, partition, from, to, end, messages };
}
