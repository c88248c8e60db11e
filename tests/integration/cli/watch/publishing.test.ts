import { beforeEach, describe, expect, it } from 'vitest';
import { pruneAllStaging } from '../../../../cli/housekeeping/housekeeping.ts';
import type { PublishTarget } from '../../../../cli/sources/sensor-topics.ts';
import { readPublishing } from '../../../../cli/status/publishing.ts';
import { KafkaSink } from '../../../../loaders/kafka/kafka-sink.ts';
import { publishFiles } from '../../../../loaders/sensor-messages/publish.ts';
import { publishBacklog } from '../../../../loaders/sensor-messages/published.ts';
import { loadSensors } from '../../../../loaders/sensors/load-sensors.ts';
import type { StreamMessage } from '../../../../loaders/stream/message-log.ts';
import { QueueLog } from '../../../../loaders/stream/queue-log.ts';
import { compileProject } from '../../../../runner/compile/compile.ts';
import { readProject } from '../../../../runner/project/read-project.ts';
import { freePort } from '../../../servers/free-port.ts';
import { oneDatabase, type TestDatabase } from '../../databases.ts';
import { fileName, firstMinute, SensorShare, secretMark } from '../../loaders/sensor-share.ts';
import { SmallWatch } from './small-project.ts';

const topic = 'apartments.readings';

