import { describe, expect, it } from 'vitest';
import { readFailedAudits } from '../../../../cli/status/audits.ts';
import { keptRowsQuery } from '../../../../runner/data-test/audit-failure.ts';
import { NodeError } from '../../../../runner/text/errors.ts';
import { oneDatabase } from '../../databases.ts';
import { eventsOn } from '../../project-on.ts';
import { resultOf } from '../../temporary-project.ts';
import { below, readings } from './audited-readings.ts';

describe.each(oneDatabase)('audits on $name', (kind) => {
  const { database, project, land, rows } = eventsOn(kind, { 'models/readings.sql': readings });

  const ids = async () => (await rows('select id from public.readings order by id')).map(({ id }) => id);
  const kept = () => rows('select run_id, test, model, row_no, row from datacycle.audit_row order by run_id, row_no');

  it('says what to build first where bad rows are only there because facts point at them', async () => {
    project.write({
      'models/rooms.sql': `{{config materialized="table" unique_key="room" surrogate_key="room_key"}}
select distinct room from {{ref "readings"}}`,
      'models/facts.sql': `{{config materialized="table" unique_key="id"}}
select id, room_key from {{ref "readings"}} join {{ref "rooms"}} using (room)`,
      'models/facts.yml': `models:
  - { name: rooms, constraints: [{ type: primary_key, columns: room_key }] }
  - { name: facts, constraints: [{ type: foreign_key, columns: room_key, to: ref('rooms') }] }
`,
    });
    await land(1, `(1, 'a', 1.0), (2, 'b', 1.0)`);
    expect((await project.run(database.warehouse)).ok).toBe(true);
    project.write({ 'tests/data/no_b.sql': `{{config audit=true}}select room from {{ref "rooms"}} where room = 'b'` });
    await land(2, `(2, 'a', 1.0)`);
    expect(resultOf(await project.run(database.warehouse), 'rooms').error).toMatchObject({
      message: 'rooms: audit no_b found 1 bad row',
      hint: expect.stringContaining('1 row is only there because others point there.'),
    });
    expect((await project.run(database.warehouse, { select: ['rooms+'], exclude: ['rooms'] })).ok).toBe(true);
    expect((await project.run(database.warehouse)).ok).toBe(true);
    expect(await rows('select room from public.rooms')).toEqual([{ room: 'a' }]);
  });

  it('rolls the model back, keeps the bad rows, skips what is made of it; the next good build puts it right', async () => {
    project.write({
      'models/shown.sql': '{{config materialized="table"}}select id from {{ref "readings"}}',
      'tests/data/not_below.sql': below('audit=true'),
      'tests/data/plain.sql': 'select id from {{ref "readings"}} where id < 0',
    });
    await land(1, `(1, 'a', 1.0)`);
    const first = await project.run(database.warehouse);
    expect(first.ok).toBe(true);
    expect(resultOf(first, 'not_below')).toMatchObject({ status: 'pass', message: 'audited' });
    expect(resultOf(first, 'plain')).toMatchObject({ status: 'pass', message: '' });
    const before = await rows('select * from datacycle.high_water order by model');
    await land(2, `(2, 'a', -1.5), (3, 'b', 3.0), (4, 'b', -2.0)`);
    const failed = await project.run(database.warehouse);
    const result = resultOf(failed, 'readings');
    expect(result).toMatchObject({ status: 'error', message: 'readings: audit not_below found 2 bad rows' });
    expect(result.error).toBeInstanceOf(NodeError);
    expect(result.error).toMatchObject({
      where: 'tests/data/not_below.sql:1:1',
      hint: 'The table is as it was before. See the bad rows with: datacycle show --kept --select not_below',
    });
    for (const name of ['shown', 'not_below', 'plain'])
      expect(resultOf(failed, name)).toMatchObject({ status: 'skipped', message: 'readings failed' });
    expect(await ids()).toEqual([1]);
    expect(await rows('select * from datacycle.high_water order by model')).toEqual(before);
    expect(await rows('select run_id, model, test, rows from datacycle.audit_failure')).toEqual([
      { run_id: 'run-2', model: 'readings', test: 'not_below', rows: 2 },
    ]);
    expect(await kept()).toEqual([
      { run_id: 'run-2', test: 'not_below', model: 'readings', row_no: 1, row: { id: 2, value: -1.5 } },
      { run_id: 'run-2', test: 'not_below', model: 'readings', row_no: 2, row: { id: 4, value: -2 } },
    ]);
    await database.warehouse.query('update raw.events set value = 0 where value < 0');
    expect((await project.run(database.warehouse)).ok).toBe(true);
    expect(await ids()).toEqual([1, 2, 3, 4]);
  });

  it('is reported by status as long as it holds its model back, and its bad rows can be shown', async () => {
    const { warehouse } = database;
    const told = async () => {
      const names = [...project.compile().manifest.nodes.values()].map(({ name }) => name);
      return (await readFailedAudits(warehouse, names)).map(({ model, test, badRows, kept }) => {
        return `${model} ${test} ${badRows} ${kept}`;
      });
    };
    expect(await told()).toEqual([]);
    project.write({
      'tests/data/not_below.sql': below('audit=true'),
      'tests/data/small.sql':
        '{{config audit=true}}select id as "Number ""1""" from {{ref "readings"}} where value < -1',
    });
    await land(1, `(1, 'a', -1.0), (2, 'a', -2.5)`);
    await project.run(warehouse);
    await warehouse.query('update raw.events set value = -1 where id = 2');
    await project.run(warehouse);
    expect(await told()).toEqual(['readings not_below 2 2', 'readings small 1 1']);
    const shown = async (name: string, asJson: boolean) => {
      const query = await keptRowsQuery(warehouse, name, asJson);
      return query && (await rows(query.text));
    };
    expect(await shown('readings', false)).toEqual([
      { id: '1', value: '-1' },
      { id: '2', value: '-1' },
    ]);
    expect(await shown('small', true)).toEqual([{ 'Number "1"': 2 }]);
    expect(await shown('nothing', true)).toBeUndefined();
    await warehouse.query('update raw.events set value = 1');
    await project.run(warehouse);
    expect(await told()).toEqual([]);
    await warehouse.query('delete from datacycle.audit_row');
    expect(await shown('small', true)).toBeUndefined();
    await warehouse.query('drop schema datacycle cascade');
    expect(await shown('small', true)).toBeUndefined();
    expect(await told()).toEqual([]);
  });

  it('on new rows it sees those of the increment as they stand afterwards, and on a first build and a rebuild all', async () => {
    project.write({
      'models/readings.sql': readings.replace('unique_key="id"', 'unique_key="id" merge_exclude_columns="room"'),
      // What the audit saw, so that the rows are there to look at.
      'tests/data/seen.sql':
        '{{config audit="new_rows"}}select readings.id, room from {{ref "readings"}} where value < 9',
    });
    const seen = async (fullRefresh = false) => {
      await database.warehouse.query('delete from datacycle.audit_failure where true').catch(() => undefined);
      await project.run(database.warehouse, { command: 'run', fullRefresh });
      return (await kept()).map(({ row }) => row);
    };
    await land(1, `(1, 'a', 1.0), (2, 'a', 2.0)`);
    expect(await seen()).toEqual([
      { id: 1, room: 'a' },
      { id: 2, room: 'a' },
    ]);
    project.remove('tests/data/seen.sql');
    expect((await project.run(database.warehouse)).ok).toBe(true);
    project.write({
      'tests/data/seen.sql': `{{config audit="new_rows"}}
with readings as (select * from {{ref "readings"}}) select id, room from readings where value < 9`,
    });
    await database.warehouse.query(`update raw.events set load_id = 2, room = 'b' where id = 2`);
    await land(2, `(3, 'b', 3.0)`);
    expect(await seen()).toEqual([
      { id: 2, room: 'a' },
      { id: 3, room: 'b' },
    ]);
    expect((await seen(true)).length).toBe(3);
  });

  it('on new rows of a model that only appends, it sees just those', async () => {
    project.write({
      'models/readings.sql': readings.replace('unique_key="id"', 'incremental_strategy="append"'),
      'models/readings.yml':
        'models: [{ name: readings, columns: [{ name: room, data_tests: [{ not_null: { config: { audit: new_rows } } }] }] }]',
    });
    await land(1, `(1, 'a', 1.0)`);
    expect((await project.run(database.warehouse)).ok).toBe(true);
    await database.warehouse.query('update public.readings set room = null');
    await land(2, `(2, 'b', 1.0)`);
    const build = await project.run(database.warehouse, { command: 'run' });
    expect(build.ok).toBe(true);
    await land(3, `(3, null, 1.0), (4, 'b', 1.0)`);
    const failed = await project.run(database.warehouse);
    expect(resultOf(failed, 'readings').error).toMatchObject({ where: 'models/readings.yml:1:65' });
    expect((await kept()).map(({ row }) => row)).toEqual([{ id: 3, room: null, value: 1, load_id: 3 }]);
    expect(
      resultOf(await project.run(database.warehouse, { command: 'test' }), 'not_null_readings_room'),
    ).toMatchObject({
      status: 'fail',
      message: '1 bad row',
    });
  });

  it('where a constraint holds it, nothing is read; a model with nothing new is tested, not audited', async () => {
    project.write({
      'models/readings.yml': `models:
  - name: readings
    constraints: [{ type: primary_key, columns: id }]
    columns: [{ name: id, data_tests: [{ unique: { audit: true } }, { not_null: { audit: new_rows } }] }]`,
      'tests/data/not_below.sql': below('audit=true'),
    });
    await land(1, `(1, 'a', 1.0)`);
    const first = await project.run(database.warehouse);
    for (const name of ['unique_readings_id', 'not_null_readings_id'])
      expect(resultOf(first, name)).toMatchObject({ status: 'pass', message: 'held by a constraint' });
    await database.warehouse.query('update public.readings set value = -1');
    // Rows that were changed by hand are seen by whoever leaves nothing out.
    const second = await project.run(database.warehouse, { reuse: false });
    expect(resultOf(second, 'readings')).toMatchObject({ status: 'success', message: 'nothing new' });
    expect(resultOf(second, 'not_below')).toMatchObject({ status: 'fail', message: '1 bad row' });
    expect(await kept()).toEqual([]);
  });

  it('one that only warns lets the rows pass and says so, in a run and in a build', async () => {
    project.write({ 'tests/data/not_below.sql': below('audit=true severity="warn"') });
    await land(1, `(1, 'a', -1.0)`);
    const run = await project.run(database.warehouse, { command: 'run' });
    expect(resultOf(run, 'readings')).toMatchObject({
      status: 'success',
      warned: true,
      message: 'created; audit not_below warns of 1 bad row',
    });
    await land(2, `(2, 'a', -1.0)`);
    const build = await project.run(database.warehouse);
    expect(build.ok).toBe(true);
    expect(resultOf(build, 'not_below')).toMatchObject({ status: 'warn', message: '2 bad rows, audited' });
    expect(await ids()).toEqual([1, 2]);
    expect(await kept()).toEqual([]);
  });

  it('one with limits of its own keeps all bad rows where it fails, and none where it only warns', async () => {
    project.write({ 'tests/data/not_below.sql': below('audit=true warn_if=">0" error_if=">1"') });
    await land(1, `(1, 'a', -1.0)`);
    const warned = resultOf(await project.run(database.warehouse), 'not_below');
    expect(warned).toMatchObject({ status: 'warn', message: '1 bad row, warns if >0, audited' });
    expect(await kept()).toEqual([]);
    await land(2, `(2, 'a', -2.0)`);
    const { message } = resultOf(await project.run(database.warehouse), 'readings');
    expect(message).toBe('readings: audit not_below found 2 bad rows');
    expect(await ids()).toEqual([1]);
    expect((await kept()).map(({ row }) => row)).toEqual([expect.objectContaining({ id: 1 }), { id: 2, value: -2 }]);
  });

  it('holds back a seed, a table, a view and a snapshot as well, the first of them too', async () => {
    const audit = (name: string) => `{{config audit=true}}select * from {{ref "${name}"}} where value < 0`;
    project.remove('models/readings.sql');
    project.write({
      'seeds/limits.csv': 'room,value\na,-1\n',
      'models/a_table.sql': '{{config materialized="table"}}select id, value from {{source "raw" "events"}}',
      'models/a_view.sql': '{{config materialized="view"}}select id, value from {{source "raw" "events"}}',
      'models/a_snapshot.sql':
        '{{config materialized="snapshot" unique_key="id" strategy="check" check_cols="all"}}select id, value from {{source "raw" "events"}}',
    });
    for (const name of ['limits', 'a_table', 'a_view', 'a_snapshot'])
      project.write({ [`tests/data/of_${name}.sql`]: audit(name) });
    await land(1, '(1, null, -1.0)');
    const failed = await project.run(database.warehouse);
    for (const name of ['limits', 'a_table', 'a_view', 'a_snapshot'])
      expect(resultOf(failed, name)).toMatchObject({
        status: 'error',
        message: `${name}: audit of_${name} found 1 bad row`,
      });
    expect(await rows(`select relname from pg_class where relname like 'a\\_%' or relname = 'limits'`)).toEqual([]);
    project.write({ 'seeds/limits.csv': 'room,value\na,1\n' });
    await database.warehouse.query('update raw.events set value = 1');
    expect((await project.run(database.warehouse)).ok).toBe(true);
    await database.warehouse.query('update raw.events set value = -2');
    const again = await project.run(database.warehouse, { select: ['a_snapshot', 'a_table'] });
    expect(again.results.map(({ status }) => status).sort()).toEqual(['error', 'error', 'skipped', 'skipped']);
    expect(await rows('select id, value from public.a_snapshot')).toEqual([{ id: 1, value: 1 }]);
  });

  it('of a materialized view that is made again with what it reads', async () => {
    const values = (kind: string) =>
      `{{config materialized="${kind}" unique_key="id"}}select id, value from {{source "raw" "events"}}`;
    project.write({
      'models/readings.sql': values('view'),
      'models/totals.sql': `{{config materialized="materialized_view" unique_key="id"}}select id, value from {{ref "readings"}}`,
      'tests/data/positive.sql': '{{config audit=true}}select id, value from {{ref "totals"}} where value < 0',
    });
    await land(1, `(1, 'a', 1.0)`);
    expect((await project.run(database.warehouse)).ok).toBe(true);
    await land(2, `(2, 'b', -1.0)`);
    project.write({ 'models/readings.sql': values('table') });
    const failed = await project.run(database.warehouse, { select: ['readings'] });
    expect(resultOf(failed, 'readings').error).toMatchObject({
      message: 'totals: audit positive found 1 bad row',
      detail: expect.stringContaining('readings waits, since totals would show its new rows.'),
    });
    expect(await rows('select id from public.totals')).toEqual([{ id: 1 }]);
    expect(await kept()).toMatchObject([{ test: 'positive', model: 'totals', row: { id: 2, value: -1 } }]);
    await database.warehouse.query('update raw.events set value = 2 where id = 2');
    expect((await project.run(database.warehouse)).ok).toBe(true);
    expect(await rows('select id from public.totals order by id')).toEqual([{ id: 1 }, { id: 2 }]);
  });

  it('what else it reads is built before, and read as it stands', async () => {
    project.write({
      'models/zones.sql': '{{config materialized="table"}}select distinct room from {{source "raw" "events"}}',
      'models/readings.yml': `models:
  - name: readings
    columns:
      - { name: room, data_tests: [{ relationships: { to: ref('zones'), field: room, config: { audit: new_rows } } }] }`,
    });
    await land(1, `(1, 'a', 1.0)`);
    const alone = await project.run(database.warehouse, { select: ['readings'] });
    expect(resultOf(alone, 'readings').error).toMatchObject({
      message: 'audit relationships_readings_room__zones: relation "public.zones" does not exist',
      where: 'models/readings.yml:4:36',
      hint: 'Build what it reads first: datacycle build --select +readings',
    });
    expect((await project.run(database.warehouse)).ok).toBe(true);
    await land(2, `(2, 'b', 1.0)`);
    const stale = await project.run(database.warehouse, { exclude: ['zones'] });
    expect(resultOf(stale, 'readings').message).toContain('audit relationships_readings_room__zones found 1 bad row');
    expect((await project.run(database.warehouse)).ok).toBe(true);
  });

  it('several that fail are all reported, and of many bad rows the first thousand are kept, of many failures the newest', async () => {
    project.write({
      'tests/data/even.sql': '{{config audit=true}}select id from {{ref "readings"}} where id % 2 = 1',
      'tests/data/not_below.sql': below('audit=true'),
    });
    await database.warehouse.query(`insert into raw.events select 1, id, 'a', -1 from generate_series(1, 1500) as id`);
    const failed = await project.run(database.warehouse);
    expect(resultOf(failed, 'readings').error).toMatchObject({
      message: 'readings: audit even found 750 bad rows',
      detail: expect.stringContaining('  audit not_below found 1,500 bad rows, at tests/data/not_below.sql:1:1'),
    });
    expect(await rows('select test, count(*)::int as n from datacycle.audit_row group by test order by test')).toEqual([
      { test: 'even', n: 750 },
      { test: 'not_below', n: 1000 },
    ]);
    for (let run = 2; run <= 22; run += 1) await project.run(database.warehouse);
    expect(
      await rows(`select test, count(*)::int as n, bool_or(run_id in ('run-1', 'run-2')) as oldest
                  from datacycle.audit_failure group by test order by test`),
    ).toEqual([
      { test: 'even', n: 20, oldest: false },
      { test: 'not_below', n: 20, oldest: false },
    ]);
  });

  it('a query that cannot be run is an error of the model, at the place in the test', async () => {
    project.write({ 'tests/data/wrong.sql': '{{config audit=true}}\nselect vlue from {{ref "readings"}}' });
    await land(1, `(1, 'a', 1.0)`);
    const failed = await project.run(database.warehouse);
    expect(resultOf(failed, 'readings').error).toMatchObject({
      message: 'audit wrong: column "vlue" does not exist',
      where: 'tests/data/wrong.sql:2:8',
    });
  });

  it('where the rows cannot be kept, none is kept by half, and the failure is reported all the same', async () => {
    project.write({ 'tests/data/not_below.sql': below('audit=true') });
    await project.run(database.warehouse);
    await database.warehouse.query('alter table datacycle.audit_row add check (row_no < 2)');
    await land(1, `(1, 'a', -1.0), (2, 'a', -1.0)`);
    const failed = await project.run(database.warehouse);
    expect(resultOf(failed, 'readings').error).toMatchObject({
      message: 'readings: audit not_below found 2 bad rows',
      detail: expect.stringMatching(/Its bad rows could not be recorded: .*violates check constraint/),
    });
    expect(await rows('select * from datacycle.audit_failure')).toEqual([]);
    expect(await ids()).toEqual([]);
  });
});
