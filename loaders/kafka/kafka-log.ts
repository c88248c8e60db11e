// The adapter for Apache Kafka: reads partitions from offsets that the caller names.
//
//   1. connection.ts     where the broker is, and its errors in words of this program
//   2. kafka-log.ts      asks which partitions there are and how far they reach, and fetches from their leaders
//   3. group-offsets.ts  tells a consumer group how far partitions are landed, for Kafka's own tools
//   4. kafka-sink.ts     sends messages, for a replay
//
// Nobody is a member of that group, and its offsets are never read: how far a partition is landed says the database, which also refuses
// whoever believes otherwise. Messages of a transaction that was broken off are left out.
import { createHash } from 'node:crypto';
import { type ClusterMetadata, Consumer, ListOffsetTimestamps } from '@platformatic/kafka';
import { LoadFailedError } from '../landing/errors.ts';
import type { Note } from '../landing/summary.ts';
import type { MessageLog, PartitionBounds, Position, Slice, StreamMessage } from '../stream/message-log.ts';
import { clientOptions, isKafkaError, type KafkaAddress, kafkaFault } from './connection.ts';
import { GroupOffsets } from './group-offsets.ts';

const isControl = 1 << 5;
const readCommitted = 1;

/** As much as one fetch brings of a partition, and of all, in bytes. */
const partitionBytes = 2_000_000;
const fetchBytes = 16_000_000;

/** Reads from a Kafka cluster. Close it at the end. */
export class KafkaLog implements MessageLog {
  readonly name: string;
  readonly #consumer: Consumer;
  readonly #address: KafkaAddress;
  readonly #group: GroupOffsets;

  private constructor(name: string, consumer: Consumer, address: KafkaAddress, group: string) {
    this.name = name;
    this.#consumer = consumer;
    this.#address = address;
    this.#group = new GroupOffsets(address, group);
  }

  /** @param group is told how far partitions are landed. @throws SourceLostError if it cannot be reached; SourceError if it refuses the login. */
  static async open(address: KafkaAddress, group: string): Promise<KafkaLog> {
    const consumer = new Consumer({
      ...clientOptions(address),
      // Required by the client; it never joins.
      groupId: group,
      isolationLevel: readCommitted,
    });
    try {
      const { id } = await consumer.metadata({});
      // Offsets belong to one cluster; names of files have to be short.
      return new KafkaLog(
        `kafka-${createHash('sha256').update(id).digest('hex').slice(0, 10)}`,
        consumer,
        address,
        group,
      );
    } catch (error) {
      await forceClose(consumer);
      throw kafkaFault(error, address, 'it cannot be asked');
    }
  }

  async bounds(topics: readonly string[]): Promise<readonly PartitionBounds[]> {
    const there: string[] = [];
    for (const topic of topics) if ((await this.#metadataOf([topic])) !== undefined) there.push(topic);
    if (there.length === 0) return [];
    this.#consumer.topics.trackAll(...there.filter((topic) => !this.#consumer.topics.has(topic)));
    const of = (timestamp: bigint) =>
      this.#asked('the ends of its partitions', () =>
        this.#consumer.listOffsets({ topics: there, timestamp, isolationLevel: readCommitted }),
      );
    const [earliest, latest] = [await of(ListOffsetTimestamps.EARLIEST), await of(ListOffsetTimestamps.LATEST)];
    return there.flatMap((topic) =>
      (latest.get(topic) ?? []).map((end, partition) => ({
        topic,
        partition,
        earliest: Number(earliest.get(topic)?.[partition] ?? 0n),
        end: Number(end),
      })),
    );
  }

  async read(from: readonly Position[], waitMs: number): Promise<readonly Slice[]> {
    const topics = [...new Set(from.map(({ topic }) => topic))];
    const metadata = await this.#metadataOf(topics);
    if (metadata === undefined) throw this.#gone(topics);
    const byLeader = new Map<number, Position[]>();
    for (const at of from) {
      const leader = metadata.topics.get(at.topic)?.partitions[at.partition]?.leader ?? -1;
      const list = byLeader.get(leader);
      if (list === undefined) byLeader.set(leader, [at]);
      else list.push(at);
    }
    const slices = await Promise.all(
      [...byLeader].map(([leader, positions]) => this.#fetch(leader, positions, metadata, waitMs)),
    );
    return slices.flat();
  }

  landed(positions: readonly Position[]): void {
    this.#group.landed(positions);
  }

  async close(): Promise<Note | undefined> {
    const [note] = await Promise.all([this.#group.close(), forceClose(this.#consumer)]);
    return note;
  }

  async #fetch(
    node: number,
    positions: readonly Position[],
    metadata: ClusterMetadata,
    waitMs: number,
  ): Promise<readonly Slice[]> {
    const ids = new Map<string, string>();
    const topics = positions.map(({ topic, partition, offset }) => {
      const topicId = metadata.topics.get(topic)?.id ?? '';
      ids.set(topicId, topic);
      const fetchOffset = BigInt(offset);
      return {
        topicId,
        partitions: [
          { partition, fetchOffset, partitionMaxBytes: partitionBytes, currentLeaderEpoch: -1, lastFetchedEpoch: -1 },
        ],
      };
    });
    try {
      const { responses } = await this.#consumer.fetch({
        node,
        topics,
        minBytes: 1,
        maxBytes: fetchBytes,
        maxWaitTime: Math.max(1, Math.round(waitMs)),
        isolationLevel: readCommitted,
      });
      return responses.flatMap(({ topicId, partitions }) => {
        const topic = ids.get(topicId) ?? '';
        return partitions.flatMap((one) => {
          const at = positions.find(
            (position) => position.topic === topic && position.partition === one.partitionIndex,
          );
          return at === undefined ? [] : sliceOf(at, one);
        });
      });
    } catch (error) {
      if (isKafkaError(error, 'OFFSET_OUT_OF_RANGE')) throw await this.#outOfRange(positions);
      // Another broker leads a partition now, or is about to: nothing comes until that is known.
      if (
        ['NOT_LEADER_OR_FOLLOWER', 'LEADER_NOT_AVAILABLE', 'UNKNOWN_TOPIC_ID'].some((id) => isKafkaError(error, id))
      ) {
        this.#consumer.clearMetadata();
        return [];
      }
      throw kafkaFault(error, this.#address, 'messages cannot be fetched');
    }
  }

  /** Which messages are gone, in words. */
  async #outOfRange(positions: readonly Position[]): Promise<LoadFailedError> {
    const bounds = await this.bounds([...new Set(positions.map(({ topic }) => topic))]);
    const gone = positions.flatMap(({ topic, partition, offset }) => {
      const bound = bounds.find((one) => one.topic === topic && one.partition === partition);
      if (bound === undefined || (offset >= bound.earliest && offset <= bound.end)) return [];
      return offset < bound.earliest
        ? [
            `of ${topic}:${partition} the ${bound.earliest - offset} messages from offset ${offset} to ${bound.earliest - 1}`,
          ]
        : [`of ${topic}:${partition} everything: it ends at ${bound.end}, before offset ${offset}`];
    });
    return new LoadFailedError({
      what: `the broker does not have any more ${gone.join('; ') || 'what was to be read'}`,
      hint: 'Its retention took them before they were landed. Go on behind them: datacycle load stream --skip-lost.',
    });
  }

  #gone(topics: readonly string[]): LoadFailedError {
    return new LoadFailedError({
      what: `one of the topics ${topics.join(', ')} was deleted while it was read`,
      hint: 'Load again: what is left is landed.',
    });
  }

