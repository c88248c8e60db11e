import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import pg from 'pg';
import { formatTable } from '../cli/terminal/table.ts';
import startPostgres from '../tests/postgres-server.ts';
import { median, runNode } from './measure.ts';
import { writeShare } from './share.ts';

/*
 * The main job beside its floor, on PostgreSQL: BENCH_DB_URL (its schemas staging, silver, gold, seeds, datacycle and
 * floor are dropped!) or a server started for the purpose. BENCH_DAYS (10) days of 2,872 files; BENCH_RUNS (3) rounds.
 */
const root = resolve('.');
const home = join(root, '.datacycle', 'bench');
const days = Number(process.env.BENCH_DAYS ?? 10);
const rounds = Number(process.env.BENCH_RUNS ?? 3);
const schemas = ['staging', 'silver', 'gold', 'seeds', 'datacycle', 'floor'];

interface Comparison {
  readonly what: string;
  readonly seconds: number;
  readonly floorSeconds: number;
  readonly ratio: number;
}

async function main(): Promise<void> {
  if (process.env.BENCH_DB_URL) process.env.TEST_DB_URL = process.env.BENCH_DB_URL;
  const stop = await startPostgres();
  const url = process.env.TEST_DB_URL;
  if (url === undefined) throw new Error('No PostgreSQL server found: install one or set BENCH_DB_URL.');
  try {
    const share = join(home, 'share');
    say(`Writing ${days} days of sensor files ...`);
    const files = await writeShare(share, days);
    const floors = await measureFloors(url, share);
    const ours = await measureOurs(url, share);
    const result = await compare(url, files, floors, ours);
    mkdirSync(join(root, 'target'), { recursive: true });
    writeFileSync(join(root, 'target', 'bench.json'), `${JSON.stringify(result, null, 2)}\n`);
    say(
      formatTable(
        ['what', 'seconds', 'floor', 'ratio'],
        result.comparisons.map((c) => [c.what, c.seconds.toFixed(2), c.floorSeconds.toFixed(2), c.ratio.toFixed(2)]),
      ),
    );
    say(formatTable(['figure', 'value'], Object.entries(result.figures)));
  } finally {
    rmSync(home, { recursive: true, force: true });
    await stop?.();
  }
}

type Times = Record<string, number[]>;

function note(times: Times, name: string, seconds: number): void {
  const list = times[name] ?? [];
  list.push(seconds);
  times[name] = list;
  say(`  ${name}: ${seconds.toFixed(2)}s`);
}

async function measureFloors(url: string, share: string): Promise<Times> {
  const times: Times = {};
  const program = join(root, 'dist', 'bench-floor-load.mjs');
  for (let round = 0; round < rounds; round += 1) {
    say(`Floor, round ${round + 1}`);
    // A folder of its own each time: some file systems create files slowly for a while after a large removal.
    const bronze = join(home, `bronze-floor-${round}`);
    note(times, 'load', (await runNode([program, url, share, bronze], threads)).seconds);
    note(times, 'load without Bronze', (await runNode([program, url, share], threads)).seconds);
    await withClient(url, async (client) => {
      await client.query('create table floor.rooms (raw_name text, room_name text)');
      await client.query(
        `insert into floor.rooms values ('Bhroom', 'Bathroom'), ('Bdroom', 'Bedroom'), ('Livingroom', 'Living Room')`,
      );
      for (const step of ['silver', 'gold']) {
        const sql = readFileSync(join(root, 'bench', 'floor', `${step}.sql`), 'utf8');
        const started = performance.now();
        for (const statement of sql.split(/;\n/).filter((text) => text.trim() !== '')) await client.query(statement);
        note(times, step, (performance.now() - started) / 1000);
      }
    });
  }
  return times;
}

const threads = { UV_THREADPOOL_SIZE: '16' };

