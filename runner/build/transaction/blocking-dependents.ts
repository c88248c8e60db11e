import { relation } from '../../../warehouse/quote.ts';
import type { Queryable } from '../../../warehouse/warehouse.ts';
import type { Attachments, Preserved } from '../../database/attachments.ts';
import { partitionsOf } from '../../database/catalog.ts';
import { ownPolicy } from '../../database/policies.ts';
import { type Recreatable, readRecreatable } from '../../database/recreatable.ts';
import type { BuiltNode } from '../../manifest/manifest.ts';
import type { DependentView } from '../../materialize/parts/recreate-views.ts';
import { objectNames } from '../../materialize/parts/structure.ts';
import { createdByHand, refuseToLoseAttachments, withoutRecreatable } from '../../plan/change-of-kind.ts';
import type { MoveReason, NodeState } from '../../plan/decision.ts';
import { structureOf } from '../../plan/table-target.ts';
import { settingPlace } from '../../project/setting-places.ts';
import { namesOf, nothingCreated } from '../../state/created.ts';
import { NodeError } from '../../text/errors.ts';

/**
 * What comes back on the relation that replaces an existing one. Refuses to replace it while objects depend on it that would be lost.
 * @param why the table moves into another one; undefined: it does not.
 * @param attachments those on the relation that is replaced; undefined: none is.
 * @param views the dependent views that are recreated.
 * @throws NodeError that names the objects.
 */
export async function preserve(
  session: Queryable,
  node: BuiltNode,
  state: Pick<NodeState, 'existing' | 'recorded'>,
  why: MoveReason | undefined,
  attachments: Attachments | undefined,
  views: readonly DependentView[],
): Promise<Preserved> {
  const preserved = createdByHand(state.recorded, attachments);
  const ours = [...namesOf(state.recorded?.created ?? nothingCreated), ...objectNames(structureOf(node))];
  if (why === undefined || why === 'partitioning' || attachments === undefined) {
    if (why !== undefined) await refuseToLoseDependents(session, node, why, ours, views, []);
    refuseToLoseAttachments(node, state, attachments);
    // A table that moves has only declared indexes here.
    return state.existing?.kind === 'table' && why !== undefined ? { ...preserved, indexes: [] } : preserved;
  }
  const others = await readRecreatable(session, node.relation, ours);
  const indexes = attachments.indexes.filter(({ name }) => !ours.includes(name));
  await refuseToLoseDependents(session, node, why, [...ours, ...indexes.map(({ name }) => name)], views, others);
  refuseToLoseAttachments(node, state, withoutRecreatable(attachments, others));
  return { ...preserved, indexes, others };
}

/**
 * Refuses to move the rows of a table into another one while objects depend on it that would be lost or that prevent its drop: foreign keys of other
 * tables, views of a partition, objects that were created by hand. Nothing is dropped that cannot be recreated.
 * @param ours names of constraints and indexes that the new table gets.
 * @param why what of it changes.
 * @param views the dependent views that are recreated.
 * @param others what else comes back.
 * @throws NodeError that names the objects.
 */
async function refuseToLoseDependents(
  session: Queryable,
  node: BuiltNode,
  why: MoveReason,
  ours: readonly string[],
  views: readonly DependentView[],
  others: readonly Recreatable[],
): Promise<void> {
  const again = views.map((view) => relation(view.relation));
  const { schema, name } = node.relation;
  const { rows } = await session.query<{ what: string }>(dependents, [
    relation(schema, name),
    ours,
    again,
    others.flatMap(({ id }) => id ?? []),
  ]);
  if (rows.length === 0) return;
  const setting = why === 'partitioning' ? settingPlace(node.settings, 'partition_by') : undefined;
  throw new NodeError({
    what: `the ${why} of ${schema}.${name} changes, which takes another table, and this depends on the existing one:\n${rows.map(({ what }) => `  ${what}`).join('\n')}`,
    ...(setting === undefined ? { where: node.file } : { place: setting }),
    hint: `Nothing was touched. Drop what is named, build ${node.name}, and make it again: foreign keys that models declare come back when those are built. Or leave ${why === 'partitioning' ? 'partition_by' : `the ${why}`} as it was.`,
  });
}

/**
 * What would be lost with the table $1 or one of its partitions, or would not let them go, in PostgreSQL's words; without the
 * objects named $2, the views $3 and the entries of pg_depend $4.
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
        and format('%s %s', f.classid, f.objid) <> all($4::text[])
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
