import type { Warehouse } from '../../../warehouse/warehouse.ts';

/** So that every event lies in a month that is built again by each run. */
const firstDay = new Date(Date.now() - 70 * 86_400_000).toISOString().slice(0, 10);

/** A small project with a model of every kind, keys, foreign keys, indexes, a view on top and an audit. */
export const kindsProject: Readonly<Record<string, string>> = {
  'models/sources.yml': 'sources: [{ name: raw, tables: [{ name: events }] }]',
  'seeds/bounds.csv': 'room,upper\nroom 0,50\nroom 1,80\nroom 2,20\n',
  'models/latest.sql': `{{config materialized="incremental" unique_key="id" audit_columns="load_id"}}
select distinct on (id) id, room, value, load_id
from {{source "raw" "events"}}
{{#incremental}}
where load_id > {{high_water "raw.events"}}
{{/incremental}}
order by id, load_id desc`,
  'models/log.sql': `{{config materialized="incremental" incremental_strategy="append"}}
select id, room, value, load_id
from {{source "raw" "events"}}
{{#incremental}}
where load_id > {{high_water "raw.events"}}
{{/incremental}}`,
  'models/rooms.sql': `{{config materialized="table" unique_key="room" surrogate_key="room_key"}}
select distinct room from {{ref "latest"}}`,
  'models/by_room.sql': `{{config materialized="incremental" incremental_strategy="delete+insert" unique_key="room"}}
select l.room, count(*) as events, sum(l.value) as value, max(l.load_id) as load_id
from {{ref "latest"}} as l
{{#incremental}}
where l.room in (select room from {{ref "latest"}} where load_id > {{high_water "latest"}})
{{/incremental}}
group by l.room`,
  'models/facts.sql': `{{config materialized="incremental" unique_key="id" audit_columns="load_id"}}
select l.id, r.room_key, l.value, l.value > b.upper as is_high, l.load_id
from {{ref "latest"}} as l
join {{ref "rooms"}} as r using (room)
left join {{ref "bounds"}} as b using (room)
{{#incremental}}
where l.load_id > {{high_water "latest"}}
{{/incremental}}`,
  'models/models.yml': `models:
  - name: latest
    config: { indexes: [{ columns: [room, id] }] }
    columns: [{ name: id, data_tests: [not_null, unique] }]
  - name: facts
    description: What happened in a room.
    constraints:
      - { type: foreign_key, columns: room_key, to: ref('rooms') }
      - { type: check, expression: value >= 0 }
`,
  'models/report.sql':
    'select f.id, f.value, r.room from {{ref "facts"}} as f join {{ref "rooms"}} as r using (room_key)',
  'models/totals.sql': `{{config materialized="table" unique_key="room"}}
select room, count(*) as events, sum(value) as value from {{ref "report"}} group by room`,
  'models/daily.sql': `{{config materialized="incremental" incremental_strategy="microbatch" unique_key="day, room"
    event_time="day" begin="${firstDay}" batch_size="month" lookback=3}}
select day, room, count(*) as events, sum(value) as value
from {{ref "dated"}}
group by day, room`,
  'models/dated.sql': `{{config materialized="incremental" unique_key="id" event_time="day" audit_columns="load_id"}}
select id, date '${firstDay}' + id % 60 as day, room, value, load_id
from {{ref "latest"}}
{{#incremental}}
where load_id > {{high_water "latest"}}
{{/incremental}}`,
  'models/by_value.sql': `{{config materialized="materialized_view" unique_key="is_high"}}
select coalesce(is_high, false) as is_high, count(*) as events, sum(value) as value
from {{ref "facts"}} group by 1`,
  'models/changes.sql': `{{config materialized="snapshot" unique_key="room" strategy="check" check_cols="all"}}
select room, events, value from {{ref "totals"}}`,
  'tests/data/no_room_is_lost.sql':
    '{{config audit=true audits="totals"}}select r.room from {{ref "rooms"}} as r left join {{ref "totals"}} as t using (room) where t.room is null',
};

/** What each table says, apart from when and by which load; by name. */
const said: Readonly<Record<string, string>> = {
  bounds: 'to_jsonb(t)',
  latest: "to_jsonb(t) - 'load_id'",
  log: 'to_jsonb(t)',
  rooms: 'to_jsonb(t)',
  by_room: 'to_jsonb(t)',
  facts: "to_jsonb(t) - 'load_id'",
  totals: 'to_jsonb(t)',
  by_value: 'to_jsonb(t)',
  dated: "to_jsonb(t) - 'load_id'",
  daily: 'to_jsonb(t)',
  changes: 'jsonb_build_array(room, events, value, dbt_valid_to is null)',
};

/** The tables of the project as text, surrogate keys included: what two databases have in common if all went the same way. */
export async function contentsOf(warehouse: Warehouse): Promise<Record<string, string>> {
  const parts = Object.entries(said).map(
    ([table, row]) =>
      `select '${table}' as name, string_agg((${row})::text, e'\\n' order by (${row})::text) as content from ${table === 'bounds' ? 'seeds.bounds' : `public.${table}`} as t`,
  );
  const { rows } = await warehouse.query<{ name: string; content: string }>(parts.join('\nunion all\n'));
  return Object.fromEntries(rows.map(({ name, content }) => [name, content]));
}

/** Lands load number `load`: new events, corrections of old ones, and every third time a room that was not there. */
export async function landEvents(warehouse: Warehouse, load: number): Promise<void> {
  await warehouse.query(
    `insert into raw.events
     select $1::bigint, (n * 7 + $1 * 40) % 2000, 'room ' || ((n + $1) % least(3 + $1 / 3, 20)), (n * 31 + $1 * 17) % 100
     from generate_series(1, 60) as n`,
    [load],
  );
}

export async function createSource(warehouse: Warehouse): Promise<void> {
  await warehouse.query('create schema if not exists raw');
  await warehouse.query('create table raw.events (load_id bigint, id int, room text, value double precision)');
}

/** What a build that was broken off may have left: temporary relations, working tables, half-made objects. */
export async function leftBehind(warehouse: Warehouse): Promise<readonly string[]> {
  const { rows } = await warehouse.query<{ name: string }>(
    `select c.oid::regclass::text as name from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
     where (n.nspname ~ '^pg_temp' or c.relname ~ '^datacycle_') and n.nspname <> 'datacycle' and c.relkind <> 'i'
     union all
     select indexrelid::regclass::text from pg_index where not indisvalid`,
  );
  return rows.map(({ name }) => name);
}
