import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../../servers/free-port.ts';
import { PostgresServer } from '../../../servers/postgres.ts';
import { SensorShare } from '../../loaders/sensor-share.ts';
import { rounds } from '../../rounds.ts';
import { writeSettled } from '../../settled-file.ts';
import { TemporaryProject } from '../../temporary-project.ts';
import { runHere } from '../in-process.ts';
import { smallProject } from '../small-files.ts';
import { minuteFiles } from './minute-files.ts';
import { WatchProcess } from './watch-process.ts';

// Read once: a command in this process has an environment of its own.
const { TEST_DB_URL: hasServer = '', TIME_LAPSE_SECS: asked } = process.env;

/** Seconds, each of which brings three minutes of files: an hour is a week. */
const seconds = Number(asked ?? rounds({ gate: 9, long: 3600 }));
/** Between two troubles. */
const quiet = Math.max(2, Math.min(60, Math.floor(seconds / 4)));
/** What the last third may have more than the first: pools fill, and the heap of a young process grows. */
const margin = {
  bytes: 64 * 1024 * 1024,
  files: rounds({ gate: 12, long: 4 }),
  connections: rounds({ gate: 8, long: 2 }),
};

interface Sample {
  readonly bytes: number;
  readonly files: number;
  readonly connections: number;
}

let server: PostgresServer;
let project: TemporaryProject;
let share: SensorShare;
let watcher: WatchProcess | undefined;

