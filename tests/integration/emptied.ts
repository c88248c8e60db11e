import { ensureState } from '../../runner/state/schema.ts';
import { literal } from '../../warehouse/quote.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';

/** Takes away every schema but an empty `public`, in one statement. */
export async function empty(warehouse: Warehouse): Promise<void> {
  await warehouse.query(droppingAllBut('information_schema'));
}

const droppingAllBut = (...kept: readonly string[]) => `do $$
declare
    one text;
begin
    for one in select nspname from pg_namespace where not starts_with(nspname, 'pg_') and nspname not in (${kept.map(literal).join(', ')}) loop
        execute format('drop schema %I cascade', one);
    end loop;
    create schema public;
end $$`;

/**
 * All of schema `datacycle` but its rows: relations, columns, constraints, indexes, triggers, rules, policies, functions and
 * privileges. Null where the schema is not there.
 */
const shapeQuery = `
with home as (
    select oid, nspacl, nspowner from pg_namespace where nspname = 'datacycle'
),
tables as (
    select c.* from pg_class as c join home on home.oid = c.relnamespace
)
select case when exists (select from home) then md5((
    select string_agg(part::text, ',' order by part::text) from (
        select row('schema', nspacl, nspowner) as part from home
        union all
        select row(relname, relkind, relowner, relacl, reloptions, relpersistence, relrowsecurity, relreplident) from tables
        union all
        select row(t.relname, a.attnum, a.attname, a.atttypid::regtype, a.attnotnull, a.attidentity, a.attacl, a.attisdropped)
        from pg_attribute as a join tables as t on t.oid = a.attrelid
        union all
        select row(t.relname, pg_get_expr(d.adbin, d.adrelid)) from pg_attrdef as d join tables as t on t.oid = d.adrelid
        union all
        select row(t.relname, c.conname, pg_get_constraintdef(c.oid)) from pg_constraint as c join tables as t on t.oid = c.conrelid
        union all
        select row(pg_get_indexdef(i.indexrelid)) from pg_index as i join tables as t on t.oid = i.indrelid
        union all
        select row(t.relname, g.tgname) from pg_trigger as g join tables as t on t.oid = g.tgrelid where not g.tgisinternal
        union all
        select row(t.relname, r.rulename) from pg_rewrite as r join tables as t on t.oid = r.ev_class
        union all
        select row(t.relname, p.polname) from pg_policy as p join tables as t on t.oid = p.polrelid
        union all
        select row(proname) from pg_proc join home on home.oid = pronamespace
    ) as parts
)) end as shape`;

/** Takes the rows out of the tables, those first that refer to others, and begins each sequence again. */
const clear = `do $$
declare
    one text;
begin
    foreach one in array array['audit_row', 'audit_failure', 'run_result', 'run'] loop
        execute format('delete from datacycle.%I', one);
    end loop;
    for one in select tablename from pg_tables where schemaname = 'datacycle' and tablename <> 'migration' loop
        execute format('delete from datacycle.%I', one);
    end loop;
    perform setval(format('datacycle.%I', sequencename)::regclass, 1, false) from pg_sequences where schemaname = 'datacycle';
end $$`;

/** The shape as the program makes it, by the kind of database. */
const shapes = new Map<Warehouse['kind'], string>();

/**
 * Empties a database as `empty` does, and leaves the tables of the bookkeeping where they are as the program makes them, without
 * their rows: to make these tables takes longer than most builds of a test. Where there are none, none are made.
 */
export async function emptyButBookkeeping(warehouse: Warehouse): Promise<void> {
  await warehouse.query(droppingAllBut('information_schema', 'datacycle'));
  const shape = await shapeOf(warehouse);
  if (shape === null) return;
  if (!shapes.has(warehouse.kind)) {
    await warehouse.query('drop schema datacycle cascade');
    await ensureState(warehouse);
    shapes.set(warehouse.kind, (await shapeOf(warehouse)) ?? '');
  } else if (shape !== shapes.get(warehouse.kind)) await warehouse.query('drop schema datacycle cascade');
  else await warehouse.query(clear);
}

async function shapeOf(warehouse: Warehouse): Promise<string | null> {
  return (await warehouse.query<{ shape: string | null }>(shapeQuery)).rows[0]?.shape ?? null;
}
