import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { bearerOf } from '../api/keys/header.ts';
import { formatTable } from '../cli/terminal/table.ts';
import { KafkaSink } from '../loaders/kafka/kafka-sink.ts';
import { hasKafka, startKafka } from '../tests/servers/kafka.ts';
import { startDatabase, withClient } from './database.ts';
import { runNode } from './measure.ts';

/*
 * How long a message takes to silver and to the read API, while `watch` lands and builds every second and `serve` answers, as processes of their own:
 * from Apache Kafka, 3,000 messages a minute, each stamped with the clock. BENCH_LATENCY (3000x60): messages a minute x seconds. One message a
 * second is followed: silver and the API are asked for it every 25 milliseconds. BENCH_DB_URL names a database whose schemas staging, silver, gold,
 * seeds and datacycle are dropped, and that asks members of datacycle_api_keys for their password.
 */
const root = resolve('.');
const home = join(root, '.datacycle', 'bench-latency');
const [perMinute = 3000, seconds = 60] = (process.env.BENCH_LATENCY ?? '3000x60').split('x').map(Number);
const key = { login: `bench_latency_${process.pid}`, password: 'a password of the benchmark' };
const askMs = 25;
/** A message that takes longer has got lost. */
const lostMs = 60_000;

interface Arrival {
  readonly silverMs: number;
  readonly apiMs: number;
}

async function main(): Promise<void> {
  if (!hasKafka()) return;
  const { url, stop } = await startDatabase(['staging', 'silver', 'gold', 'seeds', 'datacycle']);
  const kafka = await startKafka();
  try {
    rmSync(home, { recursive: true, force: true });
    await kafka.create(
      3,
      ...['co2', 'humidity', 'luminosity', 'pir', 'temperature', 'sensor'].map((one) => `iot.${one}`),
    );
    const project = join(home, 'project');
    for (const name of ['project.yml', 'models', 'macros', 'seeds', 'tests'])
      cpSync(join(root, 'projects', 'smart-building', name), join(project, name), { recursive: true });
    // Its days begin in 2013: the first build would make a batch for each of them.
    for (const name of ['sensor_day_quality.sql', 'sensor_day_quality.yml', 'unit_tests.yml'])
      rmSync(join(project, 'models', 'gold', name));
    const env = {
      DB_URL: url,
      BRONZE_ROOT: join(home, 'bronze'),
      KAFKA_BROKERS: kafka.address,
      INTERVAL_SECS: '1',
      WATCH_PORT: '0',
      API_REQUESTS_PER_MINUTE: '10000000',
    };
    const sink = new KafkaSink({ brokers: [kafka.address], tls: undefined, sasl: undefined });
    await send(sink, 'first');
    await sink.flush();
    const program = [join(root, 'bin', 'datacycle.mjs'), '--project-dir', project];
    await runNode([...program, '--quiet', 'load', 'stream'], env);
    await runNode([...program, '--quiet', 'build'], env);
    await withClient(url, makeReader);
    const watch = spawn(process.execPath, [...program, '--quiet', 'watch'], { env: { ...process.env, ...env } });
    const serve = spawn(process.execPath, [...program, 'serve', '--port', '0', '--log-format', 'json'], {
      env: { ...process.env, ...env },
    });
    try {
      const address = await addressOf(serve);
      report(await withClient(url, (client) => measure(sink, client, address)));
    } finally {
      const ended = [once(watch, 'exit'), once(serve, 'exit')];
      watch.kill('SIGTERM');
      serve.kill('SIGTERM');
      await Promise.all(ended);
      await sink.close();
      await withClient(url, async (client) => {
        await client.query(`drop owned by ${key.login}`);
        await client.query(`drop role ${key.login}`);
      });
    }
  } finally {
    await kafka.stop();
    rmSync(home, { recursive: true, force: true });
    await stop?.();
  }
}

function send(sink: KafkaSink, room: string): Promise<void> | undefined {
  const now = Date.now();
  return sink.send(
    'iot.co2',
    `${room}:co2`,
    JSON.stringify({ room, sensor: 'co2', ts: now, value: 500 + (now % 100) }),
    now,
  );
}

