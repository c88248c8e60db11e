import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PostgresServer } from '../../../servers/postgres.ts';
import { document, fileName } from '../../loaders/sensor-share.ts';
import { ProjectCopy } from '../command.ts';
import { smallProject } from '../small-files.ts';
import { eventually, WatchProcess } from './watch-process.ts';

/** The rows of every table that models make, audit columns left out, in an order that depends on them only. */
async function contents(url: string): Promise<Record<string, string>> {
  return withClient(url, async (client) => {
    const { rows } = await client.query<{ model: string; relation: string }>(
      `select model, relation from datacycle.model where materialized in ('table', 'incremental') order by model`,
    );
    const found: Record<string, string> = {};
    for (const { model, relation } of rows) {
      const digest = await client.query<{ digest: string }>(
        `select count(*) || ' ' || coalesce(md5(string_agg(line, ' ' order by line)), '') as digest
         from (select (to_jsonb(t) - 'load_id')::text as line from ${relation} as t) as lines`,
      );
      found[model] = digest.rows[0]?.digest ?? '';
    }
    return found;
  });
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

let server: PostgresServer | undefined;
let project: ProjectCopy;
let watcher: WatchProcess | undefined;
beforeAll(async () => {
  server = process.env.TEST_DB_URL ? await PostgresServer.start() : undefined;
  project = new ProjectCopy(smallProject);
});
afterAll(async () => {
  watcher?.signal('SIGKILL');
  await watcher?.ended();
  project.dispose();
  await server?.remove();
});

describe.skipIf(!process.env.TEST_DB_URL)('a database that is restarted under the watcher', () => {
  it('in mid-build: it recovers by itself, and the rows are those of an undisturbed build', async () => {
    if (server === undefined) throw new Error('no server');
    const own = server;
    const url = (name: string) => Object.assign(new URL(own.url), { pathname: `/${name}` }).href;
    await withClient(own.url, async (client) => {
      await client.query('create database disturbed');
      await client.query('create database undisturbed');
    });
    const share = join(project.root, 'share');
    mkdirSync(share);
    for (let minute = 10; minute < 28; minute += 1)
      writeFileSync(join(share, fileName('JimmyLoup', minute)), document('JimmyLoup', minute));
    // Slow enough to be caught at work, whenever there are rows to build from.
    writeFileSync(
      join(project.root, 'models', 'slow.sql'),
      `{{config materialized="table"}}\nselect count(*) as n, max(case when e.is_first then pg_sleep(4)::text end) as slept
from (select row_number() over () = 1 as is_first from {{ref 'readings'}}) as e\n`,
    );
    const env = { DB_URL: url('disturbed'), SMB_PATH: share, BRONZE_ROOT: join(project.root, 'bronze') };
    watcher = new WatchProcess(project.root, env);
    const log = watcher;
    const sleeping = () =>
      withClient(url('disturbed'), async (client) => {
        const { rows } = await client.query(`select 1 from pg_stat_activity where wait_event = 'PgSleep'`);
        return rows.length > 0;
      });
    await eventually(sleeping, 'a build in the middle of a statement', () => log.stdout);
    await own.down();
    await log.until('database failed');
    await own.up();
    await log.until('database recovered');
    await eventually(
      () => log.events('built').some(({ what }) => String(what).startsWith('the data tests')),
      'the nightly round after the recovery',
      () => log.stdout,
    );
    expect(await watcher.stop()).toBe(0);
    const errors = log.lines.filter(({ level }) => level === 'error');
    expect(new Set(errors.map(({ event }) => event))).toEqual(new Set(['database failed']));
    // A reason that lasts is reported, too, and each once.
    expect(new Set(errors.map(({ message }) => message)).size).toBe(errors.length);
    expect(log.events('database recovered')).toHaveLength(1);

    const plain = { ...env, DB_URL: url('undisturbed'), BRONZE_ROOT: join(project.root, 'bronze-too') };
    expect((await project.run(['load'], plain)).code).toBe(0);
    const built = await project.run(['build'], plain);
    expect(built.code, built.stdout).toBe(0);
    const rows = await contents(url('disturbed'));
    expect(rows.readings).toMatch(/^18 /);
    expect(rows).toEqual(await contents(url('undisturbed')));
  });
});
