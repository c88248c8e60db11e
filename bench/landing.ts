import { cpSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type pg from 'pg';
import { writeBuilding } from '../cli/demo/building/building.ts';
import { formatTable } from '../cli/terminal/table.ts';
import { hasKafka, startKafka } from '../tests/servers/kafka.ts';
import { cpuSecondsOf, postgresCpuSeconds } from './cpu.ts';
import { startDatabase, withClient } from './database.ts';
import { runNode } from './measure.ts';

/*
 * How many messages a second are landed, with Bronze, in PostgreSQL, and what each costs of the CPU: of the program, of PostgreSQL, of the broker. By
 * the queue of a process (`replay`), and from Apache Kafka (`replay` into 3 partitions a topic, then `load stream`).
 * BENCH_LANDING (51x20): rooms x seconds between two readings of a sensor, over one day; BENCH_DB_URL names a database whose schemas
 * staging and datacycle are dropped.
 */
const root = resolve('.');
const home = join(root, '.datacycle', 'bench-landing');
const [rooms = 51, step = 20] = (process.env.BENCH_LANDING ?? '51x20').split('x').map(Number);
/** What is wanted on two cores, messages a second. */
const wanted = 25_000;

interface Landed {
  readonly what: string;
  readonly messages: number;
  readonly seconds: number;
  readonly perSecond: number;
  /** Microseconds of CPU a message; NaN where they cannot be counted. */
  readonly programUs: number;
  readonly postgresUs: number;
  readonly brokerUs: number;
  readonly sumUs: number;
  readonly memoryMb: number;
  readonly files: number;
  readonly bronzeMb: number;
}

async function main(): Promise<void> {
  const { url, stop } = await startDatabase(['staging', 'datacycle']);
  try {
    rmSync(home, { recursive: true, force: true });
    const recorded = join(home, 'recorded');
    await writeBuilding(recorded, { rooms, days: 1, step });
    const figures: Landed[] = [];
    await withClient(url, async (client) => {
      figures.push(await byQueue(url, client, recorded));
      if (!hasKafka()) return;
      await client.query('drop schema staging cascade');
      figures.push(...(await byKafka(url, client, recorded)));
    });
    report(figures);
  } finally {
    rmSync(home, { recursive: true, force: true });
    await stop?.();
  }
}

/** A project of its own, with a Bronze of its own: it remembers what it has replayed. */
function projectIn(folder: string): { readonly program: readonly string[]; readonly bronze: string } {
  const project = join(home, folder);
  for (const name of ['project.yml', 'models', 'macros', 'seeds', 'tests'])
    cpSync(join(root, 'projects', 'smart-building', name), join(project, name), { recursive: true });
  const program = [join(root, 'bin', 'datacycle.mjs'), '--project-dir', project, '--quiet'];
  return { program, bronze: join(home, `${folder}-bronze`) };
}

async function byQueue(url: string, client: pg.Client, recorded: string): Promise<Landed> {
  const { program, bronze } = projectIn('queue');
  const before = await postgresCpuSeconds(client);
  const ran = await runNode([...program, 'replay', recorded, '--rate', 'max'], { DB_URL: url, BRONZE_ROOT: bronze });
  const postgres = (await postgresCpuSeconds(client)) - before;
  return figuresOf('replay into the database', ran, await landedIn(client), { postgres, broker: 0 }, bronze);
}

async function byKafka(url: string, client: pg.Client, recorded: string): Promise<Landed[]> {
  const { program, bronze } = projectIn('kafka');
  const kafka = await startKafka();
  try {
    await kafka.create(
      3,
      ...['co2', 'humidity', 'luminosity', 'pir', 'temperature', 'sensor'].map((one) => `iot.${one}`),
    );
    const broker = () => cpuSecondsOf(kafka.processId() ?? 0);
    const env = { DB_URL: url, BRONZE_ROOT: bronze, KAFKA_BROKERS: kafka.address };
    const atFirst = broker();
    const sent = await runNode([...program, 'replay', recorded, '--rate', 'max'], env);
    const [between, before] = [broker(), await postgresCpuSeconds(client)];
    const loaded = await runNode([...program, 'load', 'stream'], env);
    const [after, postgres] = [broker(), (await postgresCpuSeconds(client)) - before];
    const messages = await landedIn(client);
    return [
      figuresOf('replay into Kafka', sent, messages, { postgres: 0, broker: between - atFirst }, undefined),
      figuresOf('load stream from Kafka', loaded, messages, { postgres, broker: after - between }, bronze),
    ];
  } finally {
    await kafka.stop();
  }
}

async function landedIn(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ all: number; apart: number }>(
    `select count(*)::integer as all, count(distinct (topic, partition, message_offset))::integer as apart
     from staging.stream_message`,
  );
  if (rows[0] === undefined || rows[0].all === 0 || rows[0].all !== rows[0].apart)
    throw new Error(`Of ${rows[0]?.all} rows ${rows[0]?.apart} are messages of their own.`);
  return rows[0].all;
}

function figuresOf(
  what: string,
  {
    seconds,
    cpuSeconds,
    memoryMb,
  }: { readonly seconds: number; readonly cpuSeconds: number; readonly memoryMb: number },
  messages: number,
  { postgres, broker }: { readonly postgres: number; readonly broker: number },
  bronze: string | undefined,
): Landed {
  const us = (cpu: number) => (cpu * 1e6) / messages;
  const paths =
    bronze === undefined
      ? []
      : readdirSync(bronze, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.parquet'));
  return {
    what,
    messages,
    seconds,
    perSecond: messages / seconds,
    programUs: us(cpuSeconds),
    postgresUs: us(postgres),
    brokerUs: us(broker),
    sumUs: us(cpuSeconds + postgres + broker),
    memoryMb,
    files: paths.length,
    bronzeMb: paths.reduce((sum, path) => sum + statSync(join(bronze ?? '', path)).size, 0) / 1e6,
  };
}

function report(figures: readonly Landed[]): void {
  mkdirSync(join(root, 'target'), { recursive: true });
  const result = { rooms, step, wanted: { perSecond: wanted, sumUs: 2e6 / wanted }, figures };
  writeFileSync(join(root, 'target', 'bench-landing.json'), `${JSON.stringify(result, null, 2)}\n`);
  const titles = [
    'what',
    'messages',
    'a second',
    'program us',
    'PostgreSQL us',
    'broker us',
    'sum us',
    'MB',
    'files',
    'Bronze MB',
  ];
  const rows = figures.map((one) => [
    one.what,
    one.messages,
    Math.round(one.perSecond),
    one.programUs.toFixed(1),
    one.postgresUs.toFixed(1),
    one.brokerUs.toFixed(1),
    one.sumUs.toFixed(1),
    one.memoryMb,
    one.files,
    one.bronzeMb.toFixed(1),
  ]);
  process.stdout.write(
    `${formatTable(titles, rows)}\nMicroseconds of CPU a message; ${wanted} a second on two cores allow ${2e6 / wanted}.\n`,
  );
}

await main();