async function measureOurs(url: string, share: string): Promise<{ times: Times; memoryMb: number }> {
  const times: Times = {};
  let memoryMb = 0;
  for (let round = 0; round < rounds; round += 1) {
    say(`datacycle, round ${round + 1}`);
    await withClient(url, async (client) => {
      for (const schema of schemas.filter((name) => name !== 'floor'))
        await client.query(`drop schema if exists ${schema} cascade`);
    });
    const env = { DB_URL: url, SMB_PATH: share, BRONZE_ROOT: join(home, `bronze-${round}`), BI_PSEUDONYMISE: 'false' };
    const run = async (name: string, ...args: string[]) => {
      const measured = await runNode([join(root, 'bin', 'datacycle.mjs'), ...args], env);
      note(times, name, measured.seconds);
      return measured;
    };
    memoryMb = Math.max(memoryMb, (await run('load', 'load', '--full')).memoryMb);
    await run('seed', 'seed');
    await run('silver', 'run', '--select', 'sensor_events');
    await run('rest of silver', 'run', '--select', 'silver', '--exclude', 'sensor_events');
    await run('gold', 'run', '--select', 'gold');
    await run('load, nothing new', 'load');
    await run('build, every test', 'build');
    await run('build, nothing new', 'build');
    await assertSameRows(url);
    // Two new files, as every minute brings them.
    const owners = ['JimmyLoup', 'JeremieVianin'];
    const fresh = owners.map((owner) => join(share, `11.09.2023 0000_${owner}_received.json`));
    for (const [index, owner] of owners.entries()) {
      const old = readFileSync(join(share, `01.09.2023 0200_${owner}_received.json`), 'utf8');
      writeFileSync(fresh[index] ?? '', old.replace('01.09.2023 02:00', '11.09.2023 00:00'));
    }
    await run('load, two new files', 'load', '--full');
    await run('build, two new files', 'build');
    for (const path of fresh) rmSync(path);
    await run('compile', 'compile');
  }
  return { times, memoryMb };
}

async function compare(url: string, files: number, floors: Times, ours: { times: Times; memoryMb: number }) {
  const pair = (what: string, floor: string): Comparison => {
    const seconds = median(ours.times[what] ?? []);
    const floorSeconds = median(floors[floor] ?? []);
    return {
      what: floor === what ? what : `${what} (floor: ${floor})`,
      seconds,
      floorSeconds,
      ratio: seconds / floorSeconds,
    };
  };
  const version = await withClient(
    url,
    async (client) => (await client.query<{ v: string }>('select version() as v')).rows[0]?.v ?? '',
  );
  const rest = Object.keys(ours.times).filter((name) => !['load', 'silver', 'gold'].includes(name));
  return {
    machine: {
      cpus: cpus().length,
      model: cpus()[0]?.model ?? '',
      memoryGb: Math.round(totalmem() / 2 ** 30),
      node: process.version,
      postgres: version,
    },
    files,
    rounds,
    comparisons: [
      pair('load', 'load'),
      pair('load', 'load without Bronze'),
      pair('silver', 'silver'),
      pair('gold', 'gold'),
    ],
    figures: {
      ...Object.fromEntries(rest.map((name) => [`${name}, seconds`, median(ours.times[name] ?? []).toFixed(2)])),
      'memory of load, MB': String(ours.memoryMb),
    },
  };
}

/** A floor that did other work would be no floor. */
async function assertSameRows(url: string): Promise<void> {
  const measures = {
    sensor_events: 'round(sum(value)::numeric, 2)',
    fact_energy_minute: 'round(sum(energy_wh)::numeric, 3)',
    fact_environment_minute: 'round(sum(temperature_c)::numeric, 2)',
    fact_presence_minute: 'sum(motion_count)',
    fact_device_health_day: 'sum(missing_readings)',
  };
  await withClient(url, async (client) => {
    for (const [table, sum] of Object.entries(measures)) {
      const figures = async (schema: string) =>
        JSON.stringify((await client.query(`select count(*), ${sum} as sum from ${schema}.${table}`)).rows[0]);
      const [floor, ours] = [await figures('floor'), await figures(table === 'sensor_events' ? 'silver' : 'gold')];
      if (floor !== ours) throw new Error(`${table}: the floor has ${floor}, datacycle has ${ours}`);
    }
  });
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(
      `set work_mem = '128MB'; set maintenance_work_mem = '256MB'; set jit = off; set timezone = 'UTC'`,
    );
    return await work(client);
  } finally {
    await client.end();
  }
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

await main();
