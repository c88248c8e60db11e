import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openProject, openProjectWarehouse } from '../cli/settings/environment.ts';
import { sources } from '../cli/sources/sources.ts';
import { formatTable } from '../cli/terminal/table.ts';
import { Terminal } from '../cli/terminal/terminal.ts';
import { WatchMetrics } from '../cli/watch/metrics.ts';
import { watchSettings } from '../cli/watch/settings.ts';
import { WatchLog } from '../cli/watch/watch-log.ts';
import { Watcher } from '../cli/watch/watcher.ts';
import { compiledProject } from '../runner/cache/cache.ts';
import type { Warehouse } from '../warehouse/warehouse.ts';
import { startDatabase } from './database.ts';
import { median } from './measure.ts';
import { writeShare } from './share.ts';

/*
 * What a check of the watcher costs on PostgreSQL with WATCH_BENCH_DAYS (5) days of files, about a million readings, in
 * place: BENCH_ROUNDS (20) times a new pair of files, from the start of the check until gold has its minute, and as many
 * checks with nothing new; a few of those after a pause in which the connections were closed, as between real checks.
 */
const home = join(resolve('.'), '.datacycle', 'bench-watch');
const days = Number(process.env.WATCH_BENCH_DAYS ?? 5);
const rounds = Number(process.env.BENCH_ROUNDS ?? 20);
const owners = ['JimmyLoup', 'JeremieVianin'];
/** Connections that nobody uses are closed after 10 s. */
const idleMs = 11_000;
const never = new AbortController().signal;

async function main(): Promise<void> {
  const { url, stop } = await startDatabase(['staging', 'silver', 'gold', 'seeds', 'datacycle', 'bi']);
  const share = join(home, 'share');
  try {
    say(`Writing ${days} days of sensor files ...`);
    const files = await writeShare(share, days);
    const env = { DB_URL: url, SMB_PATH: share, BRONZE_ROOT: join(home, 'bronze'), SFTP_HOST: '', MYSQL_URL: '' };
    const project = await openProject({ projectDir: '.' }, { ...env, BI_PSEUDONYMISE: 'false' });
    const landing = await openProjectWarehouse(project, 'watch', 8);
    const building = await openProjectWarehouse(project, 'watch build', undefined);
    let minute = Date.UTC(2023, 8, days, 23, 59);
    const clock = () => new Date(minute + 5000);
    const metrics = new WatchMetrics(clock);
    const log = new WatchLog(new Terminal(false), undefined, (text) => text, clock);
    const compiled = await compiledProject(project);
    const settings = watchSettings(project);
    const watcher = new Watcher({ compiled, sources, landing, building, settings, clock, log, metrics });
    const check = async () => {
      const started = performance.now();
      await watcher.tick(never, async () => (await landing.holder('watch')) === undefined);
      const checked = performance.now() - started;
      await watcher.settled();
      return { checked, settled: performance.now() - started };
    };
    // Everything there is, the nightly round that was never done, and what is built after it.
    await check();
    await check();
    const silver = await count(landing, 'select count(*) as n from silver.sensor_events');
    say(`${files} files, ${silver} rows in silver`);
    const hits: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      minute += 60_000;
      for (const owner of owners) writeFileSync(join(share, nameOf(minute, owner)), contentOf(share, minute, owner));
      hits.push((await check()).settled);
      const key = new Date(minute).toISOString().slice(0, 16).replace(/\D/g, '');
      const rows = await count(
        landing,
        `select count(*) as n from gold.fact_energy_minute where datetime_key = ${key}`,
      );
      if (rows === 0) throw new Error(`gold lacks the minute ${key}`);
    }
    const empty: number[] = [];
    for (let round = 0; round < rounds; round += 1) empty.push((await check()).settled);
    const cold: number[] = [];
    for (let round = 0; round < 3; round += 1) {
      await sleep(idleMs);
      cold.push((await check()).settled);
    }
    const figures = {
      files,
      silver_rows: silver,
      rounds,
      hit_ms_median: Math.round(median(hits)),
      hit_ms_worst: Math.round(Math.max(...hits)),
      empty_ms_median: Math.round(median(empty) * 10) / 10,
      empty_ms_worst: Math.round(Math.max(...empty) * 10) / 10,
      empty_after_pause_ms_median: Math.round(median(cold) * 10) / 10,
      memory_mb: Math.round(process.memoryUsage.rss() / 1e6),
    };
    mkdirSync('target', { recursive: true });
    writeFileSync(join('target', 'bench-watch.json'), `${JSON.stringify(figures, null, 2)}\n`);
    say(formatTable(['figure', 'value'], Object.entries(figures)));
    await building.close();
    await landing.close();
  } finally {
    rmSync(home, { recursive: true, force: true });
    await stop?.();
  }
}

function nameOf(time: number, owner: string): string {
  const [year, month, day, hour, minute] = new Date(time).toISOString().split(/[-T:]/);
  return `${day}.${month}.${year} ${hour}${minute}_${owner}_received.json`;
}

/** The file of the same minute of the first day, under its new date. */
function contentOf(share: string, time: number, owner: string): string {
  const [date, from] = [new Date(time), new Date(time)];
  from.setUTCDate(1);
  from.setUTCHours(12);
  const old = readFileSync(join(share, nameOf(from.getTime(), owner)), 'utf8');
  const stamp = (one: Date) =>
    nameOf(one.getTime(), owner).slice(0, 13).concat(':', nameOf(one.getTime(), owner).slice(13, 15));
  return old.replaceAll(stamp(from), stamp(date));
}

async function count(on: Warehouse, sql: string): Promise<number> {
  return (await on.query<{ n: number }>(sql)).rows[0]?.n ?? 0;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

await main();
