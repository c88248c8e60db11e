import { identifiers, relation } from '../../../warehouse/quote.ts';
import type { ExistingRelation } from '../../database/catalog.ts';
import type { PartitionBy } from '../../manifest/manifest.ts';
import type { Made } from '../../state/made.ts';
import { addPartitions, createLike } from './partitions.ts';
import { type Replacement, replaceRelation } from './replace-relation.ts';
import { run, type Step } from './step.ts';
import { addExisting, existingObjects, objectNames, placeOf, type Structure } from './structure.ts';
import type { TableTarget } from './target.ts';

/**
 * Whether an existing table has to be replaced because its partitioning is not the declared one. A table that was partitioned by
 * hand stays as it is while no partitioning is declared.
 * @param made what the runner has recorded of it.
 */
export function isRepartitioned(
  { partitionBy }: Pick<Structure, 'partitionBy'>,
  existing: Pick<ExistingRelation, 'kind' | 'partitions'> | undefined,
  made: Made,
): boolean {
  if (existing?.kind !== 'table') return false;
  const stands = existing.partitions ?? undefined;
  const { partitioning } = made;
  if (partitionBy === undefined) return stands !== undefined && partitioning !== null;
  if (stands?.column !== partitionBy.column) return true;
  return partitioning !== null && !isSame(partitioning, partitionBy);
}

function isSame(one: PartitionBy, other: PartitionBy): boolean {
  return one.column === other.column && one.granularity === other.granularity && one.timeZone === other.timeZone;
}

/**
 * Replaces an existing table, or a view, by a table with the same rows and another partitioning ({@link replaceRelation}). It is built
 * beside the old one, with the constraints and indexes that stay, so readers wait only while the two change places. The old one is
 * dropped without cascade, so nothing may depend on it.
 * ```sql
 * create table t_new (like t) partition by range ("at"); insert into t_new select ... from t;
 * drop table t; alter table t_new rename to t;
 * ```
 * @param made what is recorded of the table.
 * @param build the steps that then bring the rows up to date.
 */
export function repartition(
  target: TableTarget,
  existing: ExistingRelation,
  made: Made,
  replacement: Pick<Replacement, 'columns' | 'preserved' | 'views'>,
  build: (now: TableTarget, then: ExistingRelation) => readonly Step[],
): Step[] {
  const { schema, name } = target.relation;
  const table = relation(schema, name);
  const list = identifiers(existing.columns.map((column) => column.name));
  const objects = objectNames(target);
  // A table has only declared indexes and those of its constraints here; any others have been refused before.
  const preserved = { ...replacement.preserved, ...(existing.kind === 'table' ? { indexes: [] } : {}) };
  return replaceRelation(target, { ...replacement, preserved, kind: 'table', existing, objects }, (now) => {
    const beside = placeOf(now);
    const next = relation(beside);
    const fill = run(`insert into ${next} (${list})\nselect ${list}\nfrom ${table}`);
    return [
      createLike(next, table, target.partitionBy),
      ...(existing.populated ? [...addPartitions(now, existing.columns, table), fill] : []),
      ...addExisting(now, existing, made),
      run(`analyze ${next}`),
      ...build(now, afterRepartition(existing, target, made)),
    ];
  });
}

/** The table after the rows were moved: without policies, and with the constraints and indexes that stay. */
function afterRepartition(existing: ExistingRelation, target: TableTarget, made: Made): ExistingRelation {
  const { partitionBy } = target;
  return {
    ...existing,
    kind: 'table',
    objects: existingObjects(target, existing, made),
    unique: [],
    foreignKeys: [],
    rowSecurity: { enabled: false, forced: false, policies: [] },
    partitions: partitionBy && { column: partitionBy.column, open: false, estimatedRows: 0, guards: [] },
  };
}
