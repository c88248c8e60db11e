import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Admin } from '@platformatic/kafka';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KafkaLog } from '../../../loaders/kafka/kafka-log.ts';
import { KafkaSink } from '../../../loaders/kafka/kafka-sink.ts';
import { loadStream } from '../../../loaders/stream/load-stream.ts';
import { hasKafka, type KafkaServer, startKafka } from '../../servers/kafka.ts';
import { bundled } from '../bundled.ts';
import { oneDatabase, type TestDatabase } from '../databases.ts';
import { rounds } from '../rounds.ts';
import { form, reading, StreamBronze } from './stream-messages.ts';

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
    kafka = await startKafka();
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
      const [topic = '', sensor] = at % 3 === 0 ? [form.topics[1], 'pir'] : [form.topics[0], 'co2'];
      const room = String(400 + (at % 11));
      await sink.send(topic, `${room}:${sensor}`, reading(room, sensor ?? '', 1_377_299_107 + at, at), Date.now());
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

  it('are landed once, while loading processes are killed and the broker is restarted', async () => {
    const total = rounds({ gate: 40_000, long: 400_000 });
    const kills = rounds({ gate: 6, long: 40 });
    const sending = (async () => {
      const part = Math.ceil(total / (kills + 1));
      for (let from = 0; from < total; from += part) {
        await send(from, Math.min(total, from + part));
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    })();
    for (let kill = 0; kill < kills; kill += 1) {
      const args = [bundle, db.url ?? '', bronze.root, kafka.address];
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
      const ended = once(child, 'exit');
      let marks = 0;
      child.stdout.on('data', (chunk: Buffer) => {
        marks += chunk.length;
      });
      // Odd ones as soon as a plan is committed, the others at a random moment after the first batch.
      const wanted = kill % 2 === 1 ? 3 : 5;
      await expect.poll(() => marks, { timeout: 60_000, interval: 5 }).toBeGreaterThanOrEqual(wanted);
      if (wanted === 5) await new Promise((resolve) => setTimeout(resolve, Math.random() * 400));
      expect(child.exitCode).toBeNull();
      child.kill('SIGKILL');
      await ended;
      await expect.poll(() => db.warehouse.holder('load stream'), { timeout: 20_000 }).toBeUndefined();
    }
    // They were at work, or their kills would prove nothing.
    expect((await counts())?.rows).toBeGreaterThan(0);
    await sending;
    await load();
    await kafka.restart();
    await send(total, total + 1000);
    await load();
    expect(await counts()).toEqual({ rows: total + 1000, offsets: total + 1000, sent: total + 1000 });
    const stored = await bronze.rows();
    expect(stored).toHaveLength(total + 1000);
    expect(new Set(stored.map(({ topic, partition, offset }) => `${topic} ${partition} ${offset}`)).size).toBe(
      total + 1000,
    );
    const { rows } = await db.warehouse.query<{ path: string }>(
      `select bronze_path as path from staging.file where source = 'stream' order by 1`,
    );
    expect(rows.map(({ path }) => path)).toEqual(
      [...bronze.files().keys()].filter((path) => path.endsWith('.parquet')),
    );
    expect(await load()).toMatchObject({ landed: 0, loads: [] });
  });

  it('that its retention took are told, and which they are', async () => {
    const before = Number((await counts())?.rows);
    await send(1_000_000, 1_000_500);
    const admin = new Admin({ clientId: 'test', bootstrapBrokers: [kafka.address] });
    const log = await KafkaLog.open(address());
    const [first] = await log.bounds(['iot.co2']);
    await admin.deleteRecords({
      topics: [{ name: 'iot.co2', partitions: [{ partition: 0, offset: BigInt(first?.end ?? 0) }] }],
    });
    await admin.close();
    await expect(log.read([{ topic: 'iot.co2', partition: 0, offset: 0 }], 100)).rejects.toThrow(
      `the broker does not have any more of iot.co2:0 the ${first?.end} messages from offset 0 to ${(first?.end ?? 0) - 1}`,
    );
    await log.close();
    await expect(load()).rejects.toThrow(
      /iot\.co2:0: the broker keeps it from offset \d+ on: \d+ messages from \d+ were not landed/,
    );
    const summary = await load({ skipLost: true });
    expect(summary.warnings.count).toBe(1);
    expect(Number((await counts())?.rows)).toBe(before + summary.landed);
    expect(summary.landed).toBeLessThan(500);
  });
});
