import { relation } from '../../../warehouse/quote.ts';
import type { Queryable } from '../../../warehouse/warehouse.ts';
import { partitionsOf } from '../../database/catalog.ts';
import { ownPolicy } from '../../database/policies.ts';
import { type BuiltNode, partitioningOf } from '../../manifest/manifest.ts';
import type { DependentView } from '../../materialize/parts/recreate-views.ts';
import { objectNames } from '../../materialize/parts/structure.ts';
import { structureOf } from '../../plan/table-target.ts';
import { type Made, namesOf } from '../../state/made.ts';
import { NodeError } from '../../text/errors.ts';

/**
 * Refuses to replace an existing table while objects depend on it that would be lost or that prevent its drop: foreign keys of other
 * tables, views of a partition, objects that were created by hand. Nothing is dropped that cannot be recreated.
 * @param made what the runner has recorded of the table.
 * @param views the dependent views that are recreated.
 * @throws NodeError that names the objects.
 */
export async function refuseToLoseDependents(
  session: Queryable,
  node: BuiltNode,
  made: Made,
  views: readonly DependentView[],
): Promise<void> {
  const ours = [...namesOf(made), ...objectNames(structureOf(node))];
  const again = views.map((view) => relation(view.relation));
  const { schema, name } = node.relation;
  const { rows } = await session.query<{ what: string }>(dependents, [relation(schema, name), ours, again]);
  if (rows.length === 0) return;
  const isPartitioned = partitioningOf(node) !== undefined;
  throw new NodeError({
    what: `the partitioning of ${schema}.${name} changes, which takes another table, and this depends on the existing one:\n${rows.map(({ what }) => `  ${what}`).join('\n')}`,
    place: node.settings.get('partition_by')?.place(),
    ...(isPartitioned ? {} : { where: node.file }),
    hint: `Nothing was touched. Drop what is named, build ${node.name}, and make it again: foreign keys that models declare come back when those are built. Or leave partition_by as it was.`,
  });
}

/**
 * What would be lost with the table $1 or one of its partitions, or would not let them go, in PostgreSQL's words; without the
 * objects named $2 and the views $3.
 */
const dependents = `with tables as (
    select $1::regclass::oid as oid
    union
    select parts.oid
    from (
        ${partitionsOf('$1::regclass').replaceAll('\n', '\n        ')}
    ) as parts
),

referred as (
    select 'pg_class'::regclass as classid, oid from tables
    union all
    select 'pg_type'::regclass, t.oid
    from tables
    join pg_type as y on y.typrelid = tables.oid
    join pg_type as t on t.oid in (y.oid, y.typarray)
),

found as (
    select distinct d.classid, d.objid
    from referred
    join pg_depend as d on d.refclassid = referred.classid and d.refobjid = referred.oid and d.deptype in ('n', 'a')
    union
    select d.classid, d.objid
    from tables
    join pg_depend as d on d.refclassid = 'pg_class'::regclass and d.refobjid = tables.oid and d.deptype = 'i'
    join pg_class as s on d.classid = 'pg_class'::regclass and s.oid = d.objid and s.relkind = 'S'
),

named as (
    select case when r.oid is null then pg_describe_object(f.classid, f.objid, 0) else pg_describe_object('pg_class'::regclass, r.ev_class, 0) end as what
    from found as f
    left join pg_rewrite as r on f.classid = 'pg_rewrite'::regclass and r.oid = f.objid and r.rulename = '_RETURN'
    left join pg_class as c on f.classid = 'pg_class'::regclass and c.oid = f.objid
    left join pg_constraint as k on f.classid = 'pg_constraint'::regclass and k.oid = f.objid
    left join pg_policy as p on f.classid = 'pg_policy'::regclass and p.oid = f.objid
    left join pg_trigger as g on f.classid = 'pg_trigger'::regclass and g.oid = f.objid
    where f.objid not in (select oid from tables)
        and (r.oid is null or r.ev_class <> all (select v::regclass from unnest($3::text[]) as v))
        and (c.oid is null or not ((c.relispartition and c.relkind <> 'f') or c.relname = any($2::text[])))
        and (
            k.oid is null
            or not (
                k.contype = 'n'
                or k.conparentid <> 0
                or k.coninhcount > 0
                or (k.conrelid in (select oid from tables) and k.conname = any($2::text[]))
            )
        )
        and (p.oid is null or p.polname !~ '${ownPolicy.source}')
        and (g.oid is null or not (g.tgisinternal or g.tgparentid <> 0))
)

select what from named order by what`;
