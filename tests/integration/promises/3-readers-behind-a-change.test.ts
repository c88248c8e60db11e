import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { servers } from '../databases.ts';
import { eventsOn } from '../project-on.ts';
import { resultOf } from '../temporary-project.ts';

/** Three seconds and the half between two questions, and what a busy machine adds; the server counts, in milliseconds. */
const heldUpMs = 5000;

describe.each(servers)('3: readers behind a change, on $name', (kind) => {
  const { database, project } = eventsOn(kind);
  const clients: pg.Client[] = [];
  const connect = async (name: string) => {
    const client = new pg.Client({ connectionString: database.url, application_name: name });
    await client.connect();
    clients.push(client);
    return client;
  };
  /** Reads all the time. @returns what stops it, and says how often it has read; it fails where it was held up for longer. */
  const read = async (sql: string) => {
    const client = await connect('a dashboard');
    await client.query(`set lock_timeout = ${heldUpMs}`);
    let isOver = false;
    let reads = 0;
    const reading = (async () => {
      for (; !isOver; reads += 1) {
        await client.query(sql);
        await sleep(20);
      }
    })();
    reading.catch(() => undefined);
    return async () => {
      isOver = true;
      await reading;
      return reads;
    };
  };
  const waits = () =>
    project.events.flatMap((event) => (event.type === 'node-waits' ? [[event.name, event.whom] as const] : []));
  const whom = /^a report \(server process \d+, user \S+, idle in transaction, in a transaction since \S+ \S+ UTC\)$/;

  beforeEach(async () => {
    project.write({
      'models/changing.sql': '{{config materialized="table"}}select 1 as one',
      'models/shown.sql': '{{config materialized="view"}}select one from {{ref "changing"}}',
    });
    expect((await project.run(database.warehouse)).ok).toBe(true);
    project.write({ 'models/changing.sql': '{{config materialized="table"}}select 2::bigint as one, 3 as two' });
  });
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.end()));
  });

  it('go on while the change waits for a transaction that one of them has open', async () => {
    const report = await connect('a report');
    await report.query('begin; select from shown');
    const stop = await read('select one from shown');
    const building = project.run(database.warehouse);
    await expect.poll(waits).toMatchObject([['changing', expect.stringMatching(whom)]]);
    await sleep(5500);
    await report.query('commit');
    const summary = await building;
    expect(summary.results.map(({ error }) => error)).toEqual([undefined, undefined]);
    expect(waits().at(-1)).toEqual(['changing', undefined]);
    expect(await stop()).toBeGreaterThan(0);
    expect((await report.query('select one, two from changing')).rows).toEqual([{ one: '2', two: 3 }]);
  });

  it('and while a hook of the run waits for it', async () => {
    project.write({
      'project.yml': 'name: test\non-run-start: alter view if exists shown set (security_barrier = false)\n',
    });
    const report = await connect('a report');
    await report.query('begin; select from shown');
    const stop = await read('select one from shown');
    const building = project.run(database.warehouse);
    await expect.poll(waits).toMatchObject([['on-run-start', expect.stringMatching(whom)]]);
    await sleep(5500);
    await report.query('commit');
    expect((await building).ok).toBe(true);
    expect(await stop()).toBeGreaterThan(0);
  });

  it('and a transaction that stays open ends the build with its name', async () => {
    const report = await connect('a report');
    await report.query('begin; select from shown');
    const stop = await read('select one from shown');
    const { error } = resultOf(await project.run(database.warehouse, { lockWaitMs: 3000 }), 'changing');
    expect(error).toMatchObject({
      message: expect.stringMatching(
        /^changing: waited 3 s for a lock; blocked by a report \(server process \d+, user \S+, idle in transaction, in a transaction since .* UTC\)$/,
      ),
      where: 'models/changing.sql',
      hint: expect.stringMatching(/select pg_terminate_backend\(\d+\);$/),
    });
    expect(await stop()).toBeGreaterThan(0);
  });
});
