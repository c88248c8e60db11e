import { identifiers, literal, relation } from '../../warehouse/quote.ts';
import type { Given } from '../belongings.ts';
import type { ExistingRelation } from '../catalog.ts';
import { partitioningName, partitionPrefix, rememberedPartitioning } from './partition-names.ts';
import { addPartitions, createLike, guardNames, regclass } from './partitions.ts';
import { run, type Step } from './step.ts';
import { besideName, placeOf, type Structure } from './structure.ts';
import type { TableTarget } from './table.ts';
import { takePlace } from './take-place.ts';

/**
 * Whether a standing table has to give way to another because its partitioning is not what is declared. One that somebody
 * partitioned by hand is let be while nothing is declared.
 * @param made names that the runner remembers of it.
 */
export function isRepartitioned(
  { partitionBy }: Pick<Structure, 'partitionBy'>,
  existing: Pick<ExistingRelation, 'kind' | 'partitions'> | undefined,
  made: readonly string[],
): boolean {
  if (existing?.kind !== 'table') return false;
  const stands = existing.partitions ?? undefined;
  const known = rememberedPartitioning(made);
  if (partitionBy === undefined) return stands !== undefined && known !== undefined;
  if (stands?.column !== partitionBy.column) return true;
  return known !== undefined && known !== partitioningName(partitionBy);
}

/**
 * Puts another table with the same rows and grants in the place of a standing one, or of a view. It is filled beside it, so that readers
 * wait only from the moment the two change places. Nothing may hang on the old one, which is dropped, never with cascade.
 */
export function repartition(target: TableTarget, existing: ExistingRelation, given: Given): Step[] {
  const { schema, name } = target.relation;
  const table = relation(schema, name);
  const columns = existing.columns.map((column) => column.name);
  const list = identifiers(columns);
  // Those of a table are its constraints' and its declared ones; whoever made others has been asked to drop them.
  const indexes = existing.kind === 'table' ? [] : given.indexes;
  const make = (now: TableTarget) => {
    const beside = placeOf(now);
    const next = relation(beside.schema, beside.name);
    return [
      createLike(next, table, target.partitionBy),
      // Partitions of the old table may have the names that those of the new one are to have.
      ...(existing.populated ? addPartitions({ ...target, relation: beside }, existing.columns, table) : []),
      ...(existing.populated ? [run(`insert into ${next} (${list})\nselect ${list}\nfrom ${table}`)] : []),
    ];
  };
  return [
    ...takePlace(
      target,
      { kind: 'table', existing, given: { ...given, indexes }, columns, objects: [], views: [] },
      make,
    ),
    ...renamePartitions(target),
    run(`analyze ${table}`),
  ];
}

/** What stands after {@link repartition}: a table without constraints, indexes and policies. */
export function afterRepartition(existing: ExistingRelation, { partitionBy }: TableTarget): ExistingRelation {
  return {
    ...existing,
    kind: 'table',
    objects: [],
    unique: [],
    foreignKeys: [],
    rowSecurity: { enabled: false, forced: false, policies: [] },
    partitions: partitionBy && { column: partitionBy.column, open: false, guards: [] },
  };
}

function renamePartitions(target: TableTarget): Step[] {
  const { partitionBy, relation: table } = target;
  if (partitionBy === undefined) return [];
  const [now, then] = [besideName(table), table.name].map((name) => partitionPrefix(name, partitionBy.granularity));
  const names = `select
        c.oid,
        ${literal(then ?? '')} || substr(c.relname, ${[...(now ?? '')].length + 1}) as name
    from pg_inherits as i
    join pg_class as c on c.oid = i.inhrelid
    where i.inhparent = ${regclass(table)}`;
  return [
    guardNames(target, `(\n    ${names}\n)`),
    run(`do $do$
declare
    one record;
begin
    for one in
        ${names.replaceAll('\n', '\n    ')}
    loop
        execute format('alter table %s rename to %I', one.oid::regclass, one.name);
    end loop;
end
$do$`),
  ];
}
