import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Admin } from '@platformatic/kafka';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KafkaLog } from '../../../loaders/kafka/kafka-log.ts';
import { KafkaSink } from '../../../loaders/kafka/kafka-sink.ts';
import { loadStream } from '../../../loaders/stream/load-stream.ts';
import { hasKafka, type KafkaServer, kafkaLogin, startKafka } from '../../servers/kafka.ts';
import { bundled } from '../bundled.ts';
import { oneDatabase, type TestDatabase } from '../databases.ts';
import { rounds } from '../rounds.ts';
import { apartmentsByKafka } from './apartments-kafka.ts';
import { latencyByKafka } from './latency-kafka.ts';
import { reading, StreamBronze, form as usualForm } from './stream-messages.ts';

/** Two brokers, of which one takes partitions over from the other, take some time to start. */
const isLong = rounds({ gate: 0, long: 1 }) === 1;

/** A broker that KAFKA_TEST_URL names keeps the topics of earlier runs. */
const run = randomBytes(4).toString('hex');
const [co2 = '', pir = ''] = usualForm.topics.map((topic) => `${topic}.${run}`);
const form = { ...usualForm, topics: [co2, pir] };

const possible = hasKafka() && oneDatabase.some(({ name }) => name === 'PostgreSQL');
const bundle = possible ? await bundled(new URL('stream-process.ts', import.meta.url)) : '';

