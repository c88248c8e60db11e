import { type ProduceResult, Producer, stringSerializers } from '@platformatic/kafka';
import type { MessageSink } from '../stream/message-log.ts';
import { clientOptions, type KafkaAddress, kafkaFault } from './connection.ts';

/** Messages that are sent together, as many or of so many characters, and for how long the first of them waits, in milliseconds. */
const batchMessages = 2_000;
// A broker takes up to a megabyte at once, unless it is told otherwise.
const batchLength = 250_000;
const lingerMs = 20;

/** Batches on their way at once. */
const mostOnTheirWay = 4;

/** Sends messages to a Kafka cluster, each once although a batch may be tried again (an idempotent producer), in order for each key. */
export class KafkaSink implements MessageSink {
  readonly #producer: Producer<string, string, string, string>;
  readonly #address: KafkaAddress;
  #batch: { topic: string; key: string; value: string; timestamp: bigint; headers?: Record<string, string> }[] = [];
  #length = 0;
  #timer: NodeJS.Timeout | undefined;
  readonly #onTheirWay = new Set<Promise<void>>();
  #failed: unknown;
  /** One after the other: the broker wants the batches of a producer in their order. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(address: KafkaAddress) {
    this.#address = address;
    this.#producer = new Producer({
      ...clientOptions(address),
      serializers: stringSerializers,
      acks: -1,
      idempotent: true,
    });
  }

  send(
    topic: string,
    key: string,
    value: string,
    time: number,
    headers?: Readonly<Record<string, string>>,
  ): Promise<void> | undefined {
    const message = { topic, key, value, timestamp: BigInt(Math.round(time)) };
    this.#batch.push(headers === undefined ? message : { ...message, headers: { ...headers } });
    this.#length += value.length;
    if (this.#batch.length < batchMessages && this.#length < batchLength) {
      this.#timer ??= setTimeout(() => this.#dispatch(), lingerMs);
      return undefined;
    }
    this.#dispatch();
    return this.#onTheirWay.size < mostOnTheirWay && this.#failed === undefined ? undefined : this.#drain();
  }

  async flush(): Promise<void> {
    this.#dispatch();
    await Promise.all(this.#onTheirWay);
    if (this.#failed !== undefined) throw this.#failed;
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await new Promise<void>((resolve) => this.#producer.close(true, () => resolve()));
  }

  async #drain(): Promise<void> {
    await Promise.race(this.#onTheirWay);
    if (this.#failed !== undefined) throw this.#failed;
  }

  #dispatch(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const messages = this.#batch;
    this.#batch = [];
    this.#length = 0;
    if (messages.length === 0) return;
    const sent: Promise<ProduceResult> = this.#last.then(() => this.#producer.send({ messages }));
    this.#last = sent.catch(() => undefined);
    const settled = sent
      .then(
        () => undefined,
        (error: unknown) => {
          this.#failed ??= kafkaFault(error, this.#address, 'messages cannot be sent');
        },
      )
      .finally(() => this.#onTheirWay.delete(settled));
    this.#onTheirWay.add(settled);
  }
}
