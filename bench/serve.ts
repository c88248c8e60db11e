import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, get, type IncomingMessage } from 'node:http';
import { join, resolve } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { bearerOf } from '../api/keys/header.ts';
import { writeBuilding } from '../cli/demo/building/building.ts';
import { formatTable } from '../cli/terminal/table.ts';
import { cpuSecondsOf, postgresCpuSeconds } from './cpu.ts';
import { startDatabase, withClient } from './database.ts';
import { profiling, runNode } from './measure.ts';

/*
 * The read API of the smart building: 200 requests a second, each of 100 rows, sent on a clock whether or not those before are answered; at most
 * 64 wait for an answer, the others for them. What an answer costs of the CPU is counted for the server and for PostgreSQL.
 * BENCH_SERVE (200x10): requests a second x seconds; BENCH_DB_URL names a database whose schemas staging, silver, gold, seeds and datacycle
 * are dropped, and that asks members of datacycle_api_keys for their password.
 */
const root = resolve('.');
const home = join(root, '.datacycle', 'bench-serve');
const [rate = 200, seconds = 10] = (process.env.BENCH_SERVE ?? '200x10').split('x').map(Number);
const day = '2013-08-23';
const key = { login: `bench_reader_${process.pid}`, password: 'a password of the benchmark' };

interface Answered {
  readonly ms: number;
  readonly rows: number;
  readonly status: number;
}

async function main(): Promise<void> {
  const { url, stop } = await startDatabase(['staging', 'silver', 'gold', 'seeds', 'datacycle']);
  try {
    rmSync(home, { recursive: true, force: true });
    const recorded = join(home, 'recorded');
    await writeBuilding(recorded, { rooms: 4, days: 1 });
    const project = join(home, 'project');
    for (const name of ['project.yml', 'models', 'macros', 'seeds', 'tests'])
      cpSync(join(root, 'projects', 'smart-building', name), join(project, name), { recursive: true });
    const env = { DB_URL: url, BRONZE_ROOT: join(home, 'bronze'), API_REQUESTS_PER_MINUTE: '10000000' };
    const program = [join(root, 'bin', 'datacycle.mjs'), '--project-dir', project];
    await runNode([...program, '--quiet', 'replay', recorded, '--rate', 'max'], env);
    await runNode([...program, '--quiet', 'build', '--event-time-start', day, '--event-time-end', '2013-08-25'], env);
    await withClient(url, async (client) => {
      await client.query(`create role ${key.login} login password '${key.password}'`);
      await client.query(
        `do $$ begin create role datacycle_api_keys; exception when duplicate_object then null; end $$`,
      );
      await client.query(`grant datacycle_api_keys to ${key.login}`);
      for (const schema of ['silver', 'gold']) {
        await client.query(`grant usage on schema ${schema} to ${key.login}`);
        await client.query(`grant select on all tables in schema ${schema} to ${key.login}`);
      }
    });
    try {
      await withClient(url, (client) => measure(program, env, () => postgresCpuSeconds(client)));
    } finally {
      await withClient(url, async (client) => {
        await client.query(`drop owned by ${key.login}`);
        await client.query(`drop role ${key.login}`);
      });
    }
  } finally {
    rmSync(home, { recursive: true, force: true });
    await stop?.();
  }
}

async function measure(
  program: readonly string[],
  env: Readonly<Record<string, string>>,
  postgresCpu: () => Promise<number>,
): Promise<void> {
  const args = [...profiling, ...program, 'serve', '--port', '0', '--log-format', 'json'];
  const server = spawn(process.execPath, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(server, 'exit');
  let said = '';
  const address = await new Promise<string>((found, failed) => {
    server.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      const match = /"address":"([^"]+)"/.exec(said);
      if (match?.[1] !== undefined) found(match[1]);
    });
    server.once('exit', () => failed(new Error(`serve ended: ${said}`)));
  });
  try {
    await askAll(address, server.pid ?? 0, postgresCpu);
  } finally {
    server.kill('SIGTERM');
  }
  const [code] = await ended;
  process.stdout.write(`${rate} requests a second were sent; SIGTERM ended the server with ${code}.\n`);
}

async function askAll(address: string, pid: number, postgresCpu: () => Promise<number>): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const rows: (string | number)[][] = [];
  const figures: Record<string, unknown>[] = [];
  for (const [what, path, headers] of [
    ['JSON', `/silver/readings?event_date=${day}&limit=100`, {}],
    ['CSV', `/silver/readings?event_date=${day}&limit=100`, { accept: 'text/csv' }],
    ['OData', `/odata/silver_sensor_readings?$filter=event_date%20eq%20${day}&$top=100`, {}],
  ] as const) {
    const authorization = `Bearer ${bearerOf(key)}`;
    const ask = async (): Promise<Answered> => {
      const begun = performance.now();
      const request = get(`${address}${path}`, { agent, headers: { ...headers, authorization } });
      const [response] = (await once(request, 'response')) as [IncomingMessage];
      const text = await textOf(response);
      const count = what === 'CSV' ? text.trim().split('\r\n').length - 1 : (text.match(/"room":/g) ?? []).length;
      return { ms: performance.now() - begun, rows: count, status: response.statusCode ?? 0 };
    };
    const first = await ask();
    if (first.status !== 200 || first.rows !== 100)
      throw new Error(`${what}: status ${first.status}, ${first.rows} rows`);
    const [cpu, postgres] = [cpuSecondsOf(pid), await postgresCpu()];
    const begun = performance.now();
    const asked: Promise<Answered>[] = [];
    for (let at = 0; at < rate * seconds; at += 1) {
      const due = begun + (at * 1000) / rate;
      const early = due - performance.now();
      if (early > 1) await new Promise((later) => setTimeout(later, early));
      asked.push(ask());
    }
    const answers = await Promise.all(asked);
    const took = (performance.now() - begun) / 1000;
    const bad = answers.filter(({ status, rows: count }) => status !== 200 || count !== 100).length;
    const times = answers.map(({ ms }) => ms).sort((a, b) => a - b);
    const at = (share: number) => Math.round(times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0);
    const cpuMs = ((cpuSecondsOf(pid) - cpu) * 1000) / answers.length;
    const postgresMs = (((await postgresCpu()) - postgres) * 1000) / answers.length;
    figures.push({
      what,
      rate,
      seconds: took,
      perSecond: answers.length / took,
      bad,
      p50: at(0.5),
      p99: at(0.99),
      cpuMs,
      postgresMs,
    });
    rows.push([
      what,
      Math.round(answers.length / took),
      at(0.5),
      at(0.99),
      cpuMs.toFixed(2),
      postgresMs.toFixed(2),
      bad,
    ]);
  }
  agent.destroy();
  mkdirSync(join(root, 'target'), { recursive: true });
  writeFileSync(join(root, 'target', 'bench-serve.json'), `${JSON.stringify({ figures }, null, 2)}\n`);
  const titles = ['100 rows as', 'answers/s', 'p50 ms', 'p99 ms', 'CPU ms of the server', 'of PostgreSQL', 'bad'];
  process.stdout.write(`${formatTable(titles, rows)}\n`);
}

await main();
