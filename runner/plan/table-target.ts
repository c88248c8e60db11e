import type { ExistingRelation, RelationKind } from '../database/catalog.ts';
import { type BuiltNode, partitioningOf, rowSecurityOf } from '../manifest/manifest.ts';
import { materializedViewTarget } from '../materialize/materialized-view.ts';
import type { Index } from '../materialize/parts/index-definition.ts';
import { securePartitions } from '../materialize/parts/partition-access.ts';
import { type Access, secureRows } from '../materialize/parts/row-security.ts';
import type { Step } from '../materialize/parts/step.ts';
import { addMissing, dropObsolete, placeOf } from '../materialize/parts/structure.ts';
import type { TableTarget } from '../materialize/parts/target.ts';
import { snapshotOf } from '../materialize/snapshot.ts';
import type { IndexConfig } from '../project/config.ts';
import { settingPlace, sqlOf } from '../project/setting-places.ts';
import type { Created } from '../state/created.ts';
import type { YamlPath } from '../yaml/yaml-file.ts';

/** Steps that give an existing table the row security, constraints and indexes that are declared now. */
export function restructure(target: TableTarget, existing: ExistingRelation | undefined, created: Created): Step[] {
  return [
    ...secure(target, existing),
    ...(existing === undefined ? [] : dropObsolete(target, existing, created)),
    ...addMissing(target, existing, created),
  ];
}

/** The row security of a table, put right. */
export function secure(target: TableTarget, existing: ExistingRelation | undefined): Step[] {
  return [
    ...secureRows(placeOf(target), target.rowSecurity, target.access, existing),
    ...securePartitions(target, existing),
  ];
}

/** The table that a node's settings declare. @param access known if it has row security. */
export function tableTarget(node: BuiltNode, access?: Access): TableTarget {
  const uniqueKey = node.config.unique_key ?? [];
  const surrogateKey = node.config.surrogate_key;
  return {
    model: node.name,
    relation: node.relation,
    uniqueKey,
    surrogateKey,
    auditColumns: node.config.audit_columns ?? [],
    constraints: node.constraints,
    indexes: (node.config.indexes ?? []).map((index, at) => indexOf(node, index, at)),
    settings: node.settings,
    key: surrogateKey === undefined ? undefined : { model: node.name, column: surrogateKey, uniqueKey },
    merge: {
      update: node.config.merge_update_columns,
      exclude: node.config.merge_exclude_columns ?? [],
      predicates: (node.config.incremental_predicates ?? []).map((one, at) =>
        sqlOf(node.settings, 'incremental_predicates', one, at),
      ),
    },
    rowSecurity: rowSecurityOf(node),
    access,
    partitionBy: partitioningOf(node),
  };
}

function indexOf({ settings }: BuiltNode, index: IndexConfig, number: number): Index {
  const sql = (value: string, ...inside: YamlPath) => sqlOf(settings, 'indexes', value, number, ...inside);
  return {
    ...index,
    expressions: index.expressions?.map((one, at) => sql(one, 'expressions', at)),
    where: index.where === undefined ? undefined : sql(index.where, 'where'),
    place: settingPlace(settings, 'indexes', number),
  };
}

/** The constraints and indexes of a node's table or materialized view. */
export function structureOf(node: BuiltNode): TableTarget {
  const target = tableTarget(node);
  if (node.materialized === 'snapshot') return snapshotOf(target, node.snapshot).target;
  return node.materialized === 'materialized_view' ? materializedViewTarget(target) : target;
}

/** The kind of relation that a node has once it is built; an ephemeral model has none, and counts as a view. */
export function relationKindOf(node: BuiltNode): RelationKind {
  switch (node.materialized) {
    case 'view':
    case 'ephemeral':
      return 'view';
    case 'materialized_view':
      return 'materialized view';
    case 'table':
    case 'incremental':
    case 'snapshot':
    case 'seed':
      return 'table';
    default:
      return node satisfies never;
  }
}