  /** Undefined if one of the topics does not exist. */
  async #metadataOf(topics: readonly string[]): Promise<ClusterMetadata | undefined> {
    try {
      return await this.#consumer.metadata({ topics: [...topics] });
    } catch (error) {
      if (isKafkaError(error, 'UNKNOWN_TOPIC_OR_PARTITION')) return undefined;
      throw kafkaFault(error, this.#address, 'it cannot be asked');
    }
  }

  async #asked<T>(what: string, question: () => Promise<T>): Promise<T> {
    try {
      return await question();
    } catch (error) {
      throw kafkaFault(error, this.#address, `it does not tell ${what}`);
    }
  }
}

type FetchResponsePartition = Awaited<ReturnType<Consumer['fetch']>>['responses'][number]['partitions'][number];

function forceClose(consumer: Consumer): Promise<void> {
  return new Promise((resolve) => consumer.close(true, () => resolve()));
}

function sliceOf({ topic, partition, offset: from }: Position, response: FetchResponsePartition): readonly Slice[] {
  const messages: StreamMessage[] = [];
  let next = from;
  for (const batch of response.records ?? []) {
    const first = Number(batch.firstOffset);
    next = Math.max(next, first + batch.lastOffsetDelta + 1);
    if ((batch.attributes & isControl) !== 0 || isAborted(batch, response)) continue;
    const firstTime = Number(batch.firstTimestamp);
    for (const { offsetDelta, timestampDelta, value, key, headers } of batch.records) {
      const offset = first + offsetDelta;
      // A batch is sent whole, also if what is wanted begins in the middle of it.
      if (offset < from) continue;
      const time = validTime(firstTime + Number(timestampDelta));
      messages.push({ offset, time, value: value ?? Buffer.alloc(0), key, headers });
    }
  }
  return next === from ? [] : [{ topic, partition, messages, next, end: Number(response.highWatermark) }];
}

/** Whether the batch belongs to a transaction that was broken off and whose end lies beyond what was fetched; the client leaves out the others. */
function isAborted(batch: { producerId: bigint; firstOffset: bigint }, response: FetchResponsePartition): boolean {
  const { abortedTransactions, records = [] } = response;
  return abortedTransactions.some(
    ({ producerId, firstOffset }) =>
      producerId === batch.producerId &&
      batch.firstOffset >= firstOffset &&
      !records.some(
        (other) =>
          (other.attributes & isControl) !== 0 && other.producerId === producerId && other.firstOffset > firstOffset,
      ),
  );
}

/** A producer may send any number as the time; 0 stands for what is no time of 1970 to 9999. */
function validTime(ms: number): number {
  return ms >= 0 && ms < 253_402_300_800_000 ? ms : 0;
}
