import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Admin, Consumer } from '@platformatic/kafka';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KafkaLog } from '../../../loaders/kafka/kafka-log.ts';
import { ensureStaging } from '../../../loaders/landing/staging.ts';
import { hasKafka, type KafkaServer, kafkaLogin, startKafka } from '../../servers/kafka.ts';
import { bundled } from '../bundled.ts';
import { oneDatabase, type TestDatabase } from '../databases.ts';
import { rounds } from '../rounds.ts';
import { apartmentsByKafka } from './apartments-kafka.ts';
import { Building } from './building.ts';
import { forbidGroup, groupOffsets } from './kafka-group.ts';
import { KafkaLanding } from './kafka-landing.ts';
import { latencyByKafka } from './latency-kafka.ts';

/** A broker that KAFKA_TEST_URL names keeps the topics of earlier runs. */
const run = randomBytes(4).toString('hex');

const possible = hasKafka() && oneDatabase.some(({ name }) => name === 'PostgreSQL');
const bundle = possible ? await bundled(new URL('stream-process.ts', import.meta.url)) : '';

describe.runIf(possible)('messages of Apache Kafka', { timeout: 900_000 }, () => {
  let kafka: KafkaServer;
  let db: TestDatabase;
  let landing: KafkaLanding;
  let building: Building;
  beforeAll(async () => {
    const opened = await oneDatabase[0]?.open();
    if (opened === undefined) throw new Error('there is no server');
    db = opened;
    await ensureStaging(db.warehouse);
    building = new Building(db.warehouse);
    kafka = await startKafka();
    landing = new KafkaLanding(db, kafka, bundle, run);
    await kafka.create(3, ...landing.topics);
  });
  afterAll(async () => {
    landing?.bronze.dispose();
    building?.dispose();
    await kafka?.stop();
    await db?.drop();
  });
  const toSilver = () => building.build({ select: ['+sensor_readings'] });

  it('are landed once, while loading processes are killed', async () => {
    const kills = rounds({ gate: 40, long: 80 });
    let atWork = 0;
    for (let kill = 0; kill < kills; kill += 1) {
      const sending = landing.send(400_000 / kills);
      // By turns at any moment, and between plan and commit: when the files are written, and when the rows are.
      const place = (['never', 'pass', 'never', 'finish'] as const)[kill % 4] ?? 'never';
      const loading = landing.begin('killed', place);
      await loading.until(place === 'never' ? /\./ : /!/);
      if (place === 'never') await sleep(Math.random() * 300);
      await landing.kill(loading);
      const { landed, planned } = await landing.progress();
      if (place !== 'never') expect(planned).toBeGreaterThan(0);
      else if (planned > 0 || landed < landing.sent - 400_000 / kills) atWork += 1;
      await sending;
      if (kill === kills / 2) await toSilver();
    }
    // Of the half that are killed at any moment, more than a quarter had work to do, or they would prove nothing.
    expect(atWork).toBeGreaterThan(kills / 8);
    await landing.load();
    expect(landing.sent).toBe(400_000);
    expect(await landing.progress()).toEqual({ landed: landing.sent, planned: 0 });
    await landing.expectTold();
    // As if the last one had been killed between its commit and telling the broker.
    const [co2] = landing.topics;
    const admin = new Admin({ clientId: 'test', bootstrapBrokers: [kafka.address] });
    const topics = [{ name: co2, partitionOffsets: [{ partition: 0, offset: 1n }] }];
    await admin.alterConsumerGroupOffsets({ groupId: landing.group, topics });
    await admin.close();
    expect(await landing.load()).toMatchObject({ landed: 0, loads: [], warnings: { count: 0 } });
    await landing.expectTold();
  });

  it('are landed although the broker does not let its group be told', async () => {
    const other = new Consumer({ clientId: 'test', bootstrapBrokers: [kafka.address], groupId: landing.group });
    other.topics.trackAll(...landing.topics);
    await other.joinGroup();
    await landing.send(3000);
    const { landed, warnings } = await landing.load();
    expect(landed).toBe(3000);
    expect(warnings).toEqual({
      count: 1,
      first: [
        { name: `group ${landing.group}`, reason: expect.stringMatching(/other programs are members.*KAFKA_GROUP/) },
      ],
    });
    await expect(landing.expectTold()).rejects.toThrow();
    const log = await KafkaLog.open(landing.address, landing.group);
    const topic = landing.topics[1];
    log.landed([{ topic, partition: 1, offset: 11 }]);
    await sleep(300);
    await other.leaveGroup();
    // Told with the next one, what was refused before.
    log.landed([{ topic, partition: 2, offset: 12 }]);
    expect(await log.close()).toBeUndefined();
    const told = await groupOffsets(kafka.address, landing.group);
    expect(told.filter(({ next }) => next === 11 || next === 12)).toHaveLength(2);
    await other.close();
    expect((await landing.load()).warnings.count).toBe(0);
    await landing.expectTold();
  });

  it.skipIf(process.platform === 'win32')('are landed once beside a process that is frozen', async () => {
    for (let round = 0; round < rounds({ gate: 1, long: 6 }); round += 1) {
      await landing.send(3000);
      const frozen = landing.begin('frozen');
      // In its first batch at any moment after the plan, or later.
      await frozen.until(new RegExp(`[.]{${1 + (round % 3)}}`));
      frozen.signal('SIGSTOP');
      // It cannot end its sessions; the server does, as when it does not hear of a client any more.
      await db.warehouse.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name like '%frozen%'`,
      );
      await landing.free();
      await landing.load();
      await landing.send(500);
      frozen.signal('SIGCONT');
      await frozen.ended;
      expect([frozen.code, frozen.errors]).toEqual([1, expect.stringMatching(/ConnectionError|StaleOffsetError/)]);
      await landing.load();
      expect(await landing.progress()).toEqual({ landed: landing.sent, planned: 0 });
      await landing.expectTold();
    }
  });

  it('are landed once while two partitions move to another broker and the first one is restarted', async ({ skip }) => {
    if (kafka.addNode === undefined) return skip('the brokers are not ours');
    const moving = landing.begin('moved');
    await landing.send(5000);
    await kafka.addNode();
    const [co2] = landing.topics;
    const landed = async () => [(await landing.progress()).landed, moving.errors];
    for (const node of [2, 1]) {
      await kafka.move(co2, [0, 1], node);
      await landing.send(5000);
      await expect.poll(landed).toEqual([landing.sent, '']);
    }
    expect(moving.isRunning).toBe(true);
    // What it does without its broker is its own: it goes on or fails, and the next one does the rest.
    await kafka.restart();
    await landing.send(5000);
    moving.signal('SIGKILL');
    await moving.ended;
    await landing.free();
    await landing.load();
  });

  it('are in staging, in Bronze and in silver once each, after all that', async () => {
    expect(landing.sent).toBeGreaterThan(400_000);
    await landing.expectAll();
    await toSilver();
    await landing.expectSilver();
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
      const log = await KafkaLog.open({ brokers: [secured.address], tls: { ca }, sasl }, run);
      const bounds = await log.bounds(landing.topics).finally(() => log.close());
      return bounds.reduce((sum, { end }) => sum + end, 0);
    };
    // A refusal takes seconds.
    const refusals = (['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const).map(async (mechanism) => {
      expect(await opened(mechanism, kafkaLogin.password), mechanism).toBeGreaterThanOrEqual(landing.sent);
      await expect(opened(mechanism, 'wrong')).rejects.toThrow(/refuses the login/);
    });
    const open = (tls: { ca: string | undefined } | undefined) =>
      KafkaLog.open({ brokers: [secured.address], tls, sasl: { mechanism: 'PLAIN', ...kafkaLogin } }, run);
    // The system trusts no certificate that signed itself; and a listener of TLS does not answer who speaks without.
    refusals.push(
      expect(open({ ca: undefined })).rejects.toThrow(/cannot be reached: .*self-signed certificate/),
      expect(open(undefined)).rejects.toThrow(/cannot be reached/),
    );
    await Promise.all(refusals);
    // A login without a right on the group.
    await forbidGroup(kafka.address, kafkaLogin.user, `${run}-forbidden`);
    const sasl = { mechanism: 'PLAIN' as const, ...kafkaLogin };
    const address = { brokers: [secured.address], tls: { ca: secured.ca }, sasl };
    const told = async (group: string) => {
      const log = await KafkaLog.open(address, group);
      log.landed([{ topic: landing.topics[0], partition: 0, offset: 1 }]);
      return log.close();
    };
    expect(await told(`${run}-allowed`)).toBeUndefined();
    expect((await told(`${run}-forbidden`))?.reason).toMatch(/Grant this login the operation READ on it/);
  });

  it('of apartments come from files and give the same rows, while both sides are killed', () =>
    apartmentsByKafka(db, kafka, run));

  it('are in silver within two seconds and in the read API within three, at 3,000 a minute', () =>
    latencyByKafka(kafka, run));

  it('that its retention took are told, and which they are', async () => {
    const before = await landing.progress();
    await landing.send(500);
    const [co2] = landing.topics;
    const admin = new Admin({ clientId: 'test', bootstrapBrokers: [kafka.address] });
    const log = await KafkaLog.open(landing.address, run);
    const [first] = await log.bounds([co2]);
    await admin.deleteRecords({
      topics: [{ name: co2, partitions: [{ partition: 0, offset: BigInt(first?.end ?? 0) }] }],
    });
    await admin.close();
    await expect(log.read([{ topic: co2, partition: 0, offset: 0 }], 100)).rejects.toThrow(
      `the broker does not have any more of ${co2}:0 the ${first?.end} messages from offset 0 to ${(first?.end ?? 0) - 1}`,
    );
    await log.close();
    await expect(landing.load()).rejects.toThrow(
      /iot\.co2\.\w+:0: the broker keeps it from offset \d+ on: \d+ messages from \d+ were not landed/,
    );
    const summary = await landing.load({ skipLost: true });
    expect(summary.warnings.count).toBe(1);
    await landing.expectTold();
    expect(await landing.progress()).toEqual({ landed: before.landed + 500, planned: 0 });
    const { rows } = await db.warehouse.query('select count(*)::integer as rows from staging.stream_message');
    expect(rows).toEqual([{ rows: before.landed + summary.landed }]);
    expect(summary.landed).toBeLessThan(500);
  });
});
