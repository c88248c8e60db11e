import { type RelationName, relation } from '../../warehouse/quote.ts';
import type { Queryable } from '../../warehouse/warehouse.ts';

/** Something on a table that a statement of the catalog's makes again on the table that replaces it. */
export interface Recreatable {
  /** What it is, in the words of {@link Attachments}. */
  readonly what: string;
  /** Its entry in pg_depend, as `<classid> <objid>`; null for a setting of the table. */
  readonly id: string | null;
  /** A statement that is needed before the old table can go, if there is one. */
  readonly drop: string | null;
  readonly create: string;
  /** The columns of the table without which it goes, too. */
  readonly columns: readonly string[];
}

/**
 * What was created by hand on a table and what of others depends on it, as far as it can be made again on another table of the same
 * columns: foreign keys of other tables, constraints, triggers, extended statistics, storage parameters, replica identity, and the
 * publications that name it. Unique constraints come before the foreign keys that need them.
 * @param ours names of constraints that the runner makes itself.
 */
export async function readRecreatable(
  on: Queryable,
  { schema, name }: RelationName,
  ours: readonly string[],
): Promise<readonly Recreatable[]> {
  const { rows } = await on.query<Pick<Recreatable, keyof Recreatable> & { rank: number }>(
    `with here as (select $1::regclass::oid as oid)

select 1 as rank, 'the storage parameters' as what, null as id, null as drop,
    format('alter table %s set (%s)', $1::text, string_agg(format('%I = %L', o.option_name, o.option_value), ', ')) as create,
    '[]'::jsonb as columns
from here
join pg_class as c using (oid)
cross join pg_options_to_table(c.reloptions) as o
group by c.oid
union all
select case when k.contype = 'f' then 3 else 2 end, 'the constraint ' || k.conname, format('%s %s', 'pg_constraint'::regclass::oid, k.oid),
    case when k.confrelid = here.oid then format('alter table %s drop constraint %I', k.conrelid::regclass, k.conname) end,
    format('alter table %s add constraint %I %s', case when k.conrelid = here.oid then $1::text else k.conrelid::regclass::text end,
        k.conname, pg_get_constraintdef(k.oid)),
    case when k.conrelid = here.oid then (select coalesce(jsonb_agg(a.attname), '[]') from pg_attribute as a
        where a.attrelid = here.oid and a.attnum = any(k.conkey)) else '[]' end
from here
join pg_constraint as k on k.conrelid = here.oid or k.confrelid = here.oid
where k.contype in ('c', 'f', 'p', 'u', 'x')
    and k.conparentid = 0
    and not (k.conrelid = here.oid and k.conname = any($2::text[]))
union all
select 4, 'the trigger ' || g.tgname, format('%s %s', 'pg_trigger'::regclass::oid, g.oid), null, pg_get_triggerdef(g.oid), '[]'
from here
join pg_trigger as g on g.tgrelid = here.oid
where not g.tgisinternal
    and g.tgparentid = 0
    and g.tgconstraint = 0
    and g.tgenabled = 'O'
union all
select 5, 'the statistics ' || s.stxname, format('%s %s', 'pg_statistic_ext'::regclass::oid, s.oid), null,
    pg_get_statisticsobjdef(s.oid),
    (select coalesce(jsonb_agg(a.attname), '[]') from pg_attribute as a where a.attrelid = here.oid and a.attnum = any(s.stxkeys::int2[]))
from here
join pg_statistic_ext as s on s.stxrelid = here.oid
union all
select 6, 'the replica identity', null, null,
    case when c.relreplident = 'f' then format('alter table %s replica identity full', $1::text) else format(
        'do $do$ begin if exists (select from pg_index where indrelid = %L::regclass and indexrelid = to_regclass(%L)) then alter table %s replica identity using index %I; end if; end $do$',
        $1::text, format('%I.%I', n.nspname, x.relname), $1::text, x.relname) end,
    '[]'
from here
join pg_class as c using (oid)
join pg_namespace as n on n.oid = c.relnamespace
left join pg_index as i on i.indrelid = here.oid and i.indisreplident
left join pg_class as x on x.oid = i.indexrelid
where c.relreplident = 'f'
    or (c.relreplident = 'i' and i.indexrelid is not null)
union all
select 7, 'the publication ' || p.pubname, format('%s %s', 'pg_publication_rel'::regclass::oid, r.oid), null,
    format('alter publication %I add table only %s', p.pubname, $1::text), '[]'
from here
join pg_publication_rel as r on r.prrelid = here.oid
join pg_publication as p on p.oid = r.prpubid
where to_jsonb(r) -> 'prqual' = 'null'
    and to_jsonb(r) -> 'prattrs' = 'null'
order by rank, what`,
    [relation(schema, name), ours],
  );
  return rows.map(({ rank: _, ...one }) => one);
}
