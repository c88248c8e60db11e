import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { tokenRing } from '../../../api/keys/token.ts';
import { resourcesOf } from '../../../api/resource/resources.ts';
import { startApi } from '../../../api/server/server.ts';
import { sources } from '../../../cli/sources/sources.ts';
import { Terminal } from '../../../cli/terminal/terminal.ts';
import { WatchMetrics } from '../../../cli/watch/metrics.ts';
import { watchSettings } from '../../../cli/watch/settings.ts';
import { WatchLog } from '../../../cli/watch/watch-log.ts';
import { Watcher } from '../../../cli/watch/watcher.ts';
import { KafkaSink } from '../../../loaders/kafka/kafka-sink.ts';
import { compileProject } from '../../../runner/compile/compile.ts';
import { readProject } from '../../../runner/project/read-project.ts';
import type { KafkaServer } from '../../servers/kafka.ts';
import { oneDatabase } from '../databases.ts';
import { isNoUnitTest } from '../without-unit-tests.ts';
import { groupOffsets } from './kafka-group.ts';
import { reading } from './stream-messages.ts';

const source = resolve(import.meta.dirname, '..', '..', '..', 'projects', 'smart-building');
const token = 'a-token-of-the-test-of-latency';
const room = '413';
const perMinute = 3000;
const windowMs = 5000;

/** What is promised on two cores, in milliseconds. */
const promised = { silver: 2000, api: 3000 };

/** A message that takes longer has got lost. */
const lostMs = 60_000;

/** Takes what the watcher says, and shows it where the test fails. */
class Recorder extends Terminal {
  readonly said: object[] = [];
  override event(event: object): void {
    this.said.push(event);
  }
}

/**
 * Messages come at {@link perMinute} while a watcher checks every second and a server answers, all in this process: how long half of them take at
 * most to silver and to the read API. Beside other tests a window may be slow for their sake, so the best of ten counts: what the program
 * itself makes messages wait for is in all of them.
 * @param run ends the name of the topic.
 */
export async function latencyByKafka(kafka: KafkaServer, run: string): Promise<void> {
  const topic = `iot.latency.${run}`;
  const folder = mkdtempSync(join(tmpdir(), 'datacycle-latency-'));
  const db = await oneDatabase[0]?.open();
  if (db === undefined) throw new Error('there is no server');
  const { warehouse } = db;
  const stop = new AbortController();
  const clock = () => new Date();
  const recorder = new Recorder(true);
  const sink = new KafkaSink({ brokers: [kafka.address], tls: undefined, sasl: undefined });
  const keys = tokenRing(warehouse, token);
  let [sent, over] = [0, false];
  const send = () => {
    // Each has a number that tells it from the others and that a sensor might show.
    sent += 1;
    return sink.send(topic, `${room}:co2`, reading(room, 'co2', Date.now(), 300 + sent), Date.now());
  };
  try {
    await kafka.create(1, topic);
    const compiled = compiledCopy(join(folder, 'project'), topic, {
      BRONZE_ROOT: join(folder, 'bronze'),
      KAFKA_BROKERS: kafka.address,
      KAFKA_GROUP: topic,
      INTERVAL_SECS: '1',
    });
    const watcher = new Watcher({
      compiled,
      sources,
      landing: warehouse,
      building: warehouse,
      settings: watchSettings(compiled.project),
      clock,
      log: new WatchLog(recorder, undefined, (text) => text, clock),
      metrics: new WatchMetrics(clock),
    });
    const api = await startApi({
      project: 'test',
      environment: 'default',
      resources: resourcesOf(compiled.manifest, compiled.exposures).all,
      keys,
      warehouse,
      host: '127.0.0.1',
      port: 0,
      requestsPerMinute: 1_000_000,
      clock,
      warn: (text) => recorder.event({ text }),
    });
    const newest = {
      silver: async () => {
        const { rows } = await warehouse.query<{ newest: number | null }>(
          'select max(value_clean) as newest from silver.sensor_readings',
        );
        return (rows[0]?.newest ?? 300) - 300;
      },
      api: async () => {
        const [from, to] = [-1, 1].map((hours) => new Date(Date.now() + hours * 3_600_000).toISOString());
        const address = `${api.address}/silver/readings?from=${from}&to=${to}&order=desc&limit=1`;
        const answer = await fetch(address, { headers: { authorization: `Bearer ${token}` } });
        const { rows } = (await answer.json()) as { rows: readonly { value_clean: number }[] };
        return (rows[0]?.value_clean ?? 300) - 300;
      },
    };
    await send();
    const watching = watcher.run(stop.signal, async () => true);
    try {
      // Once the first build is over, silver is there.
      await expect.poll(() => newest.silver().catch(() => 0), { interval: 100 }).toBe(1);
      const windows: { readonly silver: number; readonly api: number }[] = [];
      for (let window = 0; window < 10 && !windows.some(isKept); window += 1) {
        over = false;
        const sentAt: number[] = [];
        const first = sent + 1;
        const sending = (async () => {
          for (let at = 0; at < (windowMs * perMinute) / 60_000; at += 1) {
            await send();
            sentAt.push(performance.now());
            await sleep((sentAt[0] ?? 0) + ((at + 1) * 60_000) / perMinute - performance.now());
          }
          over = true;
        })();
        const arrived = async (ask: () => Promise<number>) => {
          const took: number[] = [];
          for (const until = performance.now() + lostMs; !over || took.length < sentAt.length; ) {
            if (performance.now() > until) throw new Error(`messages are missing: ${JSON.stringify(recorder.said)}`);
            const there = (await ask()) - first + 1;
            for (let at = took.length; at < there; at += 1) took.push(performance.now() - (sentAt[at] ?? 0));
            await sleep(50);
          }
          return took.sort((a, b) => a - b)[Math.floor(took.length / 2)] ?? Number.NaN;
        };
        const [silver, served] = await Promise.all([arrived(newest.silver), arrived(newest.api), sending]);
        windows.push({ silver, api: served });
      }
      expect(windows.some(isKept), JSON.stringify([windows, recorder.said.slice(-20)])).toBe(true);
    } finally {
      stop.abort();
      await watching;
      await api.close();
    }
    // The group that the setting names, as far as the last message.
    expect(await groupOffsets(kafka.address, topic)).toEqual([{ topic, partition: 0, next: sent }]);
  } finally {
    await sink.close();
    await keys.close();
    await db.drop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function isKept({ silver, api }: { readonly silver: number; readonly api: number }): boolean {
  return silver <= promised.silver && api <= promised.api;
}

/** The project with this topic, without its unit tests and without the model whose days begin in 2013: the first build would make a batch for each. */
function compiledCopy(root: string, topic: string, env: Readonly<Record<string, string>>) {
  const filter = (path: string) => isNoUnitTest(path) && !/sensor_day_quality\.(sql|yml)$/.test(path);
  for (const name of ['project.yml', 'models', 'macros', 'seeds', 'tests'])
    cpSync(join(source, name), join(root, name), { recursive: true, filter });
  const settings = join(root, 'project.yml');
  writeFileSync(settings, readFileSync(settings, 'utf8').replace(/^( +topics:) \[.*\]$/m, `$1 [${topic}]`));
  return compileProject(readProject({ root, env }));
}
