import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { databases } from '../databases.ts';
import { expectUntouched } from '../untouched.ts';
import { ProjectCopy } from './command.ts';

let project: ProjectCopy;
beforeEach(() => {
  project = new ProjectCopy({
    'project.yml': 'name: small\n',
    'seeds/rooms.csv': 'room\nKitchen\n',
    'models/etl_watermark.sql': '{{config materialized="view" schema="silver"}}\nselect room from {{ref "rooms"}}\n',
  });
});
afterEach(() => project.dispose());

it('verify before anything was built says what to do', async () => {
  const outcome = await project.run(['verify']);
  expect(outcome.code).toBe(1);
  expect(outcome.stderr).toContain('Error: nothing has been built in this database');
  expect(outcome.stderr).toContain('Run `datacycle build` first.');
});

describe.runIf(databases.length > 1)('verify on PostgreSQL', () => {
  const work = async (test: (database: Awaited<ReturnType<(typeof databases)[number]['open']>>) => Promise<void>) => {
    const database = await databases.at(-1)?.open();
    if (database === undefined) throw new Error('there is no server');
    try {
      await test(database);
    } finally {
      await database.drop();
    }
  };
  const model = (name: string, sql: string) => writeFileSync(join(project.root, 'models', `${name}.sql`), sql);
  const five = `{{config materialized="incremental" unique_key="id"}}\nselect n as id, 'v' || n as label, n * 1.5 as half from generate_series(1, 5) as n\n`;

  it('tells in words, as JSON and as CSV what differs, and exits with 1; once it is put right, with 0', () =>
    work(async ({ warehouse, url = '' }) => {
      model('five', five);
      const run = (...args: string[]) => project.run(args, { DB_URL: url });
      expect((await run('run', '-s', 'five')).code).toBe(0);
      expect(await run('verify', '-s', 'five')).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(
          /^public\.five \.+ equal, 5 rows \d+\.\d\ds\n\n1 model equals a build from scratch\.\n$/,
        ),
      });
      await warehouse.query(`update public.five set label = null where id = 2`);
      await warehouse.query(`delete from public.five where id = 4`);
      const words = await run('verify', '-s', 'five', 'etl_watermark', 'rooms');
      expect(words.code).toBe(1);
      expect(words.stdout.replace(/\d+\.\d\ds/g, 'TIME')).toBe(`\
public.five ..................................... DIFFERS: 1 changed, 1 missing, 4 rows in the table TIME
seeds.rooms ..................................... not compared: a seed is its file; \`datacycle seed\` makes it so
silver.etl_watermark ............................ not compared: a view has no rows of its own

public.five
difference | key  | column | actual | expected
-----------+------+--------+--------+-------------------
changed    | id=2 | label  | NULL   | v2
missing    | id=4 |        | no row | label=v4, half=6.0

1 model differs, 2 not compared. \`datacycle run --full-refresh --select five\` puts right what differs.
`);
      const json = await run('verify', '-s', 'five', '--output', 'json');
      expect(json.code).toBe(1);
      expect(JSON.parse(json.stdout)).toMatchObject([
        {
          model: 'five',
          status: 'differs',
          rows: 4,
          counts: { changed: 1, missing: 1, surplus: 0, referenced: 0 },
          differences: [
            { kind: 'changed', key: { id: '2' }, values: [{ column: 'label', actual: null, expected: 'v2' }] },
            { kind: 'missing', key: { id: '4' } },
          ],
        },
      ]);
      const lines = await run('--log-format', 'json', 'verify', '-s', 'five', '--limit', '1');
      expect(
        lines.stdout
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line)),
      ).toMatchObject([
        { type: 'verified', model: 'five', differences: [{ kind: 'changed' }] },
        { type: 'finished', ok: false, differs: 1, equal: 0 },
      ]);
      expect((await run('verify', '-s', 'five', '--output', 'csv')).stdout).toBe(`\
"model","difference","key","column","actual","expected"
"five","changed","{""id"":""2""}","label",,"v2"
"five","missing","{""id"":""4""}","label",,"v4"
"five","missing","{""id"":""4""}","half",,"6.0"
`);
      expect((await run('run', '--full-refresh', '--select', 'five')).code).toBe(0);
      expect((await run('verify', '-s', 'five')).code).toBe(0);
    }));

  it('an error of the database is reported with the line of the template', () =>
    work(async ({ warehouse, url = '' }) => {
      model('five', five.replace('n * 1.5', `5 / (n - current_setting('five.hole')::int)`));
      await warehouse.query(
        `do $$ begin execute format('alter database %I set five.hole = 9', current_database()); end $$`,
      );
      expect((await project.run(['run', '-s', 'five'], { DB_URL: url })).code).toBe(0);
      await warehouse.query(
        `do $$ begin execute format('alter database %I set five.hole = 3', current_database()); end $$`,
      );
      const outcome = await project.run(['verify', '-s', 'five'], { DB_URL: url });
      expect(outcome.code).toBe(1);
      expect(outcome.stdout).toContain('Error: five: division by zero\n  at models/five.sql');
    }));

  it.each(['SIGINT', 'SIGKILL'] as const)('broken off in the middle by %s it leaves nothing behind', (signal) =>
    work(async ({ warehouse, url = '' }) => {
      model(
        'five',
        five.replace('n * 1.5', `pg_sleep(case when n = 5 then current_setting('five.nap')::int else 0 end) is null`),
      );
      const nap = (seconds: number) =>
        warehouse.query(
          `do $$ begin execute format('alter database %I set five.nap = ${seconds}', current_database()); end $$`,
        );
      await nap(0);
      expect((await project.run(['run', '-s', 'five'], { DB_URL: url })).code).toBe(0);
      await nap(30);
      const sleeping = async () =>
        (
          await warehouse.query<{ pid: number }>(
            `select pid from pg_stat_activity where datname = current_database() and query like 'create temporary%' and state = 'active'`,
          )
        ).rows;
      await expectUntouched(warehouse, async () => {
        const stop = new AbortController();
        const running = project.run(['verify', '-s', 'five'], { DB_URL: url }, { signal: stop.signal, kill: signal });
        while ((await sleeping()).length === 0) await sleep(50);
        stop.abort();
        const outcome = await running;
        if (signal === 'SIGINT') {
          expect(outcome.code).toBe(130);
          expect(outcome.stdout).toContain('stopped before the end');
          expect(await sleeping()).toEqual([]);
        }
        // A server whose client is gone finds out when the statement ends.
        await warehouse.query(
          `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and query like 'create temporary%'`,
        );
        while ((await sleeping()).length > 0) await sleep(50);
      });
    }),
  );
});
