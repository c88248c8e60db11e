import { describe, expect, it } from 'vitest';
import { reportLines } from '../../../../runner/run/report.ts';
import { NodeError } from '../../../../runner/text/errors.ts';
import { oneDatabase } from '../../databases.ts';
import { projectOn } from '../../project-on.ts';

const files = {
  'project.yml': 'name: test\nvars: { factor: 2 }',
  'models/sources.yml':
    'sources: [{ name: raw, tables: [{ name: events, columns: [{ name: load_id, data_type: bigint }, { name: id, data_type: int }, { name: room, data_type: text }, { name: value, data_type: numeric }] }, { name: undeclared }, { name: timed, event_time: at, columns: [{ name: id, data_type: int }, { name: at, data_type: timestamptz }, { name: value, data_type: int }] }] }]',
  'models/scaled.sql': `select e.id, r.label, e.value * {{var "factor"}} as scaled, {{> stamp}} as at
from {{source "raw" "events"}} as e
left join {{ref "labels"}} as r on r.room = e.room
where e.value is not null`,
  'macros/stamp.sql': '{{run_started_at}}',
  'models/labels.sql': '{{config materialized="ephemeral"}}select room, initcap(room) as label from {{ref "rooms"}}',
  'seeds/rooms.csv': 'room,floor\nkitchen,1\nattic,3\n',
  'models/floors.sql': 'select room, floor + {{env "LIFT" "0"}} as floor from {{ref "rooms"}}',
  'models/latest.sql': `{{config materialized="incremental" unique_key="id"}}
select id, load_id, room, value, '{}'::jsonb as extra, array[1, 2] as list
from {{source "raw" "events"}}
{{#incremental}}
where load_id > {{high_water "raw.events"}}
{{/incremental}}`,
  'models/highest.sql': `{{config materialized="incremental" unique_key="id"}}
select 1 as id, room, floor from {{ref "rooms"}}
{{#incremental}}where floor > (select max(floor) from {{this}}){{/incremental}}`,
  'models/days.sql':
    '{{config materialized="incremental" incremental_strategy="microbatch" event_time="at" batch_size="day" begin="2024-01-01" lookback=0}}select id, at, value from {{source "raw" "timed"}}',
  'models/versions.sql':
    '{{config materialized="snapshot" strategy="check" check_cols="all" unique_key="id"}}select id, value from {{source "raw" "timed"}}',
  'models/sums.sql':
    '{{config materialized="materialized_view" unique_key="k"}}select 1 as k, sum(value) as s from {{ref "days"}}',
  'models/unseen.sql': 'select * from {{source "raw" "undeclared"}}',
  'tests/fixtures/events.csv': 'id,room,value\n1,kitchen,1.5\n2,,2\n',
  'tests/fixtures/expected.sql': 'select 1 as id, 3 as scaled',
  'models/unit.yml': `unit_tests:
  - name: dict_rows
    model: scaled
    overrides: { vars: { factor: 10 }, now: "2024-05-01 12:00" }
    given:
      - input: source('raw', 'events')
        rows:
          - { id: 1, room: kitchen, value: 1.5 }
          - { id: 2, room: cellar, value: 2 }
          - { id: 3 }
      - input: ref('labels')
        rows: [{ room: kitchen, label: K }]
    expect:
      rows:
        - { id: 2, label: null, scaled: 20, at: "2024-05-01 14:00+02" }
        - { id: 1, label: K, scaled: 15.0, at: "2024-05-01T12:00:00Z" }
  - name: csv_and_fixtures
    model: scaled
    overrides: { macros: { stamp: "null" } }
    given:
      - { input: "source('raw', 'events')", format: csv, fixture: events }
    expect: { format: sql, rows: "select id, 1.5 * id + 0.5 * (2 - id) + id as scaled from generate_series(1, 2) as id where false union all select 1, 3 union all select 2, 4" }
  - name: seed_of_file
    model: floors
    overrides: { env_vars: { LIFT: 1 } }
    given: [{ input: ref('rooms') }]
    expect: { format: csv, rows: "room,floor\\nkitchen,2\\nattic,4" }
  - name: nothing_given
    model: floors
    expect: { rows: [] }
  - name: incremental_query
    model: latest
    overrides: { macros: { is_incremental: true } }
    given:
      - { input: this, rows: [{ id: 1, load_id: 4 }] }
      - { input: "source('raw', 'events')", rows: [{ id: 1, load_id: 4 }, { id: 1, load_id: 5 }] }
    expect: { rows: [{ id: 1, load_id: 5, extra: {}, list: [1, 2] }] }
  - name: day_by_day
    model: days
    runs:
      - now: "2024-01-02 12:00"
        given: [{ input: "source('raw', 'timed')", rows: [{ id: 1, at: "2024-01-01 10:00Z" }] }]
        expect: { rows: [{ id: 1 }] }
      - now: "2024-01-03 12:00"
        given: [{ input: "source('raw', 'timed')", rows: [{ id: 2, at: "2024-01-02 10:00Z" }, { id: 9, at: "2024-01-01 11:00Z" }] }]
        expect: { rows: [{ id: 1 }, { id: 2 }] }
  - name: versions_of_rows
    model: versions
    runs:
      - now: "2024-01-02 12:00"
        given: [{ input: "source('raw', 'timed')", rows: [{ id: 1, value: 1 }] }]
        expect: { rows: [{ id: 1, value: 1, dbt_valid_to: null }] }
      - now: "2024-01-03 12:00"
        given: [{ input: "source('raw', 'timed')", replaces: true, rows: [{ id: 1, value: 2 }] }]
        expect: { rows: [{ id: 1, value: 1, dbt_valid_to: "2024-01-03 12:00Z" }, { id: 1, value: 2, dbt_valid_to: null }] }
  - name: refreshed
    model: sums
    runs:
      - given: [{ input: ref('days'), rows: [{ value: 1 }] }]
        expect: { rows: [{ k: 1, s: 1 }] }
      - given: [{ input: ref('days'), rows: [{ value: 4 }] }]
        expect: { rows: [{ k: 1, s: 5 }] }
  - name: own_rows
    model: highest
    overrides: { macros: { is_incremental: true } }
    given:
      - { input: this, rows: [{ id: 1, floor: 1 }] }
      - { input: ref('rooms') }
    expect: { rows: [{ id: 1, room: attic, floor: 3 }] }
  - name: run_after_run
    model: latest
    runs:
      - given: [{ input: "source('raw', 'events')", rows: [{ load_id: 1, id: 1, room: a }, { load_id: 1, id: 2, room: b }] }]
        expect: { rows: [{ id: 1, room: a }, { id: 2, room: b }] }
      - given: [{ input: "source('raw', 'events')", rows: [{ load_id: 2, id: 2, room: c }] }]
        expect: { rows: [{ id: 1, room: a }, { id: 2, room: c }] }
      - expect: { rows: [{ id: 1, room: a }, { id: 2, room: c }] }
      - full_refresh: true
        given: [{ input: "source('raw', 'events')", replaces: true, rows: [{ load_id: 3, id: 9 }] }]
        expect: { rows: [{ id: 9, room: null }] }
  - name: of_the_database
    model: unseen
    given: [{ input: "source('raw', 'undeclared')", rows: [{ n: 1 }] }]
    expect: { rows: [{ n: 1 }] }
`,
};

