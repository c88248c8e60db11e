/** A statement, and its outcome: the one value that is returned, or the SQLSTATE of the refusal. */
export interface Attempt {
  readonly name: string;
  /** {own} and {other} stand for the keys of the two apartments, {app} and the like for names of roles. */
  readonly sql: string;
  readonly sees?: unknown;
  readonly refused?: string;
}

export const attempts: readonly Attempt[] = [
  { name: 'a fact', sql: 'select count(*)::int from gold.fact_energy_minute where apartment_key = {other}', sees: 0 },
  {
    name: 'a view of gold',
    sql: 'select count(*)::int from gold.mv_energy_with_cost where apartment_key = {other}',
    sees: 0,
  },
  {
    name: 'a fact, sampled',
    sql: 'select count(*)::int from gold.fact_presence_minute tablesample system (100) where apartment_key = {other}',
    sees: 0,
  },
  { name: 'a dimension', sql: 'select count(*)::int from gold.dim_device where apartment_key <> {own}', sees: 0 },
  {
    name: 'a row by its place',
    sql: `select count(*)::int from gold.dim_room where ctid = any (array['(0,1)', '(0,2)', '(0,3)', '(0,4)', '(0,5)', '(0,6)', '(0,7)', '(0,8)', '(0,9)']::tid[]) and apartment_key <> {own}`,
    sees: 0,
  },
  {
    name: 'who sees what, in gold',
    sql: `select count(*)::int from gold.dim_user_apartment_map where user_email like 'jeremie%'`,
    sees: 0,
  },
  { name: 'who sees what, in access', sql: 'select * from access.visible_apartments', refused: '42501' },
  { name: 'who owns what, in access', sql: 'select * from access.owned_apartments', refused: '42501' },
  { name: 'silver', sql: 'select * from silver.sensor_events', refused: '42501' },
  { name: 'staging', sql: 'select * from staging.sensor_file', refused: '42501' },
  { name: 'the seed', sql: 'select * from seeds.user_apartments', refused: '42501' },
  { name: 'the bookkeeping', sql: 'select * from datacycle.surrogate_key', refused: '42501' },
  { name: 'a view of the project', sql: 'select count(*)::int from bi.energy where apartment_key = {other}', sees: 0 },
  {
    name: "a view by hand with its owner's rights",
    sql: 'select count(*)::int from gold.by_hand where apartment_key = {other}',
    sees: 0,
  },
  {
    name: 'a view by hand, joined with itself',
    sql: 'select count(*)::int from gold.by_hand a join gold.by_hand b using (device_key) where b.apartment_key = {other}',
    sees: 0,
  },
  { name: 'a view of its own', sql: 'create view gold.mine as select * from gold.dim_room', refused: '42501' },
  { name: 'a temporary view', sql: 'create temporary view mine as select * from gold.dim_room', refused: '42501' },
  { name: 'a table of its own', sql: 'create table public.mine (like gold.dim_room)', refused: '42501' },
  {
    name: 'a function of its own that leaks',
    sql: `create function public.leak(int) returns bool language plpgsql cost 0.0001 as 'begin raise notice ''%'', $1; return true; end'`,
    refused: '42501',
  },
  {
    name: 'a temporary function that leaks',
    sql: `create function pg_temp.leak(int) returns bool language sql as 'select true'`,
    refused: '42501',
  },
  {
    name: 'an operator of its own',
    sql: 'create operator public.=== (function = int4eq, leftarg = int, rightarg = int)',
    refused: '42501',
  },
  {
    name: 'a join',
    sql: 'select count(*)::int from gold.fact_energy_minute f join gold.dim_device d using (device_key) where d.apartment_key = {other} or f.apartment_key = {other}',
    sees: 0,
  },
  {
    name: 'an outer join',
    sql: 'select count(d.device_key)::int from (values ({other})) as v (k) left join gold.dim_device d on d.apartment_key = v.k',
    sees: 0,
  },
  {
    name: 'a lateral join',
    sql: 'select count(l.room_key)::int from generate_series(1, 9) as k left join lateral (select * from gold.dim_room r where r.apartment_key = k and k <> {own}) as l on true',
    sees: 0,
  },
  { name: 'a subquery', sql: 'select (select name from gold.dim_apartment where apartment_key = {other})', sees: null },
  {
    name: 'whether a key exists',
    sql: 'select exists (select from gold.dim_apartment where apartment_key = {other})',
    sees: false,
  },
  { name: 'an aggregate', sql: 'select count(distinct apartment_key)::int from gold.fact_environment_minute', sees: 1 },
  {
    name: 'a filtered aggregate',
    sql: 'select max(room_name) filter (where apartment_key <> {own}) from gold.dim_room',
    sees: null,
  },
  {
    name: 'a window',
    sql: 'select bool_and(same) from (select min(apartment_key) over () = max(apartment_key) over () as same from gold.dim_room) as w',
    sees: true,
  },
  {
    name: 'a recursion',
    sql: 'with recursive r as (select {other} as k union select d.apartment_key from r join gold.dim_device d on d.apartment_key = r.k) select count(*)::int from r join gold.dim_device d on d.apartment_key = r.k',
    sees: 0,
  },
  {
    name: 'a set operation',
    sql: 'select count(*)::int from (select apartment_key from gold.dim_room union all select apartment_key from gold.dim_device) as u where apartment_key = {other}',
    sees: 0,
  },
  {
    name: 'a division that fails for their rows',
    sql: 'select count(*)::int from gold.dim_room where 1 / (case when apartment_key = {other} then 0 else 1 end) = 0',
    sees: 0,
  },
  {
    name: 'a division in the output',
    sql: 'select sum(1 / (case when apartment_key = {other} then 0 else 1 end)) > 0 from gold.dim_room',
    sees: true,
  },
  {
    name: 'a cast that tells their values',
    sql: 'select count(*)::int from gold.dim_apartment where apartment_key = {other} and name::int > 0',
    sees: 0,
  },
  { name: 'a cast that tells own values only', sql: 'select name::int from gold.dim_apartment', refused: '22P02' },
  {
    name: 'a cast through a view by hand',
    sql: `select count(*)::int from gold.names_by_hand where name::int > 0 and name <> 'Jimmy'`,
    sees: 0,
  },
  {
    name: 'a pattern that asks slowly',
    sql: `select count(*)::int from gold.dim_apartment where name like 'J%' and apartment_key <> {own}`,
    sees: 0,
  },
  {
    name: 'a block of code',
    sql: `do $$ begin if exists (select from gold.dim_room where apartment_key = {other}) then raise exception 'seen'; end if; end $$`,
    sees: undefined,
  },
  {
    name: 'text made of a query',
    sql: `select count(*)::int from unnest(xpath('//apartment_key[text() = "{other}"]', query_to_xml('select apartment_key from gold.dim_room', false, false, ''))) as x`,
    sees: 0,
  },
  { name: 'their role', sql: 'set role {jeremie}', refused: '42501' },
  { name: "the administrators' role", sql: 'set role {admin}', refused: '42501' },
  { name: "the application's role", sql: 'set role {app}', refused: '42501' },
  { name: 'their role by a setting', sql: `select set_config('role', '{jeremie}', false)`, refused: '42501' },
  { name: "the application's session", sql: 'set session authorization {app}', refused: '42501' },
  { name: 'to be given their role', sql: 'grant {jeremie} to current_user', refused: '42501' },
  {
    name: 'without row security',
    sql: 'set row_security = off; select count(*)::int from gold.dim_room',
    refused: '42501',
  },
  { name: 'to take row security away', sql: 'alter table gold.dim_room disable row level security', refused: '42501' },
  { name: 'a policy of its own', sql: 'create policy mine on gold.dim_room using (true)', refused: '42501' },
  {
    name: 'other functions behind the policies',
    sql: `create or replace function gold.visible_apartments(who name) returns int[] language sql as 'select array[1, 2]'`,
    refused: '42501',
  },
  {
    name: 'to insert',
    sql: `insert into gold.dim_user_apartment_map values ('me@example.com', {other})`,
    refused: '42501',
  },
  { name: 'to update', sql: 'update gold.dim_room set apartment_key = {own}', refused: '42501' },
  { name: 'to delete', sql: 'delete from gold.dim_room', refused: '42501' },
  { name: 'to truncate', sql: 'truncate gold.dim_room', refused: '42501' },
  { name: 'to lock', sql: 'select * from gold.dim_room for update', refused: '42501' },
  { name: 'to copy from', sql: 'copy gold.dim_room from program $$echo$$', refused: '42501' },
  {
    name: 'what the planner knows',
    sql: `select count(*)::int from pg_stats where schemaname = 'gold' and tablename in ('dim_room', 'fact_energy_minute')`,
    sees: 0,
  },
  { name: 'what the planner keeps', sql: 'select * from pg_statistic', refused: '42501' },
  { name: 'who is to see what, of a function', sql: `select gold.visible_apartments('{jeremie}')`, refused: '42883' },
  {
    name: 'to be taken for the application',
    sql: `select datacycle.session_of('{app}')`,
    refused: '42501',
  },
  {
    name: 'a held cursor',
    sql: 'begin; declare c cursor with hold for select count(*)::int from gold.dim_room where apartment_key = {other}; commit; fetch c',
    sees: 0,
  },
  {
    name: 'a prepared statement',
    sql: 'prepare p (int) as select count(*)::int from gold.dim_room where apartment_key = $1; execute p ({other})',
    sees: 0,
  },
  { name: 'a file of the server', sql: `select pg_read_file('postgresql.conf')`, refused: '42501' },
  { name: 'a large object', sql: `select lo_import('/etc/passwd')`, refused: '42501' },
  {
    name: 'a connection from the server',
    sql: `select * from dblink('dbname=postgres', 'select 1') as t (x int)`,
    refused: '42883',
  },
  { name: 'an extension', sql: 'create extension dblink', refused: '42501' },
  { name: 'a sequence', sql: `select currval('gold.dim_room_room_key_seq')`, refused: '42P01' },
  {
    name: "others' statements",
    sql: `select count(*)::int from pg_stat_activity where usename = '{app}' and query <> '<insufficient privilege>'`,
    sees: 0,
  },
];