describe.runIf(possible)('messages of Apache Kafka', { timeout: 900_000 }, () => {
  let kafka: KafkaServer;
  let db: TestDatabase;
  let bronze: StreamBronze;
  beforeAll(async () => {
    const opened = await oneDatabase[0]?.open();
    if (opened === undefined) throw new Error('there is no server');
    db = opened;
    bronze = new StreamBronze();
    kafka = await startKafka(isLong ? 2 : 1);
    await kafka.create(3, ...form.topics);
  }, 240_000);
  afterAll(async () => {
    bronze?.dispose();
    await kafka?.stop();
    await db?.drop();
  });

  const address = () => ({ brokers: [kafka.address], tls: undefined, sasl: undefined });
  const load = (options: { skipLost?: boolean } = {}) =>
    loadStream(
      db.warehouse,
      {
        open: () => KafkaLog.open(address()),
        form,
        bronzeRoot: bronze.root,
        limits: { messages: 20_000, ms: 300 },
      },
      { mode: 'new', clock: () => new Date(), ...options },
    );
  const send = async (from: number, to: number) => {
    const sink = new KafkaSink(address());
    for (let at = from; at < to; at += 1) {
      const [topic, sensor] = at % 3 === 0 ? [pir, 'pir'] : [co2, 'co2'];
      const room = String(400 + (at % 11));
      await sink.send(topic, `${room}:${sensor}`, reading(room, sensor, 1_377_299_107 + at, at), Date.now());
    }
    await sink.flush();
    await sink.close();
  };
  const counts = async () =>
    (
      await db.warehouse.query<{ rows: number; offsets: number; sent: number }>(
        `select count(*)::integer as rows, count(distinct (topic, partition, message_offset))::integer as offsets,
             count(distinct message ->> 'value')::integer as sent
         from staging.stream_message`,
      )
    ).rows[0];

  /** Everything that was sent is in the database, in Bronze and in the ledger, each once, and nothing else is. */
  const expectAll = async (total: number) => {
    expect(await counts()).toEqual({ rows: total, offsets: total, sent: total });
    const stored = await bronze.rows();
    expect(stored).toHaveLength(total);
    expect(new Set(stored.map(({ topic, partition, offset }) => `${topic} ${partition} ${offset}`)).size).toBe(total);
    const { rows } = await db.warehouse.query<{ path: string }>(
      `select bronze_path as path from staging.file where source = 'stream' order by 1`,
    );
    expect(rows.map(({ path }) => path)).toEqual(
      [...bronze.files().keys()].filter((path) => path.endsWith('.parquet')),
    );
  };
  const begin = (purpose: string) => {
    const args = [bundle, db.url ?? '', bronze.root, kafka.address, purpose, ...form.topics];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const started = { child, ended: once(child, 'exit'), marks: 0, errors: '' };
    child.stdout.on('data', (chunk: Buffer) => {
      started.marks += chunk.length;
    });
    child.stderr.on('data', (chunk: Buffer) => {
      started.errors += chunk.toString();
    });
    return started;
  };
  const free = () => expect.poll(() => db.warehouse.holder('load stream'), { timeout: 20_000 }).toBeUndefined();
  let total = 0;

  it('are landed once, while loading processes are killed and the broker is restarted', async () => {
    total = rounds({ gate: 40_000, long: 400_000 });
    const kills = rounds({ gate: 6, long: 40 });
    const sending = (async () => {
      const part = Math.ceil(total / (kills + 1));
      for (let from = 0; from < total; from += part) {
        await send(from, Math.min(total, from + part));
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    })();
    for (let kill = 0; kill < kills; kill += 1) {
      const loading = begin('killed');
      // Odd ones when a plan is committed and its files are written, the others at a random moment after the first batch.
      const wanted = kill % 2 === 1 ? 2 : 4;
      await expect.poll(() => loading.marks, { timeout: 60_000, interval: 5 }).toBeGreaterThanOrEqual(wanted);
      if (wanted === 4) await new Promise((resolve) => setTimeout(resolve, Math.random() * 400));
      expect(loading.child.exitCode).toBeNull();
      loading.child.kill('SIGKILL');
      await loading.ended;
      await free();
    }
    // They were at work, or their kills would prove nothing.
    expect((await counts())?.rows).toBeGreaterThan(0);
    await sending;
    await load();
    await kafka.restart();
    await send(total, total + 1000);
    total += 1000;
    await load();
    await expectAll(total);
    expect(await load()).toMatchObject({ landed: 0, loads: [] });
  });

  it.skipIf(process.platform === 'win32')('are landed once beside a process that is frozen', async () => {
    for (let round = 0; round < rounds({ gate: 1, long: 6 }); round += 1) {
      await send(total, total + 3000);
      total += 3000;
      const frozen = begin('frozen');
      // In its first batch at any moment after the plan, or later.
      await expect.poll(() => frozen.marks, { timeout: 60_000, interval: 2 }).toBeGreaterThanOrEqual(1 + (round % 3));
      frozen.child.kill('SIGSTOP');
      // It cannot end its sessions; the server does, as when it does not hear of a client any more.
      await db.warehouse.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name like '%frozen%'`,
      );
      await free();
      await load();
      await send(total, total + 500);
      total += 500;
      frozen.child.kill('SIGCONT');
      const [code] = await frozen.ended;
      expect([code, frozen.errors]).toEqual([1, expect.stringMatching(/ConnectionError|StaleOffsetError/)]);
      await load();
      await expectAll(total);
    }
  });

  it.runIf(isLong)('are landed once while two partitions move to another broker and one is restarted', async () => {
    const moving = begin('moved');
    await send(total, total + 20_000);
    await kafka.move(co2, [0, 1], 2);
    await send(total + 20_000, total + 40_000);
    total += 40_000;
    const landed = async () => [(await counts())?.rows, moving.errors];
    await expect.poll(landed, { timeout: 60_000 }).toEqual([total, '']);
    await kafka.move(co2, [0, 1], 1);
    await send(total, total + 10_000);
    total += 10_000;
    await expect.poll(landed, { timeout: 60_000 }).toEqual([total, '']);
    expect(moving.child.exitCode).toBeNull();
    // What it does without its broker is its own: it goes on or fails, and the next one does the rest.
    await kafka.restart();
    await send(total, total + 10_000);
    total += 10_000;
    moving.child.kill('SIGKILL');
    await moving.ended;
    await free();
    await load();
    await expectAll(total);
  });

  it('are read by TLS and a login', async ({ skip }) => {
    const { secured } = kafka;
    if (secured === undefined) return skip();
    const opened = async (
      mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512',
      password: string,
      ca = secured.ca,
    ) => {
      const sasl = { mechanism, user: kafkaLogin.user, password };
      const log = await KafkaLog.open({ brokers: [secured.address], tls: { ca }, sasl });
      const bounds = await log.bounds(form.topics).finally(() => log.close());
      return bounds.reduce((sum, { end }) => sum + end, 0);
    };
    // A refusal takes seconds.
    const refusals = (['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const).map(async (mechanism) => {
      expect(await opened(mechanism, kafkaLogin.password), mechanism).toBeGreaterThanOrEqual(total);
      await expect(opened(mechanism, 'wrong')).rejects.toThrow(/refuses the login/);
    });
    const open = (tls: { ca: string | undefined } | undefined) =>
      KafkaLog.open({ brokers: [secured.address], tls, sasl: { mechanism: 'PLAIN', ...kafkaLogin } });
    // The system trusts no certificate that signed itself; and a listener of TLS does not answer who speaks without.
    refusals.push(
      expect(open({ ca: undefined })).rejects.toThrow(/cannot be reached: .*self-signed certificate/),
      expect(open(undefined)).rejects.toThrow(/cannot be reached/),
    );
    await Promise.all(refusals);
  });

  it('of apartments come from files and give the same rows, while both sides are killed', () =>
    apartmentsByKafka(db, kafka, run));

  it('are in silver within two seconds and in the read API within three, at 3,000 a minute', () =>
    latencyByKafka(kafka, run));

  it('that its retention took are told, and which they are', async () => {
    const before = Number((await counts())?.rows);
    await send(1_000_000, 1_000_500);
    const admin = new Admin({ clientId: 'test', bootstrapBrokers: [kafka.address] });
    const log = await KafkaLog.open(address());
    const [first] = await log.bounds([co2]);
    await admin.deleteRecords({
      topics: [{ name: co2, partitions: [{ partition: 0, offset: BigInt(first?.end ?? 0) }] }],
    });
    await admin.close();
    await expect(log.read([{ topic: co2, partition: 0, offset: 0 }], 100)).rejects.toThrow(
      `the broker does not have any more of ${co2}:0 the ${first?.end} messages from offset 0 to ${(first?.end ?? 0) - 1}`,
    );
    await log.close();
    await expect(load()).rejects.toThrow(
      /iot\.co2\.\w+:0: the broker keeps it from offset \d+ on: \d+ messages from \d+ were not landed/,
    );
    const summary = await load({ skipLost: true });
    expect(summary.warnings.count).toBe(1);
    expect(Number((await counts())?.rows)).toBe(before + summary.landed);
    expect(summary.landed).toBeLessThan(500);
  });
});
