import { describe, expect, it } from 'vitest';
import { expireRows } from '../../../../runner/retention/expire.ts';
import { reportJson, reportLines } from '../../../../runner/run/report.ts';
import { recordPruned } from '../../../../runner/state/pruned.ts';
import { oneDatabase } from '../../databases.ts';
import { resultOf, type TemporaryProject } from '../../temporary-project.ts';
import { daily, readings, readingsInBatches, settings } from './readings-in-batches.ts';

describe.each(oneDatabase)('what depends on a table in batches, on $name', (kind) => {
  const { database, project, query, land, run, backfill, outcome, rows, generation, threeDays, verify } =
    readingsInBatches(kind);

  describe('what is made of it', () => {
    it('by batches builds those again whose time overlaps what changed, and no others', async () => {
      project.write({ 'models/daily.sql': daily() });
      await land(threeDays);
      expect(await outcome('2023-08-03', {}, 'daily')).toBe('success: created, 3 batches +3 ~0 -0');
      expect(await outcome('2023-08-03', {}, 'daily')).toBe('success: 1 batch +0 ~0 -0');
      await land(`('a', '2023-08-01 11:00+00', 5)`);
      await run('2023-08-03', { ...backfill('2023-08-01', '2023-08-02'), select: ['readings'] });
      expect(await verify()).toEqual(['readings equal', 'daily behind: 1 batch waits to be built']);
      expect(await outcome('2023-08-03', {}, 'daily')).toBe('success: 2 batches +0 ~1 -0');
      expect(await verify()).toEqual(['readings equal', 'daily equal']);
      // A rebuild that changes nothing is none to those who follow.
      expect(await outcome('2023-08-03', { fullRefresh: true, select: ['readings'] })).toContain('rebuilt');
      expect(await outcome('2023-08-03', {}, 'daily')).toBe('success: 1 batch +0 ~0 -0');
    });

    it('by batches, but of all its rows, builds all of them', async () => {
      project.write({
        'models/daily.sql': daily(
          '{{source "raw" "events"}} as e where room in (select room from {{ref "readings" filter=false}})',
        ),
      });
      await land(threeDays);
      await run('2023-08-03');
      await land(`('a', '2023-08-03 11:00+00', 5)`);
      expect(await outcome('2023-08-03', {}, 'daily')).toBe(
        'success: rebuilt: readings was rebuilt or changed, 3 batches +1 ~0 -0',
      );
    });

    it('by load_id follows it, except where a row below the mark changed', async () => {
      project.write({
        'models/readings.sql': readings('audit_columns="load_id"', 'room, at, value, load_id'),
        'models/copy.sql': `{{config materialized="incremental" unique_key="room, at" audit_columns="load_id"}}
select room, at, value, load_id from {{ref "readings"}} {{#incremental}}where load_id > {{high_water "readings"}}{{/incremental}}`,
      });
      await land(threeDays, 7);
      await run('2023-08-03');
      expect(await generation()).toBe(3);
      await land(`('a', '2023-08-03 11:00+00', 5)`, 8);
      expect(await outcome('2023-08-03', {}, 'copy')).toBe('success:  +1 ~0 -0');
      expect(await generation()).toBe(3);
      await land(`('a', '2023-08-02 11:00+00', 5)`, 4);
      expect(await outcome('2023-08-03', {}, 'copy')).toBe(
        'success: rebuilt: readings was rebuilt or changed +1 ~0 -0',
      );
      expect(await verify()).toEqual(['readings equal', 'copy equal']);
    });
  });

  it('leaves batches alone that are older than what retention has left of what they are made of', async () => {
    project.write({
      'project.yml': 'name: test\nretention: { readings: 3 days }\n',
      'models/daily.sql': daily(),
    });
    const more = [4, 5, 6, 7, 8].map((day) => `('a', '2023-08-0${day} 10:00+00', ${day})`).join(', ');
    await land(`${threeDays}, ${more}`);
    await run('2023-08-08');
    const before = await rows('daily', 'day');
    const gone = await expireRows(project.compile(), database.warehouse, {
      dryRun: false,
      clock: () => new Date('2023-08-08T12:00:00Z'),
    });
    expect(gone).toMatchObject([{ model: 'readings', rows: 4 }]);
    expect(await verify()).toEqual(['readings equal', 'daily equal']);
    expect(await outcome('2023-08-08', { fullRefresh: true, select: ['daily'] }, 'daily')).toBe(
      'success: rebuilt: full refresh, 3 batches +0 ~0 -0',
    );
    expect(await rows('daily', 'day')).toEqual(before);
    expect(await verify()).toEqual(['readings equal', 'daily equal']);
    expect(await outcome('2023-08-09', {}, 'daily')).toBe('success: 2 batches +0 ~0 -0');
    project.write({ 'models/daily.sql': daily().replace('batch_size="day"', 'batch_size="month"') });
    expect(resultOf(await run('2023-08-09', { select: ['daily'] }), 'daily').error?.message).toBe(
      'daily: a batch of a month begins before the oldest rows that retention has left of readings',
    );
  });

  it('refuses to build again what it is made of when that has been pruned', async () => {
    await land(threeDays);
    await run('2023-08-03');
    await recordPruned(database.warehouse, 'raw.events', { loadId: 1, at: '2023-08-03T00:00:00Z' });
    const refused = async (options: Parameters<TemporaryProject['run']>[1]) =>
      resultOf(await run('2023-08-03', options), 'readings').error?.message;
    expect(await refused({ fullRefresh: true })).toContain('would be rebuilt (full refresh), but rows');
    expect(await refused(backfill('2023-08-01'))).toContain('would be rebuilt (a backfill), but rows');
    expect((await run('2023-08-03')).ok).toBe(true);
  });

  it('takes the place of a view, with the views that read it, and goes for a table and comes back', async () => {
    await land(threeDays);
    const microbatch = readings();
    project.write({ 'models/readings.sql': 'select room, at, value from {{source "raw" "events"}}' });
    await run('2023-08-03');
    await query('create view public.shown as select room, value from public.readings');
    project.write({ 'models/readings.sql': microbatch });
    expect(await outcome('2023-08-03')).toBe('success: rebuilt: was a view, 3 batches +0 ~0 -0');
    expect((await query('select * from public.shown')).length).toBe(3);
    project.write({
      'models/readings.sql': microbatch
        .replace(settings, 'materialized="table"')
        .replace(/event_time.*(?=unique_key)/, ''),
    });
    await land(`('a', '2023-08-01 11:00+00', 5)`);
    await query('delete from raw.events where value = 1');
    expect((await run('2023-08-03')).ok).toBe(true);
    project.write({ 'models/readings.sql': microbatch });
    expect(await outcome('2023-08-03')).toBe('success: rebuilt: its SQL changed, 3 batches +0 ~0 -0');
    expect((await query('select * from public.shown')).length).toBe(3);
    expect(await verify()).toEqual(['readings equal']);
  });

  it('is read as before while all of its batches are built again', async ({ skip }) => {
    if (database.url === undefined) skip('the embedded database has one connection');
    await land(threeDays);
    await run('2023-08-12');
    const before = await rows();
    let reads = 0;
    let running = true;
    const refreshing = run('2023-08-12', { fullRefresh: true }).finally(() => {
      running = false;
    });
    while (running) {
      expect(await rows()).toEqual(before);
      reads += 1;
    }
    expect((await refreshing).ok).toBe(true);
    expect(reads).toBeGreaterThan(5);
  });

  it('runs hooks before the first and behind the last batch', async () => {
    await query('create table raw.told (what text, rows int)');
    const tell = (what: string) => `insert into raw.told select '${what}', count(*) from raw.events`;
    const after = `insert into raw.told select 'after', count(*) from {{this}}`;
    project.write({
      'models/readings.yml': `models: [{ name: readings, config: { pre_hook: "${tell('before')}", post_hook: "${after}" } }]`,
    });
    await land(threeDays);
    expect((await run('2023-08-03')).results.flatMap(({ error }) => error ?? [])).toEqual([]);
    expect(await query('select * from raw.told')).toEqual([
      { what: 'before', rows: 3 },
      { what: 'after', rows: 3 },
    ]);
  });

  it('tells of its batches, people and machines', async () => {
    await land(threeDays);
    const summary = await run('2023-08-03');
    const result = resultOf(summary, 'readings');
    const event = { type: 'node-finished', index: 1, total: 1, result } as const;
    expect(reportLines(event)[0]?.text).toMatch(/ OK \+3 rows \(created, 3 batches\)/);
    expect(reportJson(event)).toMatchObject({ node: 'readings', batches: 3, inserted: 3 });
  });

  it('keeps surrogate keys, what depends on the table, comments and rows that others point at', async () => {
    project.write({
      'models/readings.sql': readings('surrogate_key="id"'),
      'models/readings.yml': `models: [{ name: readings, description: What was read., config: { indexes: [{ columns: at, type: brin }] } }]`,
      'models/facts.sql': `{{config materialized="incremental" unique_key="id" full_refresh=false}}select id from {{ref "readings"}}`,
      'models/facts.yml': `models: [{ name: facts, constraints: [{ type: foreign_key, columns: id, to: ref('readings') }] }]`,
    });
    await land(threeDays);
    expect((await run('2023-08-03')).results.flatMap(({ error }) => error ?? [])).toEqual([]);
    await query('create view public.shown as select id, value from public.readings');
    const keys = await query('select id, value from public.readings order by value');
    await query(`delete from raw.events where value = 3`);
    await run('2023-08-03', { fullRefresh: true });
    expect(await query('select id, value from public.shown order by value')).toEqual(keys);
    await query('delete from public.facts');
    await run('2023-08-03', { select: ['readings'] });
    expect(await query('select id, value from public.shown order by value')).toEqual(keys.slice(0, 2));
    expect(await query(`select obj_description('public.readings'::regclass) as text`)).toEqual([
      { text: 'What was read.' },
    ]);
  });
});
