import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../../../servers/free-port.ts';
import { databases, type TestDatabase } from '../../databases.ts';
import { document, fileName } from '../../loaders/sensor-share.ts';
import { sampleMinutes } from '../../main-job/household.ts';
import { ProjectCopy } from '../command.ts';
import { smallProject } from '../small-files.ts';
import { eventually, WatchProcess } from './watch-process.ts';

const secrets = {
  PSEUDONYM_KEY: 'a-key-that-nobody-may-see',
  SFTP_PASSWORD: 'the "sftp" pass',
  MYSQL_URL: 'mysql://reader:p%40ss-in-mysql@127.0.0.1:1/pidb',
};

describe.each(databases.filter(({ name }) => name === 'PostgreSQL'))('datacycle watch, on $name', ({ open }) => {
  let db: TestDatabase;
  let project: ProjectCopy;
  let env: Record<string, string>;
  const started: WatchProcess[] = [];

  /** The household, where a test is about its tables; a small project, where it is about the watcher. */
  const begin = async (files: Readonly<Record<string, string>> | undefined) => {
    project = new ProjectCopy(files);
    mkdirSync(share());
    await project.begin();
    env = { DB_URL: db.url ?? '', SMB_PATH: share(), BRONZE_ROOT: join(project.root, 'bronze') };
  };
  beforeEach(async () => {
    db = await open();
  });
  afterEach(async () => {
    for (const one of started.splice(0)) {
      one.signal('SIGKILL');
      await one.ended();
    }
    project.dispose();
    await db.drop();
  });

  const share = () => join(project.root, 'share');
  const putSample = (from: number, to: number) => {
    for (const { name, content } of sampleMinutes('12.10.2023', (minute) => minute >= from && minute < to))
      writeFileSync(join(share(), name), content);
  };
  /** For the small project: a file each. */
  const put = (from: number, to: number, folder = share()) => {
    for (let minute = from; minute < to; minute += 1)
      writeFileSync(join(folder, fileName('JimmyLoup', minute)), document('JimmyLoup', minute));
  };
  const start = (more: Record<string, string> = {}) => {
    const watcher = new WatchProcess(project.root, { ...env, ...more });
    started.push(watcher);
    return watcher;
  };
  const count = async (sql: string) => {
    const { rows } = await db.warehouse.query<{ n: number }>(sql).catch(() => ({ rows: [{ n: -1 }] }));
    return rows[0]?.n ?? 0;
  };
  const goldMinutes = () => count('select count(distinct datetime_key)::int as n from gold.fact_energy_minute');
  /** The files that the last model of the small project counts. */
  const built = () => count('select files::int as n from total');

  it('builds what comes in to gold, says how it is, and is alone', async () => {
    await begin(undefined);
    putSample(600, 605);
    const port = await freePort();
    const watcher = start({ WATCH_PORT: String(port), LOG_DIR: 'logs', ...secrets });
    await eventually(
      async () => (await goldMinutes()) === 5,
      'five minutes in gold',
      () => watcher.stdout,
    );
    putSample(605, 607);
    await eventually(
      async () => (await goldMinutes()) === 7,
      'seven minutes in gold',
      () => watcher.stdout,
    );
    // A check may have come between two of the files.
    const hits = watcher.events('landed').filter(({ listed }) => listed === 'predicted');
    expect(hits.reduce((sum, { landed }) => sum + Number(landed), 0)).toBe(4);
    for (const hit of hits) expect(hit).toMatchObject({ source: 'sensors', rejected: 0, level: 'info' });

    // The registry's server is not there: the health says so, without its password.
    await watcher.until('registry failed');
    const health = () => fetch(`http://127.0.0.1:${port}/health`);
    expect((await health()).status).toBe(503);
    // Where the machine is busy a check may be overdue for a moment.
    await expect
      .poll(async () => (await health()).json())
      .toMatchObject({
        status: 'degraded',
        last_hit_at: expect.stringMatching(/^\d{4}-.*Z$/),
        checks_overdue: false,
        sources: { sensors: { ok: true }, registry: { ok: false, failing_since: expect.any(String) } },
        build: { ok: true },
      });
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    expect(metrics).toContain('datacycle_files_landed_total{source="sensors"} 14');
    expect(metrics).toContain('datacycle_files_rejected_total{source="sensors"} 0');
    expect(metrics).toContain('datacycle_source_up{source="sensors"} 1');
    expect(metrics).toContain('datacycle_source_up{source="registry"} 0');
    expect(metrics).toMatch(/datacycle_newest_data_age_seconds\{source="sensors"\} \d{7,}/);
    expect(metrics).toMatch(/datacycle_check_seconds_count [1-9]/);
    expect(metrics).toMatch(/datacycle_build_seconds_count [1-9]/);
    expect((await fetch(`http://127.0.0.1:${port}/nothing`)).status).toBe(404);

    // A second watcher is refused with the name of the first, whether or not it would find its port taken.
    const second = await project.run(['watch'], { ...env, WATCH_PORT: '0' });
    expect(second.code).toBe(1);
    expect(second.stderr).toMatch(/has a watcher already: datacycle watch pid \d+ on /);
    const taken = await project.run(['watch'], { ...env, WATCH_PORT: String(port) });
    expect(taken.code).toBe(1);
    expect(taken.stderr).toMatch(/has a watcher already: datacycle watch pid \d+ on /);
    expect(taken.stderr).not.toContain('WATCH_PORT');
    const status = await project.run(['status', '--log-format', 'json'], env);
    expect(JSON.parse(status.stdout)).toMatchObject({ watcher: expect.stringMatching(/^datacycle watch pid/) });

    expect(await watcher.stop()).toBe(0);
    expect(watcher.lines.at(-1)?.event).toBe('stopped');
    const log = readFileSync(join(project.root, 'logs', 'datacycle-watch.log'), 'utf8');
    expect(
      log
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { event: string }).event),
    ).toEqual(watcher.lines.map(({ event }) => event));
    const said = log + watcher.stdout + watcher.stderr + metrics;
    for (const secret of ['a-key-that-nobody-may-see', 'the "sftp" pass', 'p%40ss-in-mysql', 'p@ss-in-mysql'])
      expect(said).not.toContain(secret);
  });

  it('builds nothing when nothing comes in', async () => {
    await begin(smallProject);
    put(10, 12);
    const watcher = start();
    await eventually(
      async () => (await built()) === 2,
      'two files in the models',
      () => watcher.stdout,
    );
    await eventually(
      () => watcher.events('built').some(({ what }) => String(what).startsWith('the data tests')),
      'the nightly round',
    );
    const told = watcher.events('built').length;
    const runs = async () => (await db.warehouse.query('select count(*) as n from datacycle.run')).rows[0]?.n;
    const before = await runs();
    const checked = async () =>
      (await db.warehouse.query(`select attempted_at as at from staging.attempt where source = 'sensors'`)).rows[0]?.at;
    for (let check = 0; check < 3; check += 1) {
      const last = await checked();
      await eventually(async () => (await checked()) !== last, 'another check');
    }
    expect(await runs()).toBe(before);
    expect(watcher.events('built')).toHaveLength(told);
    expect(await watcher.stop()).toBe(0);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'ends well within seconds on %s in mid-build, and the next run completes',
    async (signal) => {
      await begin(smallProject);
      put(10, 12);
      writeFileSync(
        join(project.root, 'models', 'slow.sql'),
        `{{config materialized="table"}}\nselect count(*) as n, max(pg_sleep(300)::text) as slept from {{ref 'readings'}}\n`,
      );
      const watcher = start();
      const sleeping = async () =>
        (
          await db.warehouse.query(
            `select 1 from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()`,
          )
        ).rows.length > 0;
      await eventually(sleeping, 'a build in the middle of a statement', () => watcher.stdout);
      const before = performance.now();
      watcher.signal(signal);
      expect(await watcher.ended(), watcher.stderr).toBe(0);
      expect(performance.now() - before).toBeLessThan(8000);
      expect(await sleeping()).toBe(false);
      expect(watcher.stderr).toBe('');
      expect(watcher.lines.filter(({ level }) => level === 'error')).toEqual([]);

      rmSync(join(project.root, 'models', 'slow.sql'));
      const run = await project.run(['build'], env);
      expect(run.code, run.stdout + run.stderr).toBe(0);
      expect(await built()).toBe(2);
    },
  );

  it('says what keeps the database away, not only that it was lost', async () => {
    await begin(smallProject);
    const name = new URL(env.DB_URL ?? '').pathname.slice(1);
    const tell = async (...statements: string[]) => {
      const client = new pg.Client({ connectionString: process.env.TEST_DB_URL });
      await client.connect();
      try {
        for (const statement of statements) await client.query(statement);
      } finally {
        await client.end();
      }
    };
    const watcher = start();
    await eventually(
      () => watcher.events('built').some(({ what }) => String(what).startsWith('the data tests')),
      'the nightly round',
      () => watcher.stdout,
    );
    await tell(`drop database ${name} with (force)`);
    const isTold = (message: RegExp) => watcher.events('database failed').some(({ text }) => message.test(text));
    await eventually(
      () => isTold(/the database does not exist/),
      'the reason',
      () => watcher.stdout,
    );
    // What the server says of a database that nobody may enter is an error like any other.
    await tell(`create database ${name} allow_connections false`);
    await eventually(
      () => isTold(/not currently accepting connections/),
      'the other reason',
      () => watcher.stdout,
    );
    await tell(`alter database ${name} allow_connections true`);
    await watcher.until('database recovered');
    const messages = watcher.events('database failed').map(({ message }) => message);
    expect(new Set(messages).size).toBe(messages.length);
    expect(watcher.events('database recovered')).toHaveLength(1);
    expect(await watcher.stop(), watcher.stderr).toBe(0);
  });

  it('says once that the share is gone and once that it is back, and loses nothing', async () => {
    await begin(smallProject);
    put(10, 12);
    const watcher = start();
    await eventually(
      async () => (await built()) === 2,
      'two files in the models',
      () => watcher.stdout,
    );
    const away = `${share()}-away`;
    renameSync(share(), away);
    await watcher.until('sensors failed');
    // Several checks fail; what arrives meanwhile is there when the share is back.
    const failures = async () =>
      Number(
        (await db.warehouse.query(`select failures from staging.attempt where source = 'sensors'`)).rows[0]?.failures,
      );
    await eventually(async () => (await failures()) >= 3, 'three failures');
    put(12, 14, away);
    renameSync(away, share());
    const recovery = await watcher.until('sensors recovered');
    expect(recovery.text).toMatch(/^sensors: works again after .* \(\d+ failures\)$/);
    await eventually(
      async () => (await built()) === 4,
      'four files in the models',
      () => watcher.stdout,
    );
    expect(watcher.events('sensors failed'), watcher.stdout).toHaveLength(1);
    expect(watcher.events('sensors failed')[0]?.text).toMatch(
      /SMB_PATH.*does not exist\. It is tried again at every check\./,
    );
    expect(watcher.events('sensors recovered')).toHaveLength(1);
    expect(await watcher.stop()).toBe(0);
  });
});

