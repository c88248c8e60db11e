/** A small project without a fault: a source, a seed, a macro, every materialisation, tests, constraints, freshness. */
export const roomsProject: Readonly<Record<string, string>> = {
  'project.yml': `name: rooms
secrets: [SALT]
freshness:
  readings:
    newest: max(measured_at)
    warn_after: 1 hour
`,
  'models/sources.yml': `sources:
  - name: raw
    tables:
      - name: events
        columns:
          - { name: load_id, data_type: bigint }
          - { name: id, data_type: integer }
          - { name: room, data_type: text }
          - { name: value, data_type: double precision }
          - { name: measured_at, data_type: timestamptz }
`,
  'seeds/rooms.csv': `room,floor
Kitchen,1
Office,2
`,
  'seeds/rooms.yml': `seeds:
  - name: rooms
    columns:
      - name: room
        data_type: text
        data_tests: [unique, not_null]
      - name: floor
        data_type: integer
        data_tests:
          - accepted_values: { values: [1, 2] }
`,
  'macros/doubled.sql': `({{value}} * 2)`,
  'models/measured.sql': `{{config materialized="ephemeral"}}
select load_id, id, room, value, measured_at
from {{source "raw" "events"}}
where value is not null
`,
  'models/floors.sql': `{{config materialized="table" unique_key="room" surrogate_key="room_key"}}
select room, floor
from {{ref "rooms"}}
`,
  'models/floors.yml': `models:
  - name: floors
    constraints:
      - { type: primary_key, columns: [room_key] }
    columns:
      - { name: room_key, data_type: integer }
      - { name: room, data_type: text }
      - { name: floor, data_type: integer }
`,
  'models/readings.sql': `{{config materialized="incremental" unique_key="id"}}
with events as (
    select *
    from {{ref "measured"}}
    {{#incremental}}
    where load_id > {{high_water "raw.events"}}
    {{/incremental}}
)
select
    e.id,
    f.room_key,
    {{> doubled value="e.value"}} as doubled,
    e.measured_at,
    e.load_id
from events as e
join {{ref "floors"}} as f on f.room = e.room
`,
  'models/readings.yml': `models:
  - name: readings
    config:
      contract: { enforced: true }
    constraints:
      - { type: primary_key, columns: [id] }
      - { type: foreign_key, columns: [room_key], to: ref('floors'), to_columns: [room_key] }
      - type: check
        expression: doubled >= -1000
    columns:
      - name: id
        data_type: integer
      - name: room_key
        data_type: integer
        data_tests:
          - relationships: { to: ref('floors'), field: room_key }
      - name: doubled
        data_type: double precision
      - name: measured_at
        data_type: timestamptz
      - name: load_id
        data_type: bigint
`,
  'models/latest.sql': `{{config materialized="view"}}
select room_key, max(measured_at) as measured_at, md5({{secret "SALT"}}) as mark
from {{ref "readings"}}
group by room_key
`,
  'tests/data/no_future.sql': `select *
from {{ref "readings"}}
where measured_at > {{run_started_at}}
`,
};
