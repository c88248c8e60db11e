import { rename } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { recordFailure, recordSuccess } from '../../../../loaders/landing/attempt.ts';
import { SourceError } from '../../../../loaders/landing/errors.ts';
import { ensureStaging } from '../../../../loaders/landing/staging.ts';
import type { LoadOptions } from '../../../../loaders/landing/summary.ts';
import { oneDatabase, type TestDatabase } from '../../databases.ts';
import { firstMinute, SensorShare } from '../../loaders/sensor-share.ts';
import { type SmallOptions, SmallWatch } from './small-project.ts';

describe.each(oneDatabase)('the operating loop, on $name', ({ open }) => {
  let db: TestDatabase;
  let share: SensorShare;
  let watch: SmallWatch | undefined;
  beforeEach(async () => {
    db = await open();
    share = await SensorShare.create();
  });
  afterEach(async () => {
    watch?.dispose();
    watch = undefined;
    await share.remove();
    await db.drop();
  });

  /** A time of the day of the test's files, UTC; local times are those of the machine. */
  const at = (minute: number) => new Date((firstMinute + minute) * 60_000);
  /** So many days and minutes after the last local midnight. */
  const local = (day: number, hour: number, minute = 0) => new Date(2023, 7, 24 + day, hour, minute);
  const begin = (options: Partial<SmallOptions> = {}) => {
    watch = new SmallWatch({ warehouse: db.warehouse, folder: share.folder, now: at(10), ...options });
    return watch;
  };
  const files = async () => (await db.warehouse.query('select files from public.total')).rows[0]?.files;

  it('builds what a hit touches and nothing else, and nothing without a hit', async () => {
    await share.add(0, 1, 2);
    const small = begin();
    await small.check();
    expect(await files()).toBe(6);
    small.said();
    await small.check();
    expect(small.said()).toEqual([]);

    await share.add(3);
    small.now = at(11);
    await small.check();
    expect(await files()).toBe(8);
    const said = small.said();
    expect(said.map(({ event }) => event)).toEqual(['landed', 'built']);
    expect(said[1]).toMatchObject({ what: 'what is made of staging.sensor_file', nodes: 2, failed: 0 });
    const { rows } = await db.warehouse.query(
      `select node, rows_inserted from datacycle.run_result join datacycle.run using (run_id)
       where run.started_at = $1 order by node`,
      [at(11).toISOString()],
    );
    expect(rows).toEqual([
      { node: 'readings', rows_inserted: 2 },
      { node: 'total', rows_inserted: 0 },
    ]);
  });

  it('builds what another process has landed', async () => {
    const small = begin();
    await small.check();
    small.said();
    await db.warehouse.query(
      `with l as (insert into staging.load (source, started_at, finished_at) values ('registry', now(), now()) returning load_id)
       insert into staging.registry_row (load_id, table_name, row_no, record) select load_id, 'rooms', 1, '{}' from l`,
    );
    // The registry is not configured, so nothing here follows it; once it is, what landed is built.
    await small.check();
    expect(small.said()).toEqual([]);
    small.dispose();
    const other = begin({ registry: async () => 0 });
    await other.check();
    expect((await db.warehouse.query('select n from public.tables')).rows).toEqual([{ n: 1 }]);
  });

  it('goes on past a failing model, says so once, and builds it when its data are right', async () => {
    await share.add(0);
    const small = begin();
    await small.check();
    small.said();
    // Minute 5 makes `total` divide by zero.
    await share.add(5);
    await small.check();
    await share.add(6);
    await small.check();
    await small.check();
    expect((await db.warehouse.query('select count(*) as n from public.readings')).rows[0]?.n).toBe(6);
    expect(await files()).toBe(2);
    const said = small.said();
    // Two builds failed in the same way: one line.
    expect(said.filter(({ event }) => event === 'built')).toMatchObject([{ level: 'warning', failed: 1 }]);
    expect(said.filter(({ level }) => level === 'error').map(({ text }) => text)).toEqual([
      'build: total: division by zero (models/total.sql:2:44). It is built again with the next data.',
    ]);
    expect(small.watcher.conditions.failing().get('build')).toMatchObject({ count: 2 });

    await db.warehouse.query('update public.readings set power_w = 1 where power_w between 40 and 40.2');
    await share.add(7);
    await small.check();
    expect(await files()).toBe(8);
    const later = small.said();
    expect(later.filter(({ event }) => event === 'built')).toMatchObject([{ level: 'info', failed: 0 }]);
    const recovery = later.filter(({ event }) => event === 'build recovered');
    expect(recovery.map(({ text }) => text)).toEqual([
      expect.stringMatching(/^build: works again after .* \(2 failures\)$/),
    ]);
    expect(small.watcher.conditions.failing().size).toBe(0);
  });

  it('tells of bad rows that a test finds, and holds nothing back for them', async () => {
    await share.add(...Array.from({ length: 5 }, (_, minute) => minute));
    const small = begin();
    await small.check();
    // More than twenty files fail the test. They come after the first build, the only one of a day that runs tests.
    await share.add(...Array.from({ length: 7 }, (_, minute) => minute + 6));
    small.now = at(20);
    await small.check();
    expect(await files()).toBe(24);
    expect(small.said().map(({ event }) => event)).not.toContain('tests failed');
    small.now = local(1, 0, 30);
    await small.check();
    expect(small.said().find(({ event }) => event === 'tests failed')).toMatchObject({
      text: expect.stringContaining('few_files: 1 bad row'),
    });
    const { rows } = await db.warehouse.query(`select failures, message from staging.attempt where source = 'nightly'`);
    expect(rows).toEqual([{ failures: 1, message: 'data tests found bad rows' }]);
    // A restart builds and tests everything, and says it again.
    small.dispose();
    const other = begin({ now: local(1, 1) });
    await other.check();
    expect(other.said().map(({ event }) => event)).toContain('tests failed');
    await share.add(20);
    await other.check();
    expect(await files()).toBe(26);
  });

  it('tells once that a test warns, and once that it does no more', async () => {
    const sql = `{{config severity="warn"}}\nselect * from {{ref "total"}} where files > 4\n`;
    const small = begin({ files: { 'tests/data/many_files.sql': sql } });
    const told = async (now: Date, ...minutes: number[]) => {
      await share.add(...minutes);
      small.now = now;
      await small.check();
      return small.said().flatMap(({ level, event, text }) => (event.startsWith('test warns') ? [level, text] : []));
    };
    expect(await told(at(10), 0, 1, 2)).toEqual(['warning', expect.stringContaining('many_files: 1 bad row. See the')]);
    expect(await told(local(1, 0, 30), 3)).toEqual([]);
    await db.warehouse.query('delete from public.readings');
    expect(await told(local(2, 0, 30), 4)).toEqual(['info', 'test warns no more: many_files']);
  });

  it('lists, builds, tests and keeps house once a night, whatever the clock does', async () => {
    const nights: string[] = [];
    await share.add(0);
    const small = begin({ now: local(0, 12), housekeep: async () => void nights.push(small.now.toISOString()) });
    const checkAt = async (now: Date) => {
      small.now = now;
      await small.check();
    };
    // Never done before: made up for at the start.
    await checkAt(local(0, 12));
    expect(nights).toHaveLength(1);
    await checkAt(local(0, 23, 59));
    expect(nights).toHaveLength(1);
    await checkAt(local(1, 0, 1));
    expect(nights).toHaveLength(2);
    // Back over midnight, and over it again.
    await checkAt(local(0, 23, 30));
    await checkAt(local(1, 0, 0));
    await checkAt(local(1, 0, 2));
    expect(nights).toHaveLength(2);
    // A day forward, and back.
    await checkAt(local(2, 0, 5));
    expect(nights).toHaveLength(3);
    await checkAt(local(1, 12));
    await checkAt(local(2, 0, 10));
    expect(nights).toHaveLength(3);
    // A restart knows what was done.
    small.dispose();
    const other = begin({ now: local(2, 0, 20), housekeep: async () => void nights.push('again') });
    await other.check();
    expect(nights).toHaveLength(3);
    // What came late and lies before everything the checks look at, the night finds.
    await share.add(-300);
    await other.check();
    expect(await files()).toBe(2);
    other.now = local(3, 0, 1);
    await other.check();
    expect(nights).toHaveLength(4);
    expect(await files()).toBe(4);
  });

  it('runs the data tests on all rows in one night of the week', async () => {
    const day = local(2, 12).toLocaleDateString('en', { weekday: 'long' });
    await share.add(0);
    const small = begin({ now: local(0, 12), env: { FULL_TEST_DAY: day } });
    const tested = async (now: Date) => {
      small.now = now;
      await small.check();
      const said = small.said().flatMap(({ event, what }) => (event === 'built' ? [what] : []));
      return said.filter((what) => String(what).startsWith('the data tests'));
    };
    const attempt = () =>
      db.warehouse.query(`select succeeded_at, message from staging.attempt where source = 'full_tests'`);
    // Never done before: made up for at the start.
    expect(await tested(local(0, 12))).toEqual(['the data tests, of all rows']);
    // Changed by hand: a test that looked at all rows would see it.
    await db.warehouse.query('update public.total set files = 99');
    expect(await tested(local(1, 0, 1))).toEqual(['the data tests']);
    expect((await attempt()).rows).toMatchObject([{ message: null }]);
    expect(await tested(local(2, 0, 1))).toEqual(['the data tests, of all rows']);
    expect((await attempt()).rows).toMatchObject([{ message: 'failed: few_files' }]);
    // What was found then is looked at again until it passes.
    expect(small.watcher.conditions.failing().get('tests')?.message).toContain('few_files: 1 bad row');
    await tested(local(3, 0, 1));
    expect(small.watcher.conditions.failing().has('tests')).toBe(true);
    await db.warehouse.query('update public.total set files = 2');
    expect(await tested(local(4, 0, 1))).toEqual(['the data tests']);
    expect(small.watcher.conditions.failing().has('tests')).toBe(false);
  });

  it('tries a nightly round again whose listing failed, and one whose housekeeping failed the next night', async () => {
    const small = begin({
      now: local(0, 12),
      housekeep: async () => {
        throw new Error('no room');
      },
    });
    await rename(share.source.share, `${share.source.share}-away`);
    await small.check();
    const first = small.said();
    expect(first.filter(({ event }) => event === 'sensors failed')).toHaveLength(1);
    expect(first.find(({ event }) => event === 'tried again')).toMatchObject({ name: 'nightly', seconds: 600 });
    await rename(`${share.source.share}-away`, share.source.share);
    await small.check();
    expect(small.said().map(({ event }) => event)).toContain('sensors recovered');
    // Its time has not come again yet; ten minutes later it has, which nobody waits for here.
    expect((await db.warehouse.query(`select 1 from staging.attempt where source = 'nightly'`)).rows).toEqual([]);
    small.dispose();
    const other = begin({
      now: local(0, 12),
      housekeep: async () => {
        throw new Error('no room');
      },
    });
    await other.check();
    expect(other.said().find(({ event }) => event === 'housekeeping failed')).toMatchObject({
      text: 'housekeeping: unexpected Error: no room. It is tried again the next night.',
    });
    await other.check();
    expect(other.said()).toEqual([]);
  });

  it('tries a daily source once, again after its delay, and does not keep the sensors waiting', async () => {
    const tries: LoadOptions[] = [];
    let broken = true;
    const small = begin({
      env: { MYSQL_MAX_RETRIES: '2', MYSQL_RETRY_DELAY: '0' },
      registry: async (options) => {
        tries.push(options);
        if (broken) throw new SourceError({ what: 'the registry is not there' });
        await db.warehouse.query(
          `with l as (insert into staging.load (source, started_at, finished_at) values ('registry', now(), now()) returning load_id)
           insert into staging.registry_row (load_id, table_name, row_no, record) select load_id, 'rooms', 1, '{}' from l`,
        );
        return 1;
      },
    });
    await share.add(0);
    for (let check = 0; check < 5; check += 1) await small.check();
    // The first try and two more; then hourly.
    expect(tries).toHaveLength(3);
    expect(tries[0]).toMatchObject({ attempts: 1, mode: 'new', settleMs: 60_000 });
    expect(await files()).toBe(2);
    const said = small.said();
    expect(said.filter(({ event }) => event === 'registry failed')).toHaveLength(1);
    expect(said.filter(({ event }) => event === 'tried again').map(({ seconds }) => seconds)).toEqual([0, 0, 3600]);

    // The next day it is there.
    broken = false;
    small.now = new Date(small.now.getTime() + 24 * 60 * 60_000);
    await small.check();
    expect(tries).toHaveLength(4);
    expect(small.said().map(({ event }) => event)).toContain('registry recovered');
    expect((await db.warehouse.query('select n from public.tables')).rows).toEqual([{ n: 1 }]);
    await small.check();
    expect(tries).toHaveLength(4);
  });

  it('notices at the next check that a source was repaired by hand', async () => {
    let tries = 0;
    const small = begin({
      env: { MYSQL_MAX_RETRIES: '1', MYSQL_RETRY_DELAY: '3600' },
      registry: async () => {
        tries += 1;
        throw new SourceError({ what: 'the registry is not there' });
      },
    });
    const up = async () => /source_up\{source="registry"\} (\d)/.exec(await small.metrics.text())?.[1];
    const isFailing = () => small.watcher.conditions.failing().has('registry');
    // A success from before says nothing.
    await ensureStaging(db.warehouse);
    await recordSuccess(db.warehouse, 'registry', new Date(at(10).getTime() - 48 * 60 * 60_000));
    await small.check();
    await small.check();
    expect([isFailing(), await up(), tries]).toEqual([true, '0', 1]);

    await recordSuccess(db.warehouse, 'registry', at(12));
    await recordFailure(db.warehouse, 'registry', at(13), 'it is gone again');
    small.now = at(14);
    await small.check();
    expect(isFailing()).toBe(true);

    await recordSuccess(db.warehouse, 'registry', at(15));
    small.now = at(16);
    small.said();
    await small.check();
    expect(small.said().map(({ event }) => event)).toEqual(['registry recovered']);
    expect([isFailing(), await up(), tries]).toEqual([false, '1', 1]);
  });

  it('checks the sensors while a slow source is still loading', async () => {
    let release: () => void = () => undefined;
    const slow = new Promise<void>((resolve) => {
      release = resolve;
    });
    const small = begin({
      registry: async () => {
        await slow;
        return 0;
      },
    });
    await share.add(0);
    const never = new AbortController().signal;
    const landed = async () => (await db.warehouse.query('select count(*) as n from staging.sensor_file')).rows[0]?.n;
    await small.watcher.tick(never, async () => true);
    expect(await landed()).toBe(2);
    await share.add(1);
    await small.watcher.tick(never, async () => true);
    expect(await landed()).toBe(4);
    release();
    await small.watcher.settled();
    await small.check();
    expect(await files()).toBe(4);
  });
});