/** Sends on a clock, and follows one message a second; one after the other, so that asking takes little of the machine. */
async function measure(sink: KafkaSink, client: pg.Client, address: string): Promise<readonly Arrival[]> {
  const begun = performance.now();
  let isOver = false;
  const sending = (async () => {
    for (let at = 0; !isOver; at += 1) {
      const early = begun + (at * 60_000) / perMinute - performance.now();
      if (early > 1) await sleep(early);
      await send(sink, String(400 + (at % 50)));
    }
    await sink.flush();
  })();
  const arrivals: Arrival[] = [];
  try {
    while (performance.now() - begun < seconds * 1000) {
      const room = `followed-${arrivals.length}`;
      const sent = performance.now();
      await send(sink, room);
      arrivals.push(await arrivalOf(room, sent, client, address));
      await sleep(Math.max(0, sent + 1000 + Math.random() * 500 - performance.now()));
    }
  } finally {
    isOver = true;
    await sending;
  }
  return arrivals;
}

async function arrivalOf(room: string, sent: number, client: pg.Client, address: string): Promise<Arrival> {
  const day = new Intl.DateTimeFormat('sv-SE', { timeZone: 'America/Los_Angeles' }).format(Date.now());
  const path = `/silver/readings?event_date=${day}&room=${room}&limit=1`;
  let silverMs: number | undefined;
  while (performance.now() - sent < lostMs) {
    if (silverMs === undefined) {
      const { rowCount } = await client.query('select from silver.sensor_readings where room = $1', [room]);
      if (rowCount === 1) silverMs = performance.now() - sent;
    }
    if (silverMs !== undefined) {
      const response = await fetch(`${address}${path}`, { headers: { authorization: `Bearer ${bearerOf(key)}` } });
      const text = await response.text();
      if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
      if (text.includes(`"${room}"`)) return { silverMs, apiMs: performance.now() - sent };
    }
    await sleep(askMs);
  }
  throw new Error(`A message was not there after ${lostMs / 1000} s.`);
}

async function makeReader(client: pg.Client): Promise<void> {
  await client.query(`create role ${key.login} login password '${key.password}'`);
  await client.query(`do $$ begin create role datacycle_api_keys; exception when duplicate_object then null; end $$`);
  await client.query(`grant datacycle_api_keys to ${key.login}`);
  await client.query(`grant usage on schema silver to ${key.login}`);
  await client.query(`grant select on all tables in schema silver to ${key.login}`);
}

async function addressOf(serve: ReturnType<typeof spawn>): Promise<string> {
  let said = '';
  return new Promise((found, failed) => {
    serve.stdout?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      const address = /"address":"([^"]+)"/.exec(said)?.[1];
      if (address !== undefined) found(address);
    });
    serve.once('exit', () => failed(new Error(`serve ended: ${said}`)));
  });
}

function report(arrivals: readonly Arrival[]): void {
  const at = (times: readonly number[], share: number) =>
    Math.round(
      [...times].sort((a, b) => a - b)[Math.min(times.length - 1, Math.floor(times.length * share))] ?? Number.NaN,
    );
  const figures = [
    { to: 'silver', wantedMs: 2000, times: arrivals.map(({ silverMs }) => silverMs) },
    { to: 'the read API', wantedMs: 3000, times: arrivals.map(({ apiMs }) => apiMs) },
  ].map(({ to, wantedMs, times }) => ({ to, wantedMs, p50: at(times, 0.5), p95: at(times, 0.95), most: at(times, 1) }));
  const [load = 0] = loadavg();
  mkdirSync(join(root, 'target'), { recursive: true });
  const result = { perMinute, seconds, messages: arrivals.length, load, figures };
  writeFileSync(join(root, 'target', 'bench-latency.json'), `${JSON.stringify(result, null, 2)}\n`);
  const rows = figures.map(({ to, wantedMs, p50, p95, most }) => [to, p50, p95, most, wantedMs]);
  process.stdout.write(
    `${formatTable(['from sending to', 'p50 ms', 'p95 ms', 'most ms', 'wanted ms'], rows)}\n${arrivals.length} messages followed among ${perMinute} a minute; load average ${load.toFixed(1)}.\n`,
  );
}

await main();
