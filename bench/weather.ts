import { execFileSync } from 'node:child_process';
import { createReadStream, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { formatTable } from '../cli/terminal/table.ts';
import startPostgres from '../tests/postgres-server.ts';
import { freePort } from '../tests/servers/free-port.ts';
import { startOpenSsh } from '../tests/servers/sftp-server.ts';
import { withClient } from './database.ts';
import { linesAFile, writeForecasts } from './forecasts.ts';
import { median, runNode } from './measure.ts';

/*
 * Weather files from an sFTP server to silver, beside the same work by hand: OpenSSH's sftp fetches the files, COPY takes
 * them as they are, SQL does the rest. BENCH_WEATHER_FILES (70) files of 150,000 lines; BENCH_RUNS (3) rounds.
 */
const root = resolve('.');
const home = join(root, '.datacycle', 'bench-weather');
const files = Number(process.env.BENCH_WEATHER_FILES ?? 70);
const rounds = Number(process.env.BENCH_RUNS ?? 3);
const schemas = ['staging', 'silver', 'gold', 'seeds', 'datacycle', 'floor'];

async function main(): Promise<void> {
  if (process.env.BENCH_DB_URL) process.env.TEST_DB_URL = process.env.BENCH_DB_URL;
  const stop = await startPostgres();
  const url = process.env.TEST_DB_URL;
  if (url === undefined) throw new Error('No PostgreSQL server found: install one or set BENCH_DB_URL.');
  const sshd = await startOpenSsh(await freePort());
  try {
    const share = join(home, 'Meteo2');
    process.stdout.write(`Writing ${files} forecast files of ${linesAFile} lines ...\n`);
    await writeForecasts(share, files);
    const keyFile = join(home, 'key');
    writeFileSync(keyFile, sshd.privateKey, { mode: 0o600 });
    const floor: Times = {};
    const ours: Times = {};
    let memoryMb = 0;
    for (let round = 0; round < rounds; round += 1) {
      await withClient(url, async (client) => {
        for (const schema of schemas) await client.query(`drop schema if exists ${schema} cascade`);
      });
      await byHand(url, share, keyFile, sshd, floor);
      memoryMb = Math.max(memoryMb, await withDatacycle(url, share, keyFile, sshd, ours));
      await assertSame(url);
      for (const folder of ['bronze', 'by-hand']) rmSync(join(home, folder), { recursive: true, force: true });
    }
    const total = (times: Times) => median(times.total ?? []);
    const result = {
      files,
      lines: files * linesAFile,
      rounds,
      seconds: ours,
      floorSeconds: floor,
      ratio: total(ours) / total(floor),
      memoryMb,
    };
    mkdirSync(join(root, 'target'), { recursive: true });
    writeFileSync(join(root, 'target', 'bench-weather.json'), `${JSON.stringify(result, null, 2)}\n`);
    const row = (name: string) => [
      name,
      ...[ours, floor].map((times) => (times[name] ? median(times[name]).toFixed(2) : '-')),
    ];
    process.stdout.write(
      `${formatTable(['step', 'seconds', 'floor'], ['fetch', 'land', 'silver', 'total'].map(row))}\n`,
    );
    process.stdout.write(`ratio ${result.ratio.toFixed(2)}, memory of load ${memoryMb.toFixed(0)} MB\n`);
  } finally {
    rmSync(home, { recursive: true, force: true });
    await sshd.stop();
    await stop?.();
  }
}

type Times = Record<string, number[]>;

async function timed(times: Times, name: string, work: () => Promise<unknown>): Promise<void> {
  const started = performance.now();
  await work();
  const seconds = (performance.now() - started) / 1000;
  times[name] = [...(times[name] ?? []), seconds];
  process.stdout.write(`  ${name}: ${seconds.toFixed(2)}s\n`);
}

interface Server {
  readonly port: number;
  readonly user: string;
  readonly fingerprint: string;
}

async function byHand(url: string, share: string, keyFile: string, server: Server, times: Times): Promise<void> {
  process.stdout.write('By hand\n');
  const folder = join(home, 'by-hand');
  mkdirSync(folder, { recursive: true });
  await timed(times, 'total', async () => {
    await timed(times, 'fetch', async () => {
      const options = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'LogLevel=ERROR', 'BatchMode=yes'];
      execFileSync(
        'sftp',
        [
          '-q',
          '-i',
          keyFile,
          '-P',
          String(server.port),
          ...options.flatMap((option) => ['-o', option]),
          '-b',
          '-',
          `${server.user}@127.0.0.1`,
        ],
        { input: `cd ${share}\nlcd ${folder}\nget *\n`, stdio: ['pipe', 'ignore', 'inherit'] },
      );
      execFileSync('sync', ['-f', folder]);
    });
    await withClient(url, async (client) => {
      await client.query('create schema floor');
      await client.query(
        'create table floor.measurements (code text, measurement text, unit text, lower double precision, upper double precision)',
      );
      const seed = readFileSync(join(root, 'seeds', 'measurements.csv'), 'utf8');
      await copy(client, 'copy floor.measurements from stdin with (format csv, header)', [seed]);
      await client.query(
        'create table floor.weather_raw (time text, value text, prediction text, site text, measurement text, unit text, file_id integer, prediction_date date)',
      );
      await timed(times, 'land', async () => {
        for (const [index, name] of readdirSync(folder).sort().entries()) {
          await client.query(
            `alter table floor.weather_raw alter file_id set default ${index}, alter prediction_date set default '${name.slice(5, 15)}'`,
          );
          await copy(
            client,
            'copy floor.weather_raw (time, value, prediction, site, measurement, unit) from stdin with (format csv, header)',
            createReadStream(join(folder, name), { highWaterMark: 1 << 18 }),
          );
        }
      });
      await timed(times, 'silver', async () => {
        await client.query(
          `set work_mem = '128MB'; set maintenance_work_mem = '256MB'; set jit = off; set timezone = 'UTC'`,
        );
        const sql = readFileSync(join(root, 'bench', 'floor', 'weather.sql'), 'utf8');
        for (const statement of sql.split(/;\n/)) await client.query(statement);
      });
    });
  });
}

