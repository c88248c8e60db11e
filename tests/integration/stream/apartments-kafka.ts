import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect } from 'vitest';
import { readStreams } from '../../../cli/status/streams.ts';
import { KafkaLog } from '../../../loaders/kafka/kafka-log.ts';
import { KafkaSink } from '../../../loaders/kafka/kafka-sink.ts';
import { loadSensorTopic } from '../../../loaders/sensor-messages/load-topic.ts';
import { publishFiles } from '../../../loaders/sensor-messages/publish.ts';
import { loadSensors } from '../../../loaders/sensors/load-sensors.ts';
import type { KafkaServer } from '../../servers/kafka.ts';
import { bundled } from '../bundled.ts';
import { oneDatabase, type TestDatabase } from '../databases.ts';
import { SensorShare } from '../loaders/sensor-share.ts';
import { apartments } from '../main-job/household.ts';
import { rounds } from '../rounds.ts';
import { clock, stagedFiles } from './apartments-topic.ts';
import { expectTold } from './kafka-group.ts';
import { StreamBronze } from './stream-messages.ts';

/**
 * Files are landed from a share, sent to a topic by processes that are killed, and landed from there into another database by processes
 * that are killed, too: it ends up with the same rows, each once.
 * @param run ends the names of the topic and of the group.
 */
export async function apartmentsByKafka(sender: TestDatabase, kafka: KafkaServer, run: string): Promise<void> {
  const topic = `apartments.readings.${run}`;
  const group = `apartments.${run}`;
  const bundle = await bundled(new URL('apartments-process.ts', import.meta.url));
  const receiver = await oneDatabase[0]?.open();
  if (receiver === undefined) throw new Error('there is no server');
  const share = await SensorShare.create();
  const bronze = new StreamBronze();
  const minutes = rounds({ gate: 400, long: 4000 });
  const kills = rounds({ gate: 3, long: 20 });
  const address = { brokers: [kafka.address], tls: undefined, sasl: undefined };
  /** @returns null for a process that was killed where it stood still, else its exit code. */
  const ended = async (what: string, on: TestDatabase, stopAt: number | undefined): Promise<number | null> => {
    const args = [bundle, what, on.url ?? '', kafka.address, group, topic, bronze.root, String(stopAt)];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    child.stdout.once('data', () => child.kill('SIGKILL'));
    const [code] = (await once(child, 'exit')) as [number | null];
    // The server ends the session of a process that is gone.
    await expect.poll(() => on.warehouse.holder('load sensors')).toBeUndefined();
    return code;
  };
  try {
    await kafka.create(2, topic);
    await share.add(...Array.from({ length: minutes }, (_, at) => at));
    await loadSensors(sender.warehouse, share.source, { mode: 'full', clock });
    // A part has 500 files, and the clock is asked for each and for the note of all: once the broker has them, within them, within the next.
    for (let kill = 0; kill < kills; kill += 1)
      expect(await ended('publish', sender, [501, 250, 600][kill % 3])).toBeNull();
    await publishFiles({
      warehouse: sender.warehouse,
      topic,
      open: async () => new KafkaSink(address),
      clock: () => new Date(),
      signal: new AbortController().signal,
      after: 0,
      onPublished: () => undefined,
    });
    const { rows } = await sender.warehouse.query(
      `select (select count(*)::integer from staging.published_file) as sent, (select count(*)::integer from staging.sensor_file) as files`,
    );
    expect(rows).toEqual([{ sent: minutes * 2, files: minutes * 2 }]);
    // Asked for the bounds, then for a plan and within the load, at both of whose ends.
    for (let kill = 0; kill < kills; kill += 1) expect(await ended('land', receiver, 3 + (kill % 3))).toBeNull();
    const land = () =>
      loadSensorTopic(
        receiver.warehouse,
        {
          open: () => KafkaLog.open(address, group),
          topic,
          bronzeRoot: bronze.root,
          apartments,
          limits: { messages: 5000, ms: 300 },
        },
        { mode: 'new', clock: () => new Date() },
      );
    await land();
    await expectTold(receiver.warehouse, kafka.address, group);
    const staged = await stagedFiles(sender.warehouse);
    expect(staged).toHaveLength(minutes * 2);
    expect(await stagedFiles(receiver.warehouse)).toEqual(staged);
    const ledger = await receiver.warehouse.query(
      `select count(*)::integer as files, count(distinct name)::integer as names from staging.file where status = 'landed'`,
    );
    expect(ledger.rows).toEqual([{ files: minutes * 2, names: minutes * 2 }]);
    const topics = await receiver.warehouse.query<{ sent: number; planned: number }>(
      `select sum(next_offset)::integer as sent, count(planned_offset)::integer as planned from staging.stream_offset`,
    );
    // The kills have sent some twice, or they would prove nothing.
    expect(topics.rows[0]?.sent).toBeGreaterThan(minutes * 2);
    expect(topics.rows[0]?.planned).toBe(0);
    // Their loads are of the source sensors, none of the source stream.
    const rate = async (byTopic: boolean) => (await readStreams(receiver.warehouse, byTopic))[0]?.perSecond;
    expect([await rate(false), Number(await rate(true)) > 0]).toEqual([null, true]);
    expect(await land()).toMatchObject({ landed: 0, rejected: { count: 0 } });
    expect(await stagedFiles(receiver.warehouse)).toEqual(staged);
  } finally {
    bronze.dispose();
    await share.remove();
    await receiver.drop();
  }
}
