import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect } from 'vitest';
import { KafkaLog } from '../../../loaders/kafka/kafka-log.ts';
import { KafkaSink } from '../../../loaders/kafka/kafka-sink.ts';
import type { LoadSummary } from '../../../loaders/landing/summary.ts';
import { loadStream } from '../../../loaders/stream/load-stream.ts';
import type { KafkaServer } from '../../servers/kafka.ts';
import type { TestDatabase } from '../databases.ts';
import { expectTold } from './kafka-group.ts';
import type { LandingStep } from './landing-steps.ts';
import { reading, StreamBronze, form as usualForm } from './stream-messages.ts';

/** When the first message was measured, in Unix seconds; each is a second later than the one before, so that all are in silver. */
const begin = 1_377_299_107;

/** A process that lands what comes until it is killed. */
export class LandingProcess {
  readonly #child: ChildProcess;
  readonly ended: Promise<unknown>;
  /** What it has written: a point at each step of a batch, an exclamation mark where it stands still. */
  said = '';
  errors = '';

  constructor(args: readonly string[]) {
    this.#child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.ended = once(this.#child, 'close');
    this.#child.stdout?.on('data', (chunk: Buffer) => {
      this.said += chunk.toString();
    });
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.errors += chunk.toString();
    });
  }

  /** Waits until it has written so much. @throws Error if it ends before. */
  async until(said: RegExp): Promise<void> {
    while (!said.test(this.said)) {
      if (!this.isRunning) throw new Error(`it has ended: ${this.errors}`);
      await Promise.race([once(this.#child.stdout ?? this.#child, 'data'), this.ended]);
    }
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  get code(): number | null {
    return this.#child.exitCode;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }
}

/** Numbered messages in two topics of Kafka, and what becomes of them in a database and in Bronze. */
export class KafkaLanding {
  readonly bronze = new StreamBronze();
  readonly topics: readonly [co2: string, pir: string];
  readonly group: string;
  readonly #db: TestDatabase;
  readonly #kafka: KafkaServer;
  readonly #bundle: string;
  /** How many messages were sent. */
  sent = 0;

  /**
   * @param bundle of stream-process.ts.
   * @param group is told how far they are landed; ends the names of the topics, too.
   */
  constructor(db: TestDatabase, kafka: KafkaServer, bundle: string, group: string) {
    this.#db = db;
    this.#kafka = kafka;
    this.#bundle = bundle;
    this.group = group;
    const [co2 = '', pir = ''] = usualForm.topics.map((topic) => `${topic}.${group}`);
    this.topics = [co2, pir];
  }

  get address() {
    return { brokers: [this.#kafka.address], tls: undefined, sasl: undefined };
  }

  /** Sends so many more. */
  async send(count: number): Promise<void> {
    const from = this.sent;
    this.sent += count;
    const sink = new KafkaSink(this.address);
    for (let at = from; at < from + count; at += 1) {
      const [topic, sensor] = at % 3 === 0 ? [this.topics[1], 'pir'] : [this.topics[0], 'co2'];
      const room = String(400 + (at % 11));
      const full = sink.send(topic, `${room}:${sensor}`, reading(room, sensor, begin + at, at), Date.now());
      if (full !== undefined) await full;
    }
    await sink.flush();
    await sink.close();
  }

  /** Lands in this process what is there. */
  load(options: { skipLost?: boolean } = {}): Promise<LoadSummary> {
    return loadStream(
      this.#db.warehouse,
      {
        open: () => KafkaLog.open(this.address, this.group),
        form: { ...usualForm, topics: this.topics },
        bronzeRoot: this.bronze.root,
        limits: { messages: 20_000, ms: 300 },
      },
      { mode: 'new', clock: () => new Date(), ...options },
    );
  }

  /** @param standStillAt of the first batch that it plans. */
  begin(purpose: string, standStillAt: LandingStep | 'never' = 'never'): LandingProcess {
    const { url = '' } = this.#db;
    const args = [url, this.bronze.root, this.#kafka.address, this.group, purpose, standStillAt, ...this.topics];
    return new LandingProcess([this.#bundle, ...args]);
  }

  /** Kills a process, and waits until the server has let go of its session. */
  async kill(process: LandingProcess): Promise<void> {
    expect(process.isRunning, process.errors).toBe(true);
    process.signal('SIGKILL');
    await process.ended;
    await this.free();
  }

  async free(): Promise<void> {
    await expect.poll(() => this.#db.warehouse.holder('load stream'), { interval: 10 }).toBeUndefined();
  }

  /** How far the offsets have moved, and of how many partitions a range is under way. */
  async progress(): Promise<{ readonly landed: number; readonly planned: number }> {
    const { rows } = await this.#db.warehouse.query<{ landed: number; planned: number }>(
      'select sum(next_offset)::integer as landed, count(planned_offset)::integer as planned from staging.stream_offset',
    );
    return { landed: Number(rows[0]?.landed ?? 0), planned: Number(rows[0]?.planned ?? 0) };
  }

  /** The group is told how far all of it is landed. */
  expectTold(): Promise<void> {
    return expectTold(this.#db.warehouse, this.#kafka.address, this.group);
  }

  /** Everything that was sent is in staging, in Bronze and in the ledger, each once and as it was sent, and nothing else is. */
  async expectAll(): Promise<void> {
    const { sent } = this;
    const { rows: staged } = await this.#db.warehouse.query(
      `select count(*)::integer as rows, count(distinct n)::integer as numbers, min(n) as first, max(n) as last,
           count(*) filter (where topic = case when n % 3 = 0 then $2 else $1 end and ts = ${begin} + n and room = 400 + n % 11)::integer as right,
           (select count(*)::integer from (select from staging.stream_message group by topic, partition, message_offset) as p) as offsets
       from staging.stream_message, jsonb_to_record(message) as m (value integer, ts integer, room integer), lateral (select value as n) as v`,
      this.topics,
    );
    expect(staged).toEqual([{ rows: sent, offsets: sent, numbers: sent, first: 0, last: sent - 1, right: sent }]);
    const stored = await this.bronze.rows('event_date=', ['topic', 'partition', 'offset', 'value', 'ts_unix']);
    const places = new Set(stored.map(({ topic, partition, offset }) => `${topic} ${partition} ${offset}`));
    const numbers = new Set(stored.map(({ value }) => Number(value)));
    const right = stored.filter(({ value, ts_unix }) => Number(ts_unix) === begin + Number(value)).length;
    expect([stored.length, places.size, numbers.size, right]).toEqual([sent, sent, sent, sent]);
    const { rows: ledger } = await this.#db.warehouse.query<{ path: string }>(
      `select bronze_path as path from staging.file where source = 'stream' order by bronze_path collate "C"`,
    );
    // Whole files, each with its row: no draft, no other.
    expect(ledger.map(({ path }) => path)).toEqual(this.bronze.paths());
  }

  /** Each message is a row of silver, and nothing else is. */
  async expectSilver(): Promise<void> {
    const { sent } = this;
    const { rows } = await this.#db.warehouse.query(
      `select count(*)::integer as rows, count(distinct ts_unix)::integer as numbers, min(ts_unix - ${begin})::integer as first,
           max(ts_unix - ${begin})::integer as last,
           count(*) filter (where value_raw::integer = ts_unix - ${begin} and room::integer = 400 + (ts_unix - ${begin}) % 11
               and sensor_type = case when (ts_unix - ${begin}) % 3 = 0 then 'pir' else 'co2' end)::integer as right
       from silver.sensor_readings`,
    );
    expect(rows).toEqual([{ rows: sent, numbers: sent, first: 0, last: sent - 1, right: sent }]);
  }
}
