import { identifier, identifiers, relation } from '../../../warehouse/quote.ts';
import type { Column, ExistingRelation } from '../../database/catalog.ts';
import type { PartitionBy } from '../../manifest/manifest.ts';
import type { Created } from '../../state/created.ts';
import { addPartitions, createLike } from './partitions.ts';
import { type Replacement, replaceRelation } from './replace-relation.ts';
import { run, type Step } from './step.ts';
import { addExisting, existingObjects, objectNames, placeOf, type Structure } from './structure.ts';
import type { TableTarget } from './target.ts';

/**
 * Whether an existing table has to be replaced because its partitioning is not the declared one. A table that was partitioned by
 * hand stays as it is while no partitioning is declared.
 * @param created what the runner has recorded of it.
 */
export function isRepartitioned(
  { partitionBy }: Pick<Structure, 'partitionBy'>,
  existing: Pick<ExistingRelation, 'kind' | 'partitions'> | undefined,
  created: Created,
): boolean {
  if (existing?.kind !== 'table') return false;
  const partitioned = existing.partitions ?? undefined;
  const { partitioning } = created;
  if (partitionBy === undefined) return partitioned !== undefined && partitioning !== null;
  if (partitioned?.column !== partitionBy.column) return true;
  return partitioning !== null && !isSame(partitioning, partitionBy);
}

/** Whether a table is partitioned although no partitioning is declared. */
export function isPartitionedByHand(
  { partitionBy }: Pick<Structure, 'partitionBy'>,
  existing: Pick<ExistingRelation, 'partitions'> | undefined,
): boolean {
  return partitionBy === undefined && (existing?.partitions ?? undefined) !== undefined;
}

/**
 * Whether an existing table has to be replaced so that its columns have the order of its query: PostgreSQL adds a column at the end and
 * moves none. A table that was partitioned by hand stays as it is.
 */
export function isReordered(
  { partitionBy }: Pick<Structure, 'partitionBy'>,
  existing: Pick<ExistingRelation, 'kind' | 'columns' | 'partitions'> | undefined,
  yields: readonly Column[],
): boolean {
  if (existing?.kind !== 'table' || isPartitionedByHand({ partitionBy }, existing)) return false;
  const wanted = yields.map(({ name }) => name);
  const stay = existing.columns.flatMap(({ name }) => (wanted.includes(name) ? [name] : []));
  const added = wanted.filter((name) => !stay.includes(name));
  return [...stay, ...added].some((name, at) => name !== wanted[at]);
}

function isSame(one: PartitionBy, other: PartitionBy): boolean {
  return one.column === other.column && one.granularity === other.granularity && one.timeZone === other.timeZone;
}

/** The columns of the table that takes the place of another, and the relation from which it takes them. */
export interface NewColumns {
  /** Steps that make that relation. */
  readonly before: readonly Step[];
  /** Quoted. */
  readonly like: string;
  readonly columns: readonly Column[];
}

/**
 * Replaces an existing table, or a view, by a table with the same rows and another partitioning or order of columns
 * ({@link replaceRelation}). It is built beside the old one, with the constraints and indexes that stay, so readers wait only while the
 * two change places. The old one is dropped without cascade, so nothing may depend on it but what is made again.
 * ```sql
 * create table t_new (like t) partition by range ("at"); insert into t_new select ... from t;
 * drop table t; alter table t_new rename to t;
 * ```
 * @param created what is recorded of the table.
 * @param next its columns; undefined: those of the existing one.
 * @param build the steps that then bring the rows up to date.
 */
export function repartition(
  target: TableTarget,
  existing: ExistingRelation,
  created: Created,
  replacement: Pick<Replacement, 'columns' | 'preserved' | 'views'>,
  build: (now: TableTarget, then: ExistingRelation) => readonly Step[],
  next?: NewColumns,
): Step[] {
  const { schema, name } = target.relation;
  const table = relation(schema, name);
  const { before = [], like = table, columns = existing.columns } = next ?? {};
  const types = new Map(columns.map((column) => [column.name, column.type]));
  const stay = existing.columns.filter((column) => types.has(column.name));
  const list = identifiers(stay.map((column) => column.name));
  const values = stay.map((column) => {
    const type = types.get(column.name);
    return type === column.type ? identifier(column.name) : `${identifier(column.name)}::${type}`;
  });
  const notNull = next === undefined ? [] : stay.filter((column) => column.notNull);
  const objects = objectNames(target);
  return replaceRelation(target, { ...replacement, kind: 'table', existing, objects }, (now) => {
    const beside = placeOf(now);
    const at = relation(beside);
    const fill = run(`insert into ${at} (${list})\nselect ${values.join(', ')}\nfrom ${table}`);
    return [
      ...before,
      createLike(at, like, target.partitionBy),
      ...(existing.populated && stay.length > 0 ? [...addPartitions(now, existing.columns, table), fill] : []),
      ...notNull.map((column) => run(`alter table ${at}\n    alter column ${identifier(column.name)} set not null`)),
      ...addExisting(now, existing, created),
      run(`analyze ${at}`),
      ...build(now, {
        ...afterRepartition(existing, target, created),
        columns: columns.map((column) => ({
          ...column,
          notNull: stay.some((one) => one.name === column.name && one.notNull),
        })),
      }),
    ];
  });
}

/** The table after the rows were moved: without policies, and with the constraints and indexes that stay. */
function afterRepartition(existing: ExistingRelation, target: TableTarget, created: Created): ExistingRelation {
  const { partitionBy } = target;
  return {
    ...existing,
    kind: 'table',
    objects: existingObjects(target, existing, created),
    unique: [],
    foreignKeys: [],
    rowSecurity: { enabled: false, forced: false, policies: [] },
    partitions: partitionBy && { column: partitionBy.column, open: false, estimatedRows: 0, guards: [] },
  };
}