describe.each(oneDatabase)('a watcher that sends what it lands, on $name', ({ open }) => {
  let db: TestDatabase;
  let share: SensorShare;
  let queue: QueueLog;
  let read: number;
  let small: SmallWatch;
  const now = new Date((firstMinute + 10) * 60_000);
  const newWatch = (publishTarget?: PublishTarget) =>
    new SmallWatch({ warehouse: db.warehouse, folder: share.folder, now, ...(publishTarget && { publishTarget }) });
  beforeEach(async () => {
    db = await open();
    share = await SensorShare.create();
    queue = new QueueLog('queue', [topic]);
    read = 0;
    await share.add(0, 1);
    return async () => {
      small.dispose();
      await share.remove();
      await db.drop();
    };
  });
  const toQueue = async () => ({
    send: (...message: Parameters<QueueLog['send']>) => queue.send(...message),
    flush: () => queue.flush(),
    close: async () => undefined,
  });
  const publish = (sink: Awaited<ReturnType<typeof toQueue>>) =>
    publishFiles({
      warehouse: db.warehouse,
      topic,
      open: async () => sink,
      clock: () => now,
      signal: new AbortController().signal,
      after: 0,
      onPublished: () => undefined,
    });
  const messages = async (): Promise<readonly StreamMessage[]> => {
    const [slice] = await queue.read([{ topic, partition: 0, offset: read }], 0);
    read = slice?.next ?? read;
    return slice?.messages ?? [];
  };
  const headers = ({ headers: all = [] }: StreamMessage) =>
    Object.fromEntries(all.map(([name, value]) => [String(name), String(value)]));

  it('lands and builds while the broker is away, shows what waits, and sends it all once it is back', async () => {
    const port = await freePort();
    let isAway = true;
    const address = { brokers: [`127.0.0.1:${port}`], tls: undefined, sasl: undefined };
    const publishTarget = { topic, open: async () => (isAway ? new KafkaSink(address) : toQueue()) };
    small = newWatch(publishTarget);
    await small.check();
    await share.add(2);
    small.now = new Date((firstMinute + 11) * 60_000);
    await small.check();
    const said = small.said();
    // The nightly listing finds nothing more.
    const landed = said.flatMap(({ event, landed: files }) => (event === 'landed' && files !== 0 ? [files] : []));
    expect(landed).toEqual([4, 2]);
    const failed = said.filter(({ event }) => event === 'publishing failed');
    expect(failed).toHaveLength(1);
    expect(failed[0]?.text).toMatch(/^publishing: Kafka at 127\.0\.0\.1:\d+ cannot be reached: .*What is landed waits/);
    expect((await db.warehouse.query('select files from public.total')).rows).toEqual([{ files: 6 }]);
    const status = () => readPublishing(db.warehouse, topic);
    expect(await status()).toMatchObject({ published: 0, waiting: 6, waitingSince: expect.stringMatching(/Z$/) });
    expect(await small.metrics.text()).toContain(`datacycle_publish_backlog_files{topic="${topic}"} 6`);
    isAway = false;
    await small.check();
    expect(small.said().map(({ event }) => event)).toEqual(['publishing recovered', 'published']);
    const sent = await messages();
    expect(sent.map((message) => headers(message).file).sort()).toEqual(
      [0, 1, 2].flatMap((at) => ['JeremieVianin', 'JimmyLoup'].map((owner) => fileName(owner, at))).sort(),
    );
    expect(new Set(sent.map(({ key }) => String(key)))).toEqual(new Set(['jimmy', 'jeremie']));
    // Each file of the share has a token.
    expect(sent.filter(({ value }) => value.includes('api_token') || value.includes(secretMark))).toEqual([]);
    expect(await status()).toMatchObject({ published: 6, leftOut: 0, waiting: 0, waitingSince: null });
    expect(await small.metrics.text()).toContain(`datacycle_publish_backlog_files{topic="${topic}"} 0`);
    await small.check();
    expect(await messages()).toEqual([]);
  });

  it('sends again, recognisably, what was sent before a kill and not noted, and leaves nothing out', async () => {
    small = newWatch();
    await small.check();
    const sink = await toQueue();
    const killed = new Error('killed');
    // The broker has them; whoever sent them ends before it can say so.
    await expect(publish({ ...sink, flush: () => Promise.reject(killed) })).rejects.toBe(killed);
    const first = await messages();
    expect(first).toHaveLength(4);
    await publish(sink);
    const second = await messages();
    const identity = (message: StreamMessage) => [String(message.key), headers(message), String(message.value)];
    expect(second.map(identity)).toEqual(first.map(identity));
    await publish(sink);
    expect(await messages()).toEqual([]);
  });

  it('keeps rows in staging until they are sent, and leaves out what is longer than brokers take', async () => {
    small = newWatch();
    await small.check();
    const env = { SENSORS_PUBLISH_TOPIC: topic };
    const { project, manifest } = compileProject(readProject({ root: small.project.root, env }));
    const monthLater = () => new Date(now.getTime() + 40 * 86_400_000);
    const prune = async () => {
      const reports = await pruneAllStaging(
        { warehouse: db.warehouse, project, clock: monthLater },
        manifest,
        30,
        false,
      );
      return reports.find(({ source }) => source === 'sensors');
    };
    const unsent = [{ files: 4, reason: `they have not been sent to ${topic} yet` }];
    expect(await prune()).toMatchObject({ files: 0, kept: unsent });
    await db.warehouse.query(
      `update staging.sensor_file set payload = payload || jsonb_build_object('note', repeat('x', 1000000)) where name = $1`,
      [fileName('JimmyLoup', 0)],
    );
    await publish(await toQueue());
    expect((await messages()).map((message) => headers(message).file)).not.toContain(fileName('JimmyLoup', 0));
    expect(await readPublishing(db.warehouse, topic)).toMatchObject({ published: 3, leftOut: 1, waiting: 0 });
    expect(await prune()).toMatchObject({ files: 4, kept: [] });
    // What comes back is compared file by file, however far the topic was: one of them was not sent, as if it had been pruned before.
    await db.warehouse.query(
      'delete from staging.published_file where file_id = (select min(file_id) from staging.file)',
    );
    expect(await publishBacklog(db.warehouse, topic)).toMatchObject({ files: 0 });
    await loadSensors(db.warehouse, share.source, { mode: 'from-bronze', clock: monthLater });
    expect(await publishBacklog(db.warehouse, topic)).toMatchObject({ files: 1 });
    // As a database is that no load has brought up to date yet.
    await db.warehouse.query('alter table staging.published_up_to rename to not_yet');
    expect(await readPublishing(db.warehouse, topic)).toBeNull();
    await db.warehouse.query('alter table staging.not_yet rename to published_up_to');
  });
});
