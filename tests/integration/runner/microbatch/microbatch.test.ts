import { beforeEach, describe, expect, it } from 'vitest';
import { databases, oneDatabase } from '../../databases.ts';
import { resultOf } from '../../temporary-project.ts';
import { batches, daily, readings, readingsInBatches } from './readings-in-batches.ts';

describe.each(databases)('microbatch on $name', (kind) => {
  const { database, project, query, land, run, backfill, outcome, rows, threeDays, verify } = readingsInBatches(kind);

  it('builds every batch since begin, then the present one and the newest before it', async () => {
    await land(threeDays);
    expect(await outcome('2023-08-03')).toBe('success: created, 3 batches +3 ~0 -0');
    expect(await outcome('2023-08-03')).toBe('success: 2 batches +0 ~0 -0');
    // Late by one day, by two days, and now.
    await land(`('a', '2023-08-02 11:00+00', 5), ('a', '2023-08-01 11:00+00', 5), ('b', '2023-08-03 11:00+00', 5)`);
    expect(await outcome('2023-08-03')).toBe('success: 2 batches +2 ~0 -0');
    // The third day was not over when it was built; the second one is the newest that was.
    expect(await outcome('2023-08-05')).toBe('success: 4 batches +0 ~0 -0');
    expect(await outcome('2023-08-05', backfill('2023-08-01', '2023-08-02'))).toBe('success: 1 batch +1 ~0 -0');
    expect(await verify()).toEqual(['readings equal']);
  });

  it('asked for a time in which it has no batch builds nothing, and says so where there is no table yet', async () => {
    await land(threeDays);
    const { error } = resultOf(await run('2023-08-03', backfill('2023-07-01', '2023-07-02')), 'readings');
    expect(error?.message).toBe('readings: there is no table yet, and no batch in the time asked for to begin it with');
    await run('2023-08-03');
    expect(await outcome('2023-08-03', backfill('2023-07-01', '2023-07-02'))).toBe('success: 0 batches +0 ~0 -0');
  });

  it('applies the difference by key, and nothing outside the batch', async () => {
    await land(threeDays);
    await run('2023-08-03');
    await query(`update raw.events set value = value + 10`);
    await query(`delete from raw.events where room = 'b'`);
    expect(await outcome('2023-08-03')).toBe('success: 2 batches +0 ~1 -1');
    expect(await rows()).toEqual([
      { room: 'a', at: '2023-08-01 10:00:00+00', value: 1 },
      { room: 'a', at: '2023-08-02 10:00:00+00', value: 12 },
    ]);
    expect(await verify()).toEqual(['readings differs']);
  });

  it('without a unique_key replaces a batch only where its rows differ', async () => {
    project.write({ 'models/readings.sql': readings().replace('unique_key="room, at"', '') });
    await land(`${threeDays}, ('b', '2023-08-03 10:00+00', 3)`);
    expect(await outcome('2023-08-03')).toBe('success: created, 3 batches +4 ~0 -0');
    expect(await outcome('2023-08-03')).toBe('success: 2 batches +0 ~0 -0');
    await land(`('b', '2023-08-03 10:00+00', 4)`);
    expect(await outcome('2023-08-03')).toBe('success: 2 batches +3 ~0 -2');
  });

  describe('a batch that fails', () => {
    const division = `${batches('event_time="at" batch_size="day" begin="2023-08-01" unique_key="room, at"')}
select room, at, 10 / value as value from {{source "raw" "events"}}`;

    it('is one failed batch: the others are built, and the next run builds it again, though it is an old one', async () => {
      project.write({ 'models/readings.sql': division, 'models/daily.sql': daily() });
      await land(`${threeDays}, ('x', '2023-08-01 12:00+00', 0), ('x', '2023-08-02 12:00+00', 0)`);
      await land(`('c', '2023-08-08 12:00+00', 3)`);
      const summary = await run('2023-08-09');
      const failed = resultOf(summary, 'readings');
      expect(failed).toMatchObject({ status: 'error', inserted: 2, batches: 7 });
      expect(failed.error?.message).toBe('readings: 2 of 9 batches failed: 2023-08-01, 2023-08-02');
      expect(failed.error).toMatchObject({
        where: 'models/readings.sql:2:21',
        detail: expect.stringContaining('2023-08-01, 2023-08-02: division by zero'),
        hint: expect.stringContaining('the next run builds these again'),
      });
      expect(resultOf(summary, 'daily').status).toBe('skipped');
      await query(`delete from raw.events where value = 0`);
      expect(await outcome('2023-08-09')).toBe('success: 4 batches +2 ~0 -0');
      expect(await outcome('2023-08-09')).toBe('success: 2 batches +0 ~0 -0');
      expect(await verify()).toEqual(['readings equal', 'daily equal']);
    });

    it('that was done before waits to be done again', async () => {
      project.write({ 'models/readings.sql': division });
      await land(threeDays);
      await run('2023-08-09');
      await land(`('x', '2023-08-01 12:00+00', 0)`);
      expect(await outcome('2023-08-09', backfill('2023-08-01', '2023-08-03'))).toBe(
        'error: readings: 1 of 2 batches failed: 2023-08-01 +0 ~0 -0',
      );
      expect(await verify()).toEqual(['readings behind: 1 batch waits to be built']);
      await query(`update raw.events set value = 5 where value = 0`);
      expect(await outcome('2023-08-09')).toBe('success: 3 batches +1 ~0 -0');
    });

    it.each(['true', 'new_rows'])('because an audit (%s) speaks against it is not committed', async (audit) => {
      const test = `accepted_values: { values: [1, 3], quote: false, config: { audit: ${audit} } }`;
      project.write({
        'models/readings.yml': `models: [{ name: readings, columns: [{ name: value, data_tests: [{ ${test} }] }] }]`,
      });
      await land(threeDays);
      const { error } = resultOf(await run('2023-08-03'), 'readings');
      expect(error?.message).toBe('readings: 1 of 3 batches failed: 2023-08-02');
      expect(error).toMatchObject({ detail: expect.stringContaining('accepted_values_readings_value') });
      expect((await rows()).map(({ value }) => value)).toEqual([1, 3]);
      expect(await query('select row from datacycle.audit_row')).toEqual([
        { row: expect.objectContaining({ value: 2 }) },
      ]);
      await query('update raw.events set value = 1 where value = 2');
      expect(await outcome('2023-08-03')).toBe('success: 3 batches +1 ~0 -0');
    });

    it('leaves the rows, when its query makes some of another batch', async () => {
      project.write({ 'models/readings.sql': readings('', "room, at + interval '1 day' as at, value") });
      await land(threeDays);
      const { error } = resultOf(await run('2023-08-03'), 'readings');
      expect(error).toMatchObject({
        detail: expect.stringContaining(
          'readings makes rows that are not of the batch 2023-08-01: at=2023-08-02 10:00:00+00 (1)',
        ),
      });
    });
  });

  it('goes on behind the last finished batch after the run was stopped', async () => {
    await land(threeDays);
    const stop = new AbortController();
    // The second of three takes long enough to be stopped in, on a busy machine, too.
    const slow = 'room, at, value, case when value = 2 then pg_sleep(0.7) end is null as slept';
    project.write({ 'models/readings.sql': readings('', slow) });
    const running = run('2023-08-03', { signal: stop.signal });
    const waiting = async () => {
      for (;;) {
        const there = await query(`select to_regclass('datacycle.batch') is not null as there`);
        if (there[0]?.there === true && (await query('select from datacycle.batch')).length > 0) return stop.abort();
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    };
    await waiting();
    const stopped = resultOf(await running, 'readings');
    expect(stopped).toMatchObject({ status: 'skipped', message: 'the run was stopped' });
    const done = (await query('select from datacycle.batch')).length;
    expect(done).toBeGreaterThan(0);
    expect(done).toBeLessThan(3);
    expect((await run('2023-08-03')).ok).toBe(true);
    expect((await rows()).length).toBe(3);
    expect(await verify()).toEqual(['readings equal']);
  });

  it('goes on behind the last finished batch after the connection was killed', async ({ skip }) => {
    if (database.url === undefined) skip('the embedded database has no connections');
    await land(threeDays);
    const slow = "room, at, value, case when at > '2023-08-02' then pg_sleep(0.4) end is null as slept";
    project.write({ 'models/readings.sql': readings('', slow) });
    const running = run('2023-08-03');
    for (;;) {
      const { rows: killed } = await database.warehouse.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where pid <> pg_backend_pid() and datname = current_database() and wait_event = 'PgSleep'`,
      );
      if (killed.length > 0) break;
    }
    expect((await running).ok).toBe(false);
    const done = (await query('select from datacycle.batch')).length;
    expect(done).toBeGreaterThan(0);
    expect(done).toBeLessThan(3);
    expect(await verify()).toEqual([expect.stringMatching(/^readings behind: (1 batch waits|2 batches wait)/)]);
    expect((await run('2023-08-03')).ok).toBe(true);
    expect(await verify()).toEqual(['readings equal']);
  });

  // What becomes of a table that is there is the same on both.
  describe.runIf(oneDatabase.includes(kind))('all batches are built again', () => {
    beforeEach(async () => {
      await land(threeDays);
      await run('2023-08-03');
    });

    it('after --full-refresh, and rows that lie in no batch go', async () => {
      await query(`insert into public.readings values ('z', '2023-07-01', 1), ('z', '2023-09-01', 1)`);
      await query(`update public.readings set value = 99 where at < '2023-08-02' and room = 'a'`);
      expect(await outcome('2023-08-03', { fullRefresh: true })).toBe(
        'success: rebuilt: full refresh, 3 batches +0 ~1 -2',
      );
      expect(await verify()).toEqual(['readings equal']);
    });

    it.each([
      ['begin', 'begin="2023-08-01"', 'begin="2023-08-02"', 2, 1],
      ['batch_size', 'batch_size="day"', 'batch_size="month"', 1, 0],
      ['time_zone', 'batch_size="day"', 'batch_size="day" time_zone="Europe/Zurich"', 3, 0],
      ['SQL', 'value < 1000', 'value < 3', 3, 1],
    ])('when its %s changed', async (_what, before, after, count, deleted) => {
      project.write({ 'models/readings.sql': readings().replace(before, after) });
      expect(await outcome('2023-08-03')).toBe(
        `success: rebuilt: its SQL changed, ${count} ${count === 1 ? 'batch' : 'batches'} +0 ~0 -${deleted}`,
      );
      expect(await verify()).toEqual(['readings equal']);
      expect(
        await query(
          `select count(*)::int as n from datacycle.batch where isfinite(batch_start) and isfinite(batch_end)`,
        ),
      ).toEqual([{ n: count }]);
    });

    it('but with full_refresh: false none that is done', async () => {
      project.write({ 'models/readings.sql': readings('full_refresh=false').replace('value < 1000', 'value < 2') });
      expect(await outcome('2023-08-03', { fullRefresh: true })).toBe('success: 2 batches +0 ~0 -2');
      expect(await rows()).toEqual([{ room: 'a', at: '2023-08-01 10:00:00+00', value: 1 }]);
    });

    it('with other columns and another key, whose constraints come when the last old row is gone', async () => {
      project.write({
        'models/readings.sql': readings('', 'room, at, value, value * 2 as twice').replace('"room, at"', '"twice"'),
        'models/readings.yml':
          'models: [{ name: readings, columns: [{ name: twice, constraints: [{ type: not_null }] }] }]',
      });
      expect(await outcome('2023-08-03')).toMatch(/^success: rebuilt: its SQL changed, 3 batches/);
      expect(await query('select room, value, twice from public.readings order by value')).toEqual([
        { room: 'a', value: 1, twice: 2 },
        { room: 'a', value: 2, twice: 4 },
        { room: 'b', value: 3, twice: 6 },
      ]);
      expect(
        await query(
          `select pg_get_constraintdef(oid) as is from pg_constraint where contype = 'u' and conrelid = 'public.readings'::regclass`,
        ),
      ).toEqual([{ is: 'UNIQUE (twice)' }]);
    });

    it('unless the table cannot be made what the model is now, which is one error and none of each batch', async () => {
      project.write({ 'models/readings.sql': readings('', 'room, at, array[value] as value') });
      const { error, batches: built } = resultOf(await run('2023-08-03'), 'readings');
      expect(error?.message).toBe('readings: cannot cast type integer to integer[]');
      expect(built).toBeUndefined();
      expect((await rows()).length).toBe(3);
    });

    it('and are built by the next run if they could not be', async () => {
      project.write({ 'models/readings.sql': readings('', 'room, at, 6 / (value - 1) as value') });
      const { error } = resultOf(await run('2023-08-03'), 'readings');
      expect(error?.message).toBe('readings: 1 of 3 batches failed: 2023-08-01');
      await query('update raw.events set value = 4 where value = 1');
      expect(await outcome('2023-08-03')).toBe('success: 3 batches +0 ~1 -0');
      expect(await verify()).toEqual(['readings equal']);
    });
  });

  it('takes a row that moved from one batch to another, but not one that both have', async () => {
    project.write({ 'models/readings.sql': readings().replace('"room, at"', '"room"') });
    await land(`('a', '2023-08-03 10:00+00', 1), ('b', '2023-08-02 10:00+00', 2)`);
    await run('2023-08-03');
    await query(`update raw.events set at = '2023-08-02 09:00+00' where room = 'a'`);
    await query(`update raw.events set at = '2023-08-03 09:00+00' where room = 'b'`);
    expect((await run('2023-08-03')).ok).toBe(true);
    expect(await verify()).toEqual(['readings equal']);
    await query(`update raw.events set at = '2023-08-03 08:00+00' where room = 'a'`);
    expect(await outcome('2023-08-03', backfill('2023-08-03'))).toBe('success: 2 batches +0 ~1 -0');
    expect(await verify()).toEqual(['readings equal']);
    await land(`('a', '2023-08-02 08:00+00', 1)`);
    expect(resultOf(await run('2023-08-03'), 'readings').error).toMatchObject({
      detail: expect.stringContaining('duplicate key'),
      hint: expect.stringContaining('maybe "at", to unique_key'),
    });
  });

  it('days are those of the zone, 23 or 25 hours long, for times with and without a zone and for dates', async () => {
    const zoned = 'batch_size="day" begin="2023-10-28" time_zone="Europe/Zurich"';
    project.write({
      'models/zone.yml': 'models: [{ name: local, config: { event_time: at } }]',
      'models/readings.sql': `${batches(`event_time="day" ${zoned} unique_key="day"`)}
select (at at time zone 'Europe/Zurich')::date as day, count(*) as hours, (extract(epoch from {{batch_end}} - {{batch_start}}) / 3600)::int as long
from {{source "raw" "events"}} group by 1`,
      'models/local.sql': `{{config materialized="table"}}select at at time zone 'Europe/Zurich' as at from {{source "raw" "events"}}`,
      'models/of_local.sql': `${batches(`event_time="at" ${zoned.replace('day', 'hour')}`)}
select at, count(*) as readings from {{ref "local"}} group by at`,
    });
    await query(
      `insert into raw.events select 1, 'a', at, 1 from generate_series(timestamptz '2023-10-27 22:00+00', '2023-10-30 22:00+00', '1 hour') as at`,
    );
    expect((await run('2023-10-30')).results.flatMap(({ error }) => error?.message ?? [])).toEqual([]);
    expect(await query('select day::text, hours::int, long from public.readings order by day')).toEqual([
      { day: '2023-10-28', hours: 24, long: 24 },
      { day: '2023-10-29', hours: 25, long: 25 },
      { day: '2023-10-30', hours: 24, long: 24 },
    ]);
    expect(
      await query(
        `select count(*)::int as hours, max(readings)::int as most from public.of_local where at between '2023-10-29 01:00' and '2023-10-29 04:00'`,
      ),
    ).toEqual([{ hours: 4, most: 2 }]);
    expect(await verify()).toEqual(['readings equal', 'of_local equal']);
  });
});
