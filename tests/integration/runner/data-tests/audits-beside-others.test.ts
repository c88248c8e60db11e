import { spawn } from 'node:child_process';
import { once } from 'node:events';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bundled } from '../../bundled.ts';
import { servers } from '../../databases.ts';
import { eventsOn } from '../../project-on.ts';
import { resultOf, rowsOf } from '../../temporary-project.ts';
import { below, readings } from './audited-readings.ts';

describe.each(servers)('audits beside others on $name', (kind) => {
  const { database, project } = eventsOn(kind, {
    'models/readings.sql': readings,
    'models/whole.sql':
      '{{config materialized="table" unique_key="id"}}select id, value from {{source "raw" "events"}}',
    'tests/data/not_below.sql': below('audit="new_rows"'),
    'tests/data/whole_not_below.sql': '{{config audit=true}}select id from {{ref "whole"}} where value < 0',
  });
  let other: pg.Client;
  beforeEach(async () => {
    other = new pg.Client({ connectionString: database.url });
    await other.connect();
  });
  afterEach(() => other.end());

  const add = (load: number, value: number) =>
    database.warehouse.query(
      'insert into raw.events select $1::int, $1::int * 1000 + n, $3, $2::int from generate_series(1, 500) as n',
      [load, value, 'a'],
    );

  it('a reader in a loop never sees a bad row, nor a part of the good ones', async () => {
    await add(1, 1);
    expect((await project.run(database.warehouse)).ok).toBe(true);
    let stop = false;
    const seen = { bad: 0, odd: 0, reads: 0, most: 0 };
    const reading = (async () => {
      while (!stop)
        for (const table of ['readings', 'whole']) {
          const { rows } = await other.query(
            `select count(*)::int as n, count(*) filter (where value < 0)::int as bad from public.${table}`,
          );
          seen.reads += 1;
          seen.bad += Number(rows[0]?.bad);
          seen.odd += Number(rows[0]?.n) % 500;
          seen.most = Math.max(seen.most, Number(rows[0]?.n));
        }
    })();
    try {
      for (let load = 2; load <= 9; load += 1) {
        await add(load, load % 2 === 0 ? -1 : 1);
        const summary = await project.run(database.warehouse);
        expect(resultOf(summary, 'readings').status).toBe(load % 2 === 0 ? 'error' : 'success');
        expect(resultOf(summary, 'whole').status).toBe(load % 2 === 0 ? 'error' : 'success');
        if (load % 2 === 0) await database.warehouse.query('update raw.events set value = 0 where value < 0');
      }
    } finally {
      stop = true;
      await reading;
    }
    expect(seen).toMatchObject({ bad: 0, odd: 0, most: 4500 });
    expect(seen.reads).toBeGreaterThan(20);
  });

  it('killed between the failure and the keeping of its rows, the old rows stand and none is kept by half', async () => {
    await add(1, 1);
    await project.run(database.warehouse);
    await add(2, -1);
    const script = await bundled(new URL('../../building-process.ts', import.meta.url));
    // The rows wait for this lock, after the failure itself has been written.
    await other.query('begin');
    await other.query('lock table datacycle.audit_row in share row exclusive mode');
    const child = spawn(process.execPath, [script, database.url ?? '', project.root, 'killed'], {
      stdio: ['pipe', 'inherit', 'inherit'],
    });
    child.stdin.write('go\n');
    try {
      await expect
        .poll(() =>
          rowsOf(
            database.warehouse,
            `select count(*)::int as n from pg_stat_activity
               where datname = current_database() and wait_event_type = 'Lock' and query like 'insert into datacycle.audit_row%'`,
          ),
        )
        .toEqual([{ n: 2 }]);
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    } finally {
      child.kill('SIGKILL');
      await other.query('rollback');
    }
    // What the server still does for the killed process is rolled back when it notices.
    await expect
      .poll(() =>
        project.run(database.warehouse, { select: ['readings'] }).then(
          (run) => run.results[0]?.status,
          () => 'busy',
        ),
      )
      .toBe('error');
    const counts = `select (select count(*)::int from public.readings) as readings,
        (select count(*)::int from public.whole where value < 0) as bad,
        (select count(*)::int from datacycle.audit_failure where run_id = 'killed') as failures,
        (select count(*)::int from datacycle.audit_row where run_id = 'killed') as rows`;
    expect(await rowsOf(database.warehouse, counts)).toEqual([{ readings: 500, bad: 0, failures: 0, rows: 0 }]);
  });

  it('runs them again after it lost against another session', async () => {
    await add(1, 1);
    await project.run(database.warehouse, { select: ['readings'] });
    await other.query('begin');
    await other.query('update public.readings set value = 2 where id = 1001');
    await database.warehouse.query('update raw.events set load_id = 2, value = -1 where id = 1001');
    const running = project.run(database.warehouse, { select: ['readings'] });
    await expect
      .poll(() =>
        rowsOf(
          database.warehouse,
          `select count(*)::int as n from pg_stat_activity
           where datname = current_database() and wait_event_type = 'Lock' and query like '%merged%'`,
        ),
      )
      .toEqual([{ n: 1 }]);
    await other.query('commit');
    expect(resultOf(await running, 'readings').message).toBe('readings: audit not_below found 1 bad row');
    expect(await rowsOf(database.warehouse, 'select value from public.readings where id = 1001')).toEqual([
      { value: 2 },
    ]);
  });
});
