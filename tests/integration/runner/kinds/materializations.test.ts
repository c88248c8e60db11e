import { describe, expect, it } from 'vitest';
import { databases } from '../../databases.ts';
import { eventsOn } from '../../project-on.ts';
import { resultOf, rowsOf } from '../../temporary-project.ts';

describe.each(databases)('materialisations on $name', (kind) => {
  const { database, project, land } = eventsOn(kind);

  it('builds seeds, views, ephemeral models and tables that refer to each other', async () => {
    project.write({
      'seeds/rooms.csv': '\uFEFFcode,name,floor\n01,Kitchen,1\n02,"Living, Room",\n',
      'models/rooms_clean.sql':
        '{{config materialized="ephemeral"}}\nselect code, upper(name) as name from {{ref "rooms"}}',
      'models/room_view.sql': '-- a comment first\nwith a as (select * from {{ref "rooms_clean"}}) select * from a',
      'models/room_table.sql':
        '{{config materialized="table" unique_key="code"}}select code, name from {{ref "room_view"}}',
    });
    const summary = await project.run(database.warehouse);
    expect(summary.ok).toBe(true);
    expect(await rowsOf(database.warehouse, 'select * from public.room_table order by code')).toEqual([
      { code: '01', name: 'KITCHEN' },
      { code: '02', name: 'LIVING, ROOM' },
    ]);
    expect(await rowsOf(database.warehouse, 'select floor from seeds.rooms order by code')).toEqual([
      { floor: 1 },
      { floor: null },
    ]);
    const again = await project.run(database.warehouse);
    expect(
      again.results.map((result) => [result.node.name, result.inserted + result.updated + result.deleted]),
    ).toEqual([
      ['rooms', 0],
      ['room_view', 0],
      ['room_table', 0],
    ]);
  });

  it('follows a high-water mark and merges only what changed', async () => {
    project.write({
      'models/latest.sql': `{{config materialized="incremental" unique_key="room" audit_columns="load_id"}}
select room, max(value) as value, max(load_id) as load_id
from {{source "raw" "events"}}
where room in (select room from {{source "raw" "events"}} {{#incremental}}where load_id > {{high_water "raw.events"}}{{/incremental}})
group by room`,
    });
    await land(1, `(1, 'a', 1.0), (2, 'b', 2.0)`);
    const first = await project.run(database.warehouse);
    expect(resultOf(first, 'latest')).toMatchObject({ status: 'success', inserted: 2 });
    await land(2, `(3, 'a', 5.0), (4, 'c', 1.0), (5, 'b', 0.5)`);
    const second = await project.run(database.warehouse);
    expect(resultOf(second, 'latest')).toMatchObject({ inserted: 1, updated: 1, deleted: 0 });
    const third = await project.run(database.warehouse);
    expect(resultOf(third, 'latest')).toMatchObject({ message: 'nothing new', inserted: 0, updated: 0 });
    expect(await rowsOf(database.warehouse, 'select room, value, load_id from public.latest order by room')).toEqual([
      { room: 'a', value: 5, load_id: 2 },
      { room: 'b', value: 2, load_id: 1 },
      { room: 'c', value: 1, load_id: 2 },
    ]);
  });

  it.each(['append', 'delete+insert', 'merge'])('runs incremental_strategy %s', async (strategy) => {
    project.write({
      'models/copied.sql': `{{config materialized="incremental" incremental_strategy="${strategy}" unique_key="id"}}
select id, room, value from {{source "raw" "events"}} {{#incremental}}where load_id > {{high_water "raw.events"}}{{/incremental}}`,
    });
    await land(1, `(1, 'a', 1.0)`);
    await project.run(database.warehouse);
    await land(2, strategy === 'append' ? `(2, 'b', 2.0)` : `(2, 'b', 2.0), (1, 'a', 9.0)`);
    const summary = await project.run(database.warehouse);
    expect(summary.ok).toBe(true);
    expect(await rowsOf(database.warehouse, 'select id, value from public.copied order by id')).toEqual([
      { id: 1, value: strategy === 'append' ? 1 : 9 },
      { id: 2, value: 2 },
    ]);
  });

  it.each([
    ['a NULL key on the first build', 1, `(null::int, 'a', 1.0)`, 'unique_key of copied is NULL in (id=NULL)'],
    ['a NULL key in an increment', 2, `(null::int, 'a', 1.0)`, 'unique_key of copied is NULL in (id=NULL)'],
    ['a duplicate key on the first build', 1, `(7, 'a', 1.0), (7, 'b', 1.0)`, 'duplicated'],
    [
      'a duplicate key in an increment',
      2,
      `(7, 'a', 1.0), (7, 'b', 1.0)`,
      'unique_key of copied is not unique: (id=7) is duplicated in 2 rows',
    ],
  ])('refuses %s and names it', async (_name, load, rows, message) => {
    project.write({
      'models/copied.sql': `{{config materialized="incremental" unique_key="id"}}
select id, room, value from {{source "raw" "events"}} {{#incremental}}where load_id > {{high_water "raw.events"}}{{/incremental}}`,
    });
    if (load === 2) {
      await land(1, `(1, 'a', 1.0)`);
      await project.run(database.warehouse);
    }
    await land(load, rows);
    const result = resultOf(await project.run(database.warehouse), 'copied');
    expect(result.status).toBe('error');
    expect(`${result.error?.message}\n${String((result.error as { detail?: string }).detail)}`).toContain(message);
    if (load === 2) expect(await rowsOf(database.warehouse, 'select id from public.copied')).toEqual([{ id: 1 }]);
  });

  it('rebuilds by difference: views, grants, indexes and foreign keys created by hand stay', async () => {
    project.write({
      'models/rooms.yml': `
models:
  - name: rooms
    config: { unique_key: room, surrogate_key: room_key }
    constraints: [{ type: primary_key, columns: [room_key] }]
  - name: facts
    config: { unique_key: id }
    constraints:
      - { type: primary_key, columns: [id] }
      - { type: foreign_key, columns: [room_key], to: ref('rooms') }
`,
      'models/rooms.sql': `{{config materialized="incremental"}}select distinct room from {{source "raw" "events"}}`,
      'models/facts.sql': `{{config materialized="incremental"}}
select e.id, r.room_key, e.value from {{source "raw" "events"}} e left join {{ref "rooms"}} r using (room)`,
    });
    await land(1, `(1, 'b', 1.0), (2, 'a', 2.0)`);
    expect((await project.run(database.warehouse)).ok).toBe(true);
    await database.warehouse.query('create view public.by_hand as select * from public.facts');
    const keys = await rowsOf(database.warehouse, 'select * from public.rooms order by room');
    expect(keys).toEqual([
      { room_key: 1, room: 'a' },
      { room_key: 2, room: 'b' },
    ]);
    // A room disappears and another comes; facts still point at the old one while rooms is rebuilt.
    await database.warehouse.query(`update raw.events set room = 'c' where room = 'a'`);
    const summary = await project.run(database.warehouse, { fullRefresh: true });
    expect(summary.results.map((result) => [result.node.name, result.status, result.error?.message])).toEqual([
      ['rooms', 'success', undefined],
      ['facts', 'success', undefined],
    ]);
    expect(await rowsOf(database.warehouse, 'select * from public.rooms order by room')).toEqual([
      { room_key: 2, room: 'b' },
      { room_key: 3, room: 'c' },
    ]);
    expect(resultOf(summary, 'rooms')).toMatchObject({ inserted: 1, updated: 0, deleted: 1 });
    expect(
      await rowsOf(
        database.warehouse,
        `select rows_inserted::int as inserted, rows_updated::int as updated, rows_deleted::int as deleted, message
         from datacycle.run_result where run_id = '${summary.runId}' and node = 'rooms'`,
      ),
    ).toEqual([{ inserted: 1, updated: 0, deleted: 1, message: 'rebuilt: full refresh' }]);
    expect(await rowsOf(database.warehouse, 'select * from public.by_hand order by id')).toHaveLength(2);
    await database.warehouse.query(`update raw.events set room = 'a' where room = 'c'`);
    await project.run(database.warehouse, { fullRefresh: true });
    expect(await rowsOf(database.warehouse, 'select * from public.rooms order by room')).toEqual(keys);
  });

  it('rebuilds what consumed a seed once its content changes, and nothing else', async () => {
    project.write({
      'seeds/bounds.csv': 'room,upper\na,10\n',
      'models/flagged.sql': `{{config materialized="incremental" unique_key="id"}}
select e.id, e.value > b.upper as is_high from {{source "raw" "events"}} e left join {{ref "bounds"}} b using (room)
{{#incremental}}where load_id > {{high_water "raw.events"}}{{/incremental}}`,
    });
    await land(1, `(1, 'a', 7.0), (2, 'a', 20.0)`);
    await project.run(database.warehouse);
    project.write({ 'seeds/bounds.csv': 'room,upper\na,5\n' });
    const summary = await project.run(database.warehouse);
    expect(resultOf(summary, 'flagged')).toMatchObject({
      updated: 1,
      message: 'rebuilt: bounds was rebuilt or changed',
    });
    expect(resultOf(await project.run(database.warehouse), 'flagged').message).toBe('nothing new');
  });

  it('rebuilds an incremental model whose SQL changed, columns included', async () => {
    const model = (columns: string) => ({
      'models/copied.sql': `{{config materialized="incremental" unique_key="id"}}select ${columns} from {{source "raw" "events"}} {{#incremental}}where load_id > {{high_water "raw.events"}}{{/incremental}}`,
    });
    await land(1, `(1, 'a', 7.0)`);
    project.write(model('id, room'));
    await project.run(database.warehouse);
    project.write(model('id, value::numeric(5,1) as value, upper(room) as big'));
    expect(resultOf(await project.run(database.warehouse), 'copied').message).toBe('rebuilt: its SQL changed');
    expect(await rowsOf(database.warehouse, 'select * from public.copied')).toEqual([
      { id: 1, value: '7.0', big: 'A' },
    ]);
  });

  it('changes a model between view and table', async () => {
    const model = (materialized: string) => ({
      'models/kind.sql': `{{config materialized="${materialized}"}}select 1 as one`,
    });
    for (const materialized of ['view', 'table', 'view']) {
      project.write(model(materialized));
      const summary = await project.run(database.warehouse);
      expect(summary.results[0]?.error).toBeUndefined();
      expect(await rowsOf(database.warehouse, 'select * from public.kind')).toEqual([{ one: 1 }]);
    }
  });

  it('skips what depends on a failed model, finishes the rest, and shows the place of the error in the template', async () => {
    project.write({
      'macros/broken.sql': 'no_such_function(  {{expression}})',
      'models/bad.sql': 'select\n    id,\n    {{> broken expression="value"}} as x\nfrom {{source "raw" "events"}}',
      'models/after.sql': 'select * from {{ref "bad"}}',
      'models/good.sql': 'select 1 as one',
    });
    const summary = await project.run(database.warehouse);
    expect(summary.ok).toBe(false);
    expect(summary.results.map((result) => [result.node.name, result.status]).sort()).toEqual([
      ['after', 'skipped'],
      ['bad', 'error'],
      ['good', 'success'],
    ]);
    expect(resultOf(summary, 'bad').error).toMatchObject({ where: 'macros/broken.sql:1:1' });
    expect(await rowsOf(database.warehouse, `select status from datacycle.run`)).toEqual([{ status: 'error' }]);
  });

  it('tests data, blocks what depends on bad rows, and trusts constraints', async () => {
    project.write({
      'models/parents.yml': `
models:
  - name: parents
    config: { materialized: table, unique_key: id }
    columns:
      - name: id
        data_tests: [unique, not_null]
      - name: room
        data_tests:
          - accepted_values: { values: [a, b] }
          - not_null: { severity: warn }
          - relationships: { to: ref('known'), field: room }
`,
      'seeds/known.csv': 'room\na\n',
      'models/parents.sql': 'select id, room from {{source "raw" "events"}}',
      'models/child.sql': 'select * from {{ref "parents"}}',
      'tests/data/no_negative.sql': 'select * from {{ref "parents"}} where id > 2',
    });
    await land(1, `(1, 'a', 1.0), (2, 'x', 2.0), (3, null, -1.0)`);
    const summary = await project.run(database.warehouse);
    const status = Object.fromEntries(
      summary.results.map((result) => [result.node.name, `${result.status} ${result.message}`.trim()]),
    );
    expect(status).toMatchObject({
      unique_parents_id: 'pass held by a constraint',
      not_null_parents_id: 'pass held by a constraint',
      accepted_values_parents_room: 'fail 1 bad row',
      not_null_parents_room: 'warn 1 bad row',
      relationships_parents_room__known: 'fail 1 bad row',
      no_negative: 'fail 1 bad row',
    });
    expect(status.child).toMatch(/^skipped \w+ failed$/);
  });
});
