import { mkdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Queryable, Warehouse } from '../../../../warehouse/warehouse.ts';
import { freePort } from '../../../servers/free-port.ts';
import { databases, type TestDatabase } from '../../databases.ts';
import { SensorShare } from '../../loaders/sensor-share.ts';
import { ProjectCopy } from '../command.ts';
import { smallProject } from '../small-files.ts';
import { SmallWatch } from './small-project.ts';
import { eventually, WatchProcess } from './watch-process.ts';

describe.each(databases.filter(({ name }) => name === 'PostgreSQL'))(
  'a database that falls silent, on $name',
  ({ open }) => {
    let db: TestDatabase;
    let project: ProjectCopy;
    let watcher: WatchProcess | undefined;
    let stopped: number[] = [];
    beforeEach(async () => {
      db = await open();
      project = new ProjectCopy(smallProject);
      mkdirSync(join(project.root, 'share'));
    });
    afterEach(async () => {
      for (const pid of stopped.splice(0)) tell(pid, 'SIGCONT');
      watcher?.signal('SIGKILL');
      await watcher?.ended();
      project.dispose();
      await db.drop();
    });

    it('is reported as away, and the checks go on until it answers', async () => {
      const share = await SensorShare.create();
      let isSilent = false;
      const query: Queryable['query'] = (sql, params) =>
        isSilent ? new Promise(() => undefined) : db.warehouse.query(sql, params);
      const warehouse: Warehouse = { ...db.warehouse, query };
      const now = new Date(2023, 7, 24, 12);
      const small = new SmallWatch({ warehouse, folder: share.folder, now, answerMs: 2000 });
      // A busy machine may take longer than that to answer.
      const answers = async () => {
        await small.check();
        return !small.watcher.conditions.failing().has('database');
      };
      try {
        await eventually(answers, 'a database that answers');
        small.said();
        isSilent = true;
        await small.check();
        await small.check();
        expect(small.said().map(({ text }) => text)).toEqual([
          `database: cannot work with ${db.warehouse.address}: it does not answer. It is tried again at every check.`,
        ]);
        expect(small.watcher.conditions.failing().get('database')?.count).toBe(2);
        isSilent = false;
        await eventually(answers, 'the recovery');
        expect(small.said().map(({ event }) => event)).toEqual(['database recovered']);
      } finally {
        small.dispose();
        await share.remove();
      }
    });

    it('and a build that waits for another run, are reported with who runs', async () => {
      const share = await SensorShare.create();
      const small = new SmallWatch({
        warehouse: db.warehouse,
        folder: share.folder,
        now: new Date(2023, 7, 24, 12),
        blockedMs: 10,
      });
      const build = () => small.watcher.conditions.failing().get('build')?.message;
      try {
        await db.warehouse.exclusive('run', async () => {
          await share.add(1);
          await small.check();
          expect(build()).toBeUndefined();
          await expect
            .poll(() => small.check().then(build))
            .toMatch(/^another run is going on in this database: datacycle test pid \d+ on /);
        });
        await small.check();
        await small.check();
        expect(build()).toBeUndefined();
      } finally {
        small.dispose();
        await share.remove();
      }
    });

    it('and a build that waits for the lock of another session, are reported with who holds it', async () => {
      const share = await SensorShare.create();
      const now = new Date(2023, 7, 24, 12);
      const small = new SmallWatch({ warehouse: db.warehouse, folder: share.folder, now, blockedMs: 200 });
      const reader = new pg.Client({ connectionString: db.url, application_name: 'a report' });
      await reader.connect();
      const tick = () => small.watcher.tick(new AbortController().signal, async () => true);
      try {
        await share.add(1);
        await small.check();
        small.said();
        const { rows } = await reader.query(
          `select format('%I.%I', schemaname, tablename) as name from pg_tables where tablename = 'readings'`,
        );
        await reader.query(`begin; lock table ${rows[0].name} in access exclusive mode`);
        await share.add(2);
        await tick();
        await expect
          .poll(async () => {
            await tick();
            return small.watcher.conditions.failing().get('build')?.message;
          })
          .toMatch(
            /^waits for a lock that a report \(server process \d+, user postgres, idle in transaction, in a transaction since .* UTC\) holds$/,
          );
        await reader.query('commit');
        await small.watcher.settled();
        await small.check();
        const told = small
          .said()
          .map(({ event }) => event)
          .filter((event) => event.startsWith('build '));
        expect(told).toEqual(['build failed', 'build recovered']);
      } finally {
        await reader.end();
        await small.watcher.settled();
        small.dispose();
        await share.remove();
      }
    });

    it('and holds the lock of a watcher that has ended, is waited for', async () => {
      const ended = { connectionString: db.url, application_name: `datacycle watch pid 99999999 on ${hostname()}` };
      const left = new pg.Client(ended);
      await left.connect();
      await left.query(`select pg_try_advisory_lock(${0x64617461}, hashtext('watch'))`);
      const env = { DB_URL: db.url ?? '', SMB_PATH: join(project.root, 'share'), BRONZE_ROOT: join(project.root, 'b') };
      watcher = new WatchProcess(project.root, env);
      const asked = `select from pg_stat_activity where datname = current_database() and application_name like 'datacycle watch pid%'`;
      await eventually(async () => (await left.query(asked)).rows.length > 1, 'the watcher that waits');
      await left.end();
      await watcher.until('watching');
    });

    describe.skipIf(process.platform === 'win32')('because its processes hang', () => {
      const backends = async () => {
        const { rows } = await db.warehouse.query<{ pid: number }>(
          `select pid from pg_stat_activity where datname = current_database() and application_name like 'datacycle watch%'`,
        );
        return rows.map(({ pid }) => pid);
      };

      it('does not keep the watcher from stopping', async () => {
        const port = await freePort();
        const own = new WatchProcess(project.root, {
          DB_URL: db.url ?? '',
          SMB_PATH: join(project.root, 'share'),
          BRONZE_ROOT: join(project.root, 'bronze'),
          WATCH_PORT: String(port),
        });
        watcher = own;
        const lastCheck = async () => {
          const health = (await (await fetch(`http://127.0.0.1:${port}/health`)).json()) as { last_check_at: string };
          return health.last_check_at;
        };
        await eventually(
          () => own.events('built').some(({ what }) => String(what).startsWith('the data tests')),
          'the nightly round',
          () => own.stdout,
        );
        stopped = await backends();
        for (const pid of stopped) tell(pid, 'SIGSTOP');
        expect(stopped.length).toBeGreaterThan(0);
        // Checks of a second each: one that takes longer waits for the database.
        let seen = '';
        let since = performance.now();
        await eventually(async () => {
          const last = await lastCheck();
          if (last !== seen) since = performance.now();
          seen = last;
          return performance.now() - since > 4000;
        }, 'a check that hangs');
        const before = performance.now();
        expect(await own.stop(), own.stderr).toBe(0);
        const took = performance.now() - before;
        expect(took).toBeLessThan(60_000);
        expect(own.lines.at(-1)?.event).toBe('stopped');
        expect(own.stderr).toBe('');
      });
    });
  },
);

/** A process that has ended meanwhile needs no signal. */
function tell(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