describe.each(oneDatabase)('unit tests with a target on $name', (kind) => {
  const { project, database, rows } = projectOn(kind, files, [
    'create table raw.undeclared (n int)',
    'create table raw.events (load_id bigint, id int, room text, value numeric)',
  ]);
  const tested = async (on?: 'target') => {
    const { results } = await project.run(database.warehouse, { command: 'test', unitTestsOn: on });
    return Object.fromEntries(
      results.map(({ node, status, message, error }) => [node.name, error?.message ?? `${status} ${message}`.trim()]),
    );
  };
  const passing = Object.fromEntries(
    [
      'dict_rows',
      'csv_and_fixtures',
      'seed_of_file',
      'nothing_given',
      'incremental_query',
      'day_by_day',
      'versions_of_rows',
      'refreshed',
      'own_rows',
      'run_after_run',
      'of_the_database',
    ].map((name) => [name, 'pass']),
  );

  it('pass where the rows are those expected', async () => {
    expect(await tested()).toEqual(passing);
    expect(await tested('target')).toEqual(passing);
    expect(await rows("select nspname from pg_namespace where nspname like 'datacycle%'")).toEqual([]);
  });

  it('fail with the rows and cells that differ, and their model is not built', async () => {
    project.write({
      'models/unit.yml': `unit_tests:
  - name: differs
    model: floors
    given: [{ input: ref('rooms') }]
    expect: { rows: [{ room: kitchen, floor: 2 }, { room: cellar, floor: 0 }] }
  - name: late_row
    model: latest
    runs:
      - given: [{ input: "source('raw', 'events')", rows: [{ load_id: 2, id: 1, room: a }] }]
        expect: { rows: [{ id: 1, room: a }] }
      - given: [{ input: "source('raw', 'events')", rows: [{ load_id: 2, id: 2, room: late }] }]
        expect: { rows: [{ id: 1, room: a }, { id: 2, room: late }] }
  - name: bad_value
    model: scaled
    given:
      - input: source('raw', 'events')
        rows: [{ id: one }]
    expect: { rows: [] }
  - name: bad_column
    model: scaled
    expect: { rows: [{ lable: x }] }
`,
    });
    const { results } = await project.run(database.warehouse, {
      exclude: ['unseen', 'highest', 'days', 'versions', 'sums'],
      threads: 1,
    });
    const worked = results.filter(({ node }) => node.kind !== 'seed');
    const byName = [...worked].sort((a, b) => (a.node.name < b.node.name ? -1 : 1));
    const found = byName.map(({ node, status, message, error }) => [node.name, status, error?.message ?? message]);
    expect(found).toEqual([
      ['bad_column', 'error', 'bad_column: scaled yields no column "lable"'],
      ['bad_value', 'error', 'bad_value: invalid input syntax for type integer: "one"'],
      ['differs', 'fail', '1 row with other values, 1 row missing, 1 row not expected'],
      ['floors', 'skipped', 'differs failed'],
      ['late_row', 'fail', 'after run 2: 1 row missing'],
      ['latest', 'skipped', 'late_row failed'],
      ['scaled', 'skipped', 'bad_column failed'],
    ]);
    const places = byName.map(({ error }) => (error instanceof NodeError ? error.where : undefined));
    expect(places.slice(0, 2)).toEqual(['models/unit.yml:21:5', 'models/unit.yml:16:9']);
    const finished = project.events.find(({ type }) => type === 'finished');
    const text = finished === undefined ? [] : reportLines(finished).map((line) => line.text);
    const from = text.indexOf('Failed: differs: 1 row with other values, 1 row missing, 1 row not expected');
    expect(text.slice(from + 1, from + 7)).toEqual([
      '  models/unit.yml:2',
      '  expected 2 rows, got 2 rows (~ other values, - missing, + not expected):',
      '    room    | floor',
      '  ~ kitchen | 1 instead of 2',
      '  - cellar  | 0',
      '  + attic   | 3',
    ]);
  });

  it('are not run again in a build while their model and rows are the same', async () => {
    project.write({ 'models/unit.yml': `unit_tests: [{ name: empty, model: floors, expect: { rows: [] } }]` });
    const select = ['floors', 'rooms'];
    const messageOf = async () => {
      const { results } = await project.run(database.warehouse, { select });
      return results.find(({ node }) => node.name === 'empty')?.message;
    };
    expect([await messageOf(), await messageOf()]).toEqual(['', 'unchanged']);
    project.write({ 'models/floors.sql': 'select room, floor from {{ref "rooms"}}' });
    expect([await messageOf(), await messageOf()]).toEqual(['', 'unchanged']);
  });
});