describe('datacycle watch that cannot start', () => {
  let project: ProjectCopy;
  beforeEach(() => {
    project = new ProjectCopy(smallProject);
  });
  afterEach(() => project.dispose());

  it('has nothing to watch, or a setting that makes no sense', async () => {
    const nothing = await project.run(['watch']);
    expect(nothing.code).toBe(2);
    expect(nothing.stderr).toMatch(/there is nothing to watch[\s\S]*SMB_PATH/);
    const wrong = await project.run(['watch'], { SMB_PATH: '.', NIGHTLY_HOUR: '24' });
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain('NIGHTLY_HOUR is "24", but must be a whole number from 0 to 23');
    const day = await project.run(['watch'], { SMB_PATH: '.', FULL_TEST_DAY: 'sonday' });
    expect(day.stderr).toMatch(/FULL_TEST_DAY is "sonday", but must be a day of the week.*\n.*Did you mean "monday"/);
  });

  it('finds its port taken', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    const outcome = await project.run(['watch'], { SMB_PATH: '.', WATCH_PORT: String(port) });
    server.close();
    expect(outcome.code).toBe(2);
    expect(outcome.stderr).toContain(`cannot listen on 127.0.0.1:${port}: the port is taken`);
    expect(outcome.stderr).toContain('Set WATCH_PORT');
    expect(readdirSync(project.root)).not.toContain('logs');
  });
});