async function copy(client: pg.Client, sql: string, source: Iterable<string> | NodeJS.ReadableStream): Promise<void> {
  await pipeline(source, client.query(copyFrom(sql)));
}

async function withDatacycle(
  url: string,
  share: string,
  keyFile: string,
  server: Server,
  times: Times,
): Promise<number> {
  process.stdout.write('datacycle\n');
  const env = {
    DB_URL: url,
    BRONZE_ROOT: join(home, 'bronze'),
    SFTP_HOST: '127.0.0.1',
    SFTP_PORT: String(server.port),
    SFTP_USER: server.user,
    SFTP_PRIVATE_KEY: keyFile,
    SFTP_HOST_KEY: server.fingerprint,
    SFTP_PATH: share,
    SMB_PATH: '',
    MYSQL_URL: '',
  };
  let memoryMb = 0;
  await timed(times, 'total', async () => {
    const run = async (...args: string[]) => runNode([join(root, 'bin', 'datacycle.mjs'), ...args], env);
    await timed(times, 'land', async () => {
      memoryMb = (await run('load', 'weather')).memoryMb;
    });
    await timed(times, 'silver', async () => {
      await run('seed', '--select', 'measurements');
      await run('run', '--select', 'weather_forecasts', 'weather_clean', 'weather_file_audit');
    });
  });
  return memoryMb;
}

/** Both came to the same rows. */
async function assertSame(url: string): Promise<void> {
  await withClient(url, async (client) => {
    const figures = async (schema: string) => {
      const { rows } = await client.query<Record<string, string>>(
        `select (select count(*) || ' ' || sum(value::numeric)::numeric(20, 3) || ' ' || count(*) filter (where is_outlier) from ${schema}.weather_forecasts) as forecasts,
             (select count(*) || ' ' || sum(temperature_c::numeric)::numeric(20, 2) from ${schema}.weather_clean) as clean,
             (select sum(lines_read) || ' ' || sum(kept) || ' ' || sum(sentinel) from ${schema}.weather_file_audit) as audit`,
      );
      return JSON.stringify(rows[0]);
    };
    const [mine, theirs] = [await figures('silver'), await figures('floor')];
    if (mine !== theirs) throw new Error(`the results differ: ${mine} and by hand ${theirs}`);
    process.stdout.write(`  same rows: ${mine}\n`);
  });
}

await main();
