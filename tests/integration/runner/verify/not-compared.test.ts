import { describe, expect, it } from 'vitest';
import { expireRows } from '../../../../runner/retention/expire.ts';
import { recordPruned } from '../../../../runner/state/pruned.ts';
import { verifiedByDefault, verifyModels } from '../../../../runner/verify/verify.ts';
import { oneDatabase } from '../../databases.ts';
import { Gate } from '../../gate.ts';
import { newLoads } from '../../project-on.ts';
import { rowsOf } from '../../temporary-project.ts';
import { expectUntouched } from '../../untouched.ts';
import { models, verifiedProject } from './verified-project.ts';

describe.each(oneDatabase)('verify says what it does not compare, on $name', (kind) => {
  const { database, project, change, land, build, verify, statuses, equal } = verifiedProject(kind);

  describe('says what it does not compare, and why', () => {
    it('a model that is behind: new loads, changed SQL, not built', async () => {
      await build();
      await land(2, 13, 14);
      expect(Object.fromEntries(await verify())).toMatchObject({
        readings: { status: 'behind', reason: 'new loads of raw.events' },
        log: { status: 'behind', reason: 'new loads of raw.events' },
        facts: { status: 'equal' },
      });
      await build({ select: ['readings'] });
      expect(Object.fromEntries(await verify(['readings', 'facts', 'rooms']))).toMatchObject({
        readings: { status: 'equal', rows: 14 },
        facts: { status: 'behind', reason: 'new loads of readings' },
        rooms: { status: 'behind', reason: 'readings was built since' },
      });
      project.write({
        'models/log.sql': models['models/log.sql'].replace('select room', 'select upper(room) as room'),
        'models/later.sql': models['models/log.sql'],
      });
      expect(Object.fromEntries(await verify(['log', 'later']))).toEqual({
        log: { status: 'behind', reason: 'its SQL changed' },
        later: { status: 'behind', reason: 'it is not built yet' },
      });
    });

    it('a model that reads a sibling which is behind is behind, too, though it was built as far as the sibling', async () => {
      project.write({
        'models/pairs.sql': `{{config materialized="incremental" unique_key="id, room"}}
select r.id, r.room, count(f.id) as facts, max(r.load_id) as load_id from {{ref "readings"}} as r left join {{ref "facts"}} as f on f.id = r.id
{{#incremental}}where r.load_id > {{high_water "readings"}}{{/incremental}} group by 1, 2`,
      });
      await build();
      await land(2, 13, 14);
      await build({ select: ['readings'] });
      await build({ select: ['pairs'] });
      expect((await verify(['pairs'])).get('pairs')).toEqual({ status: 'behind', reason: 'new loads of readings' });
    });

    it('columns that increments leave as they were, and models whose rows may stay as they were', async () => {
      const merging = (setting: string) => ({
        'models/first.sql': `{{config materialized="incremental" unique_key="room" ${setting}}}
select room, min(value) as low, max(value) as high, max(load_id) as load_id from {{source "raw" "events"}}
{{#incremental}}where room in (select room from {{source "raw" "events"}} where load_id > {{high_water "raw.events"}}){{/incremental}}
group by room`,
      });
      project.write(merging('merge_exclude_columns="high"'));
      await build();
      await land(2, 13, 30);
      await build();
      expect((await verify(['first'])).get('first')).toEqual({ ...equal, rows: 3 });
      await change('update public.first set low = -1');
      expect((await verify(['first'])).get('first')).toMatchObject({ counts: { changed: 3 } });
      project.write(merging('incremental_predicates="old.low > 0"'));
      expect((await verify(['first'])).get('first')?.status).toBe('skipped');
    });

    it('views, ephemeral models, seeds and what is never rebuilt', async () => {
      project.write({
        'models/log.sql': models['models/log.sql'].replace('{{config ', '{{config full_refresh=false '),
      });
      await build();
      expect(statuses(await verify(['shown', 'passing', 'floors', 'log']))).toEqual({
        shown: 'skipped',
        passing: 'skipped',
        floors: 'skipped',
        log: 'skipped',
      });
    });

    it('readers of a pruned source, and goes on with the others', async () => {
      await build();
      await change('delete from raw.events where id < 5');
      await recordPruned(database.warehouse, 'raw.events', { loadId: 1, at: '2024-01-01T00:00:00Z' });
      const verdicts = await verify();
      expect(statuses(verdicts)).toEqual({ readings: 'skipped', log: 'skipped', facts: 'equal' });
      expect(verdicts.get('log')).toMatchObject({
        reason: expect.stringContaining('rows of raw.events have been pruned'),
      });
    });

    it('anything at all before the first build', async () => {
      await change('drop schema if exists datacycle cascade');
      await expect(verify()).rejects.toThrow('nothing has been built in this database');
    });
  });

  it('a model that cannot be built or compared is an error with its place, and the others go on', async () => {
    await build();
    await change('drop view public.shown');
    await change('alter table public.readings alter column amount type text, add column extra int, drop column tags');
    await change('alter table public.log rename to log_was');
    await change('create table public.log as select room, doc, load_id from public.log_was');
    const verdicts = await verify();
    expect(statuses(verdicts)).toEqual({ readings: 'error', log: 'equal', facts: 'equal' });
    const broken = verdicts.get('readings');
    expect(broken?.status === 'error' ? broken.error : undefined).toMatchObject({
      message: 'the columns of public.readings are not those of readings',
      where: 'models/readings.sql',
      detail: [
        '  amount: text in the table, numeric in a build from scratch',
        '  tags: the table lacks it',
        '  extra: only in the table',
      ].join('\n'),
    });
    await change('insert into raw.events select * from raw.events where id = 5');
    const doubled = (await verify(['readings'])).get('readings');
    expect(doubled?.status === 'error' ? doubled.error.message : '').toBe(
      'unique_key of readings is not unique: (id=5, room=c) is duplicated in 2 rows',
    );
    await change('drop table raw.events cascade');
    const gone = (await verify(['readings'])).get('readings');
    expect(gone?.status === 'error' ? gone.error : undefined).toMatchObject({
      hint: expect.stringContaining('models/sources.yml'),
    });
  });

  it('finds a duplicated key where its constraint was dropped by hand', async () => {
    await build();
    await change(
      `do $do$ declare name text; begin
       select conname into name from pg_constraint where conrelid = 'public.readings'::regclass and contype = 'u';
       execute format('alter table public.readings drop constraint %I', name); end $do$`,
    );
    await change('insert into public.readings select * from public.readings where id = 5');
    const found = (await verify(['readings'])).get('readings');
    expect(found?.status === 'error' ? found.error.message : '').toContain('(id=5, room=c) is duplicated in 2 rows');
  });

  it('takes rows that depend on the time as of the last run, not as of now', async () => {
    project.write({
      'models/timed.sql': `{{config materialized="incremental" unique_key="id"}}
select distinct id, {{run_started_at}} as seen_at from {{source "raw" "events"}}`,
    });
    await build({ now: new Date('2024-01-01T10:00:00.123Z') });
    expect((await verify(['timed'])).get('timed')).toMatchObject({ ...equal, rows: 12 });
    await change(`update public.timed set seen_at = '2024-01-02' where id = 3`);
    expect((await verify(['timed'])).get('timed')).toMatchObject({
      differences: [{ values: [{ column: 'seen_at', expected: '2024-01-01 10:00:00.123+00' }] }],
    });
  });

  it('takes them so also as of a run that failed when the rows had been committed', async () => {
    project.write({
      'models/timed.sql': `{{config materialized="table" unique_key="id"}}
select distinct id, {{run_started_at}} as seen_at from {{source "raw" "events"}}`,
    });
    await build({ now: new Date('2024-01-01T10:00:00Z') });
    const fails = async (hook: string, now: string) => {
      project.write({ 'models/timed.yml': `models: [{ name: timed, config: { post_hook: ${hook} } }]` });
      expect((await project.run(database.warehouse, { now: new Date(now) })).ok).toBe(false);
    };
    await fails('{ sql: select 1 / 0, transaction: false }', '2024-01-02T10:00:00Z');
    expect((await verify(['timed'])).get('timed')).toMatchObject({ ...equal, rows: 12 });
    await fails('select 1 / 0', '2024-01-03T10:00:00Z');
    expect((await verify(['timed'])).get('timed')).toMatchObject({ ...equal, rows: 12 });
  });

  it('leaves alone what retention keeps or has taken', async () => {
    const now = new Date('2024-06-15T10:00:00Z');
    project.write({
      'project.yml': 'name: test\nretention: { silver: 10 days, gold: 20 days, short: 3 days }\n',
      'models/silver/times.sql': `{{config materialized="incremental" unique_key="id" event_time="at"}}
select id, timestamptz '2024-06-15 00:00+00' - id * interval '12 hours' as at, value, load_id from {{source "raw" "events"}} ${newLoads}`,
      'models/gold/days.sql': `{{config materialized="incremental" unique_key="day_key" event_time="day_key"}}
select to_char(at at time zone 'UTC', 'YYYYMMDD')::integer as day_key, sum(value) as total from {{ref "times"}} group by 1`,
      'models/gold/short.sql': `{{config materialized="incremental" incremental_strategy="append" event_time="at"}}
select id, at from {{ref "times"}} {{#incremental}}where load_id > {{high_water "times"}}{{/incremental}}`,
    });
    await change(`insert into raw.events select 1, n, 'a', n from generate_series(13, 60) as n`);
    await build({ now });
    await expireRows(project.compile(), database.warehouse, { dryRun: false, clock: () => now });
    const expired = await rowsOf(database.warehouse, 'select model from datacycle.expired order by 1');
    expect(expired.map(({ model }) => model)).toEqual(['days', 'short', 'times']);
    expect(Object.fromEntries(await verify(['days', 'short', 'times']))).toMatchObject({
      times: equal,
      days: equal,
      short: equal,
    });
    // A row that is kept is not looked at; one that is not is.
    await change(`update public.days set total = -1 where day_key in (20240528, 20240612)`);
    await change(`delete from public.times where id = 5`);
    await change(`delete from public.short where id = 2`);
    expect(Object.fromEntries(await verify(['days', 'short', 'times']))).toMatchObject({
      times: { counts: { missing: 1 }, differences: [{ key: { id: '5' } }] },
      days: {
        counts: { changed: 1 },
        differences: [{ key: { day_key: '20240612' } }],
      },
      short: { counts: { missing: 1 } },
    });
  });

  it('stops between models when interrupted', async () => {
    await build();
    const stop = new AbortController();
    const compiled = project.compile();
    const results = await verifyModels(compiled, database.warehouse, {
      selected: verifiedByDefault(compiled.manifest),
      limit: 20,
      clock: () => new Date(),
      signal: stop.signal,
      onVerified: () => stop.abort(),
    });
    expect(results).toHaveLength(1);
    expect(await rowsOf(database.warehouse, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('takes no lock but that of a reader, and sees one moment whatever others write meanwhile', async () => {
    if (kind.name !== 'PostgreSQL') return;
    project.write({
      'models/slow.sql': `{{config materialized="incremental" unique_key="id"}}
select id, raw.gate() as x from {{source "raw" "events"}}`,
    });
    const gate = await Gate.make(database.url);
    await build();
    await gate.shut();
    const compiled = project.compile();
    let done = false;
    const working = verifyModels(compiled, database.warehouse, {
      selected: new Set(['model.slow']),
      limit: 20,
      clock: () => new Date(),
      onVerified: () => {
        done = true;
      },
    });
    const locks = `select distinct l.mode from pg_locks as l
      join pg_class as c on c.oid = l.relation
      where l.database = (select oid from pg_database where datname = current_database()) and l.pid <> pg_backend_pid()
          and c.relnamespace in ('public'::regnamespace, 'raw'::regnamespace, 'datacycle'::regnamespace)`;
    await gate.reached();
    expect(await rowsOf(database.warehouse, locks)).toEqual([{ mode: 'AccessShareLock' }]);
    await change('update public.slow set x = not x');
    await land(2, 13, 14);
    await build({ select: ['readings'], fullRefresh: true });
    expect(done).toBe(false);
    await gate.open();
    expect((await working)[0]?.verdict).toEqual({ ...equal, rows: 12 });
  });

  it('is broken off in the middle of a model without a trace', async () => {
    if (kind.name !== 'PostgreSQL') return;
    project.write({
      'models/slow.sql': `{{config materialized="incremental" unique_key="id"}}
select id, raw.gate() as x from {{source "raw" "events"}}`,
    });
    const gate = await Gate.make(database.url);
    await build();
    await gate.shut();
    const compiled = project.compile();
    const stop = new AbortController();
    const results = await expectUntouched(database.warehouse, async () => {
      const working = verifyModels(compiled, database.warehouse, {
        selected: new Set(['model.slow']),
        limit: 20,
        clock: () => new Date(),
        signal: stop.signal,
        onVerified: () => undefined,
      });
      await gate.reached();
      stop.abort();
      await database.warehouse.cancel();
      return working;
    });
    await gate.open();
    expect(results).toEqual([]);
  });
});