describe.skipIf(hasServer === '')('a watcher whose world is restarted, again and again', () => {
  beforeAll(async () => {
    const started = await PostgresServer.start();
    if (started === undefined) throw new Error('no PostgreSQL to start');
    server = started;
    share = await SensorShare.create();
    project = new TemporaryProject(smallProject);
    project.remove('tests');
  });
  afterAll(async () => {
    watcher?.signal('SIGKILL');
    await watcher?.ended();
    project?.dispose();
    await share?.remove();
    await server?.remove();
  });

  it(
    `for ${seconds} s: lands and builds all, tells each trouble once and its end once, and takes no more than at first`,
    async () => {
      const port = await freePort();
      const env = { DB_URL: server.url, SMB_PATH: share.source.share, BRONZE_ROOT: share.source.bronzeRoot };
      const start = () => new WatchProcess(project.root, { ...env, WATCH_PORT: String(port) });
      const files = minuteFiles(seconds * 3);
      const away = mkdtempSync(join(tmpdir(), 'datacycle-away-'));
      const put = (second: number) => {
        for (const { name, content } of files.get(second) ?? []) writeSettled(share.path(name), content);
      };
      const lines: WatchProcess['lines'] = [];
      const troubles = { database: 0, sensors: 0 };
      const samples: Sample[] = [];

      // The watcher's own restarts: asked for, and by a kill.
      for (const [second, signal] of (['SIGKILL', 'SIGTERM'] as const).entries()) {
        put(second);
        watcher = start();
        await watcher.until('landed');
        watcher.signal(signal);
        await watcher.ended();
      }
      const own = start();
      watcher = own;
      const { pid } = await own.until('watching');
      // It begins with a build of everything, by which all its connections are open.
      await own.until('built');
      const told = (event: string, count: number) => own.until(event, count);
      const trouble = [
        async () => {
          const before = own.events('database failed').length;
          await server.down();
          await told('database failed', before + 1);
          await server.up();
          troubles.database += 1;
          await told('database recovered', troubles.database);
        },
        async () => {
          renameSync(share.source.share, join(away, 'smb'));
          troubles.sensors += 1;
          await told('sensors failed', troubles.sensors);
          renameSync(join(away, 'smb'), share.source.share);
          await told('sensors recovered', troubles.sensors);
        },
        async () => {
          troubles.database += 1;
          await query(
            `select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'datacycle watch%'`,
          );
          await told('database recovered', troubles.database);
        },
      ];
      try {
        for (let second = 2; second < seconds; second += 1) {
          const began = performance.now();
          put(second);
          if (second % quiet === quiet - 1 && second < seconds - 1) await trouble[Math.floor(second / quiet) % 3]?.();
          else samples.push(await sample(port, Number(pid)));
          await sleep(Math.max(0, 1000 - (performance.now() - began)));
        }
        for (let second = seconds; second <= files.last; second += 1) put(second);
        // The restart of a watcher begins with a full listing; here it is asked for.
        expect(await own.stop(), own.stderr).toBe(0);
      } finally {
        lines.push(...own.lines);
        rmSync(away, { recursive: true, force: true });
      }
      expect(own.stderr).toBe('');
      for (const command of [['load', 'sensors', '--full'], ['run']]) {
        const { code, stdout, stderr } = await runHere(command, project.root, env);
        expect(code, stdout + stderr).toBe(0);
      }

      const [found] = await query(`select count(*) filter (where status = 'landed')::int as landed,
        count(*) filter (where status = 'rejected')::int as rejected,
        (select count(*)::int from staging.sensor_file) as staged,
        (select count(*)::int from readings) as readings, (select files::int from total) as total from staging.file`);
      const { good, broken } = files;
      expect(found).toEqual({ landed: good, rejected: broken, staged: good, readings: good, total: good });

      for (const subject of ['database', 'sensors'] as const) {
        const ends = lines.filter(({ event }) => event === `${subject} recovered`);
        expect(ends, JSON.stringify(lines)).toHaveLength(troubles[subject]);
      }
      // In one trouble of the database another reason that lasts is reported, too, and each once.
      const episodes: string[][] = [[]];
      for (const { level, event, message } of lines) {
        if (level === 'error') episodes.at(-1)?.push(`${event}: ${String(message)}`);
        else if (event.endsWith('recovered')) episodes.push([]);
      }
      for (const reasons of episodes) expect(new Set(reasons).size, JSON.stringify(reasons)).toBe(reasons.length);
      expect(lines.filter(({ event }) => event === 'sensors failed')).toHaveLength(troubles.sensors);
      const subjects = new Set(lines.filter(({ level }) => level === 'error').map(({ event }) => event));
      expect([...subjects].filter((event) => !/^(database|sensors) failed$/.test(event))).toEqual([]);

      const third = Math.floor(samples.length / 3);
      const most = (of: readonly Sample[], key: keyof Sample) => Math.max(...of.map((one) => one[key]));
      for (const key of ['bytes', 'files', 'connections'] as const) {
        const [before, after] = [most(samples.slice(0, third), key), most(samples.slice(-third), key)];
        if (asked !== undefined) process.stderr.write(`${key}: ${before} in the first third, ${after} in the last\n`);
        expect(after, key).toBeLessThanOrEqual(before + margin[key]);
      }
    },
    (seconds * 4 + 240) * 1000,
  );

  async function query(sql: string): Promise<readonly Record<string, unknown>[]> {
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    try {
      return (await client.query(sql)).rows;
    } finally {
      await client.end();
    }
  }

  /** The fewest of several looks: a file that is just being landed is closed at the next one, one that was forgotten is not. */
  async function filesHeld(open: string): Promise<number> {
    if (!existsSync(open)) return 0;
    let fewest = Number.POSITIVE_INFINITY;
    for (let look = 0; look < 5; look += 1) {
      fewest = Math.min(fewest, readdirSync(open).length);
      await sleep(20);
    }
    return fewest;
  }

  async function sample(port: number, pid: number): Promise<Sample> {
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    const [held] = await query(
      `select count(*)::int as n from pg_stat_activity where application_name like 'datacycle watch%'`,
    );
    return {
      bytes: Number(/^datacycle_resident_memory_bytes (\S+)$/m.exec(metrics)?.[1]),
      files: await filesHeld(`/proc/${pid}/fd`),
      connections: Number(held?.n),
    };
  }
});
