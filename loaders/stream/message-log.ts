import type { Note } from '../landing/summary.ts';

/** A partition of a topic. */
export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** What a partition has now. */
export interface PartitionBounds extends TopicPartition {
  /** The oldest offset that can still be read. */
  readonly earliest: number;
  /** The offset that the next message will have. */
  readonly end: number;
}

/** Where reading of a partition goes on. */
export interface Position extends TopicPartition {
  /** The first offset that is wanted. */
  readonly offset: number;
}

/** One message as the log has it. */
export interface StreamMessage {
  readonly offset: number;
  /** When it was sent, in milliseconds since 1970. */
  readonly time: number;
  /** The bytes that were sent; empty for a message without a value. */
  readonly value: Buffer;
  /** As it was sent; null or nothing if it was sent without. */
  readonly key?: Buffer | null | undefined;
  /** Names and values as they were sent; a name may come twice. */
  readonly headers?: readonly (readonly [name: Buffer | null, value: Buffer | null])[] | undefined;
}

/** Messages of one partition that follow each other. */
export interface Slice extends TopicPartition {
  readonly messages: readonly StreamMessage[];
  /** Where reading goes on after them: beyond the last offset, also where that has no message (a marker of a transaction). */
  readonly next: number;
  /** The end of the partition when it was read. */
  readonly end: number;
}

/** The port to whatever holds messages by topic, partition and offset: read from anywhere, any number of times. */
export interface MessageLog {
  /** Tells this log from another with the same topics, whose offsets mean other messages: up to 20 letters, digits and `-`. */
  readonly name: string;
  /** What the topics have; a topic that does not exist has no partition. @throws SourceLostError | SourceError */
  bounds(topics: readonly string[]): Promise<readonly PartitionBounds[]>;
  /**
   * Reads from these positions, as much as comes at once, in the order of offsets in each partition.
   * @param waitMs how long to wait if there is nothing.
   * @throws SourceLostError if the log cannot be reached; LoadFailedError if a position is not there any more.
   */
  read(from: readonly Position[], waitMs: number): Promise<readonly Slice[]>;
  /** Is told how far partitions are landed, once that is committed, for whoever looks at the log only: it need not know, and nobody waits. */
  landed?(positions: readonly Position[]): void;
  /** @returns what a person should look at although everything was read. */
  close(): Promise<Note | undefined>;
}

/** What takes messages: a broker, or the queue of this process. */
export interface MessageSink {
  /** Takes a message; resolves when the next one is welcome. @param time of sending, in milliseconds since 1970. */
  send(
    topic: string,
    key: string,
    value: string,
    time: number,
    headers?: Readonly<Record<string, string>>,
  ): Promise<void> | undefined;
  /** Whether the next message of a key is landed already, so that sending it changes nothing. Without this none is known to be. */
  isLanded?(topic: string, key: string): boolean;
  /** Resolves when everything sent is safe. @throws SourceLostError | LoadFailedError if it is not. */
  flush(): Promise<void>;
}

/** `iot.co2:0`. */
export function partitionName({ topic, partition }: TopicPartition): string {
  return `${topic}:${partition}`;
}
