import { setTimeout as sleep } from 'node:timers/promises';
import { Admin } from '@platformatic/kafka';
import type { Note } from '../landing/summary.ts';
import { type Position, partitionName } from '../stream/message-log.ts';
import { clientOptions, isKafkaError, type KafkaAddress, reasonOf } from './connection.ts';

/** How long the end of a load waits until the broker has the offsets, in milliseconds. */
const mostWaitMs = 5000;

/**
 * Tells a consumer group at the broker how far partitions are landed, so that Kafka's own tools show its lag. It is told as by a consumer
 * without members, after the fact and beside the work: nothing waits for it but `close`, and what the broker refuses fails no load.
 */
export class GroupOffsets {
  readonly #group: string;
  readonly #admin: Admin;
  /** What the broker is yet to be told, by partition: the newest of each, however slow it is. */
  #untold = new Map<string, Position>();
  #telling: Promise<void> | undefined;
  #refusal: unknown;

  constructor(address: KafkaAddress, group: string) {
    this.#group = group;
    this.#admin = new Admin(clientOptions(address));
  }

  /** Takes note of offsets that are committed in the database, and tells the broker as soon as it has answered the last time. */
  landed(positions: readonly Position[]): void {
    if (positions.length === 0) return;
    for (const position of positions) this.#untold.set(partitionName(position), position);
    this.#telling ??= this.#tell();
  }

  /** Waits for the broker, but not for long. @returns what a person should look at if it does not have all offsets. */
  async close(): Promise<Note | undefined> {
    const stopped = new AbortController();
    const tooLate = sleep(mostWaitMs, true, { signal: stopped.signal }).catch(() => false);
    const isSlow = await Promise.race([this.#telling, tooLate]);
    stopped.abort();
    await new Promise<void>((resolve) => this.#admin.close(() => resolve()));
    if (isSlow !== true && this.#refusal === undefined) return undefined;
    return { name: `group ${this.#group}`, reason: this.#explained(isSlow === true) };
  }

  async #tell(): Promise<void> {
    while (this.#untold.size > 0) {
      const told = this.#untold;
      this.#untold = new Map();
      try {
        await this.#admin.alterConsumerGroupOffsets({ groupId: this.#group, topics: byTopic(told.values()) });
        this.#refusal = undefined;
      } catch (error) {
        this.#refusal = error;
        // With the next ones, of which some may be newer.
        this.#untold = new Map([...told, ...this.#untold]);
        break;
      }
    }
    this.#telling = undefined;
  }

  #explained(isSlow: boolean): string {
    const what = 'everything is landed, but Kafka was not told how far, so that its tools show a wrong lag';
    const refusal = this.#refusal;
    if (isSlow) return `${what}: the broker does not answer in ${mostWaitMs / 1000} s`;
    if (isKafkaError(refusal, 'GROUP_AUTHORIZATION_FAILED'))
      return `${what}: it refuses the group. Grant this login the operation READ on it, or name another one in KAFKA_GROUP`;
    if (isKafkaError(refusal, 'UNKNOWN_MEMBER_ID'))
      return `${what}: other programs are members of the group. Name one that nobody else uses in KAFKA_GROUP`;
    return `${what}: ${reasonOf(refusal)}`;
  }
}

function byTopic(positions: Iterable<Position>) {
  const topics = new Map<string, { partition: number; offset: bigint }[]>();
  for (const { topic, partition, offset } of positions) {
    const one = { partition, offset: BigInt(offset) };
    const there = topics.get(topic);
    if (there === undefined) topics.set(topic, [one]);
    else there.push(one);
  }
  return [...topics].map(([name, partitionOffsets]) => ({ name, partitionOffsets }));
}
