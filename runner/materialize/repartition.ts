import { createHash } from 'node:crypto';
import { identifier, identifiers, literal, relation } from '../../warehouse/quote.ts';
import type { ExistingRelation } from '../catalog.ts';
import { restoreGrants } from './grants.ts';
import { partitioningName, partitionPrefix, rememberedPartitioning } from './partition-names.ts';
import { addPartitions, createLike, guardNames, regclass, revokeDefaults } from './partitions.ts';
import { run, type Step } from './step.ts';
import type { Structure } from './structure.ts';
import type { TableTarget } from './table.ts';

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
 * Puts another table with the same rows and grants in the place of a standing one. It is filled beside it, so that readers
 * wait only from the moment the two change places. Nothing may hang on the old one, which is dropped, never with cascade.
 */
export function repartition(target: TableTarget, existing: ExistingRelation): Step[] {
  const { schema, name } = target.relation;
  const beside = { schema, name: `datacycle_${createHash('sha256').update(name).digest('hex').slice(0, 12)}` };
  const [table, next] = [relation(schema, name), relation(schema, beside.name)];
  const columns = identifiers(existing.columns.map((column) => column.name));
  return [
    createLike(next, table, target.partitionBy),
    revokeDefaults(next),
    ...addPartitions({ ...target, relation: beside }, existing.columns, table),
    run(`insert into ${next} (${columns})\nselect ${columns}\nfrom ${table}`),
    run(`drop table ${table}`),
    ...renamePartitions(target, beside.name),
    run(`alter table ${next} rename to ${identifier(name)}`),
    run(`analyze ${table}`),
    ...restoreGrants(target.relation, existing.grants),
  ];
}

/** What stands after {@link repartition}: a table without constraints, indexes and policies. */
export function afterRepartition(existing: ExistingRelation, { partitionBy }: TableTarget): ExistingRelation {
  return {
    ...existing,
    objects: [],
    unique: [],
    foreignKeys: [],
    rowSecurity: { enabled: false, forced: false, policies: [] },
    partitions: partitionBy && { column: partitionBy.column, open: false, guards: [] },
  };
}

function renamePartitions(target: TableTarget, beside: string): Step[] {
  const { partitionBy, relation: table } = target;
  if (partitionBy === undefined) return [];
  const [now, then] = [beside, table.name].map((name) => partitionPrefix(name, partitionBy.granularity));
  const names = `select
        c.oid,
        ${literal(then ?? '')} || substr(c.relname, ${(now ?? '').length + 1}) as name
    from pg_inherits as i
    join pg_class as c on c.oid = i.inhrelid
    where i.inhparent = ${regclass({ schema: table.schema, name: beside })}`;
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
