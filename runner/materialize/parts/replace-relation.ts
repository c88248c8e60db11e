import { dollarQuoted, identifier, literal, type RelationName, relation } from '../../../warehouse/quote.ts';
import type { ExistingIndex, Preserved } from '../../database/attachments.ts';
import type { ExistingRelation } from '../../database/catalog.ts';
import { partitionPrefix } from '../../manifest/partition-names.ts';
import { SqlText } from '../../text/sql-text.ts';
import { restoreGrants } from './grants.ts';
import { guardNames, regclass } from './partition-guards.ts';
import { type DependentView, recreateViews, stillNeeded } from './recreate-views.ts';
import { run, type Step } from './step.ts';
import { besideName } from './structure.ts';
import type { TableTarget } from './target.ts';

/** How an existing relation is replaced. */
export interface Replacement {
  readonly kind: 'table' | 'materialized view';
  readonly existing: ExistingRelation;
  /** What was created by hand on the existing relation. */
  readonly preserved: Preserved;
  /** The names of the new one's columns. */
  readonly columns: readonly string[];
  /** The names of the new one's constraints and indexes. */
  readonly objects: readonly string[];
  /** The views that read the existing relation. */
  readonly views: readonly DependentView[];
}

/**
 * Replaces an existing relation by one into which PostgreSQL cannot change it. The new one is built under another name, with its rows
 * and indexes, while readers query the old one. Dependent views, privileges, and indexes that were created by hand are restored,
 * except indexes on a column that is gone; so are foreign keys of others, and what else can be, where only the order of columns changes.
 * ```sql
 * <make>; drop view v; drop table t; alter table t_new rename to t; grant ...; create index ...; create view v ...;
 * ```
 * @param target the new relation.
 * @param make the steps that build it; `temporaryName` is its name meanwhile.
 */
export function replaceRelation(
  target: TableTarget,
  { kind, existing, preserved, columns, objects, views }: Replacement,
  make: (target: TableTarget) => readonly Step[],
): Step[] {
  const { relation: name } = target;
  const at = relation(name);
  const temporaryName = besideName(name);
  const others = (preserved.others ?? []).filter(
    (one) => one.drop !== null || one.columns.every((column) => columns.includes(column)),
  );
  const again = preserved.indexes.filter(
    (index) => !objects.includes(index.name) && index.columns.every((column) => columns.includes(column)),
  );
  return [
    ...clearNames(name, existing, objects),
    ...make({ ...target, temporaryName }),
    ...recreateViews(views, [
      ...others.flatMap(({ what, drop }) => (drop === null ? [] : [restoring(what, drop)])),
      {
        kind: 'run',
        sql: new SqlText(`drop ${existing.kind} ${at}`),
        explain: stillNeeded(`the ${existing.kind} ${name.schema}.${name.name}`),
      },
      run(`alter ${kind} ${relation(name.schema, temporaryName)} rename to ${identifier(name.name)}`),
      ...renamePartitions(target),
      ...restoreGrants(name, preserved, columns),
      ...again.map(makeAgain),
      ...others.map(({ what, create }) => restoring(what, create)),
    ]),
  ];
}

function makeAgain({ name, definition }: ExistingIndex): Step {
  return {
    kind: 'run',
    sql: new SqlText(definition),
    explain: ({ message, detail }) => ({
      what: `the index ${name}, which is not declared, cannot be made again: ${message}`,
      detail,
      hint: 'Nothing was touched. Drop the index, run again, and make another one.',
    }),
  };
}

function restoring(what: string, statement: string): Step {
  return {
    kind: 'run',
    sql: new SqlText(statement),
    explain: ({ message, detail }) => ({
      what: `${what} would have to go and come back, but that cannot be done: ${message}`,
      detail,
      hint: 'Nothing was touched. Drop it, run again, and make it again. Or leave the order of the columns as it was.',
    }),
  };
}

/** The names of indexes are unique in a schema, so the old ones are renamed. That blocks neither readers nor writers. */
function clearNames({ schema, name }: RelationName, existing: ExistingRelation, wanted: readonly string[]): Step[] {
  const names = existing.objects.filter((one) => wanted.includes(one));
  if (names.length === 0) return [];
  // An autovacuum of the table would wait for its indexes' names, and the table's drop for the autovacuum.
  const lock = run(`lock table only ${relation(schema, name)} in share update exclusive mode`);
  return [
    ...(existing.kind === 'table' ? [lock] : []),
    ...names.map((one) =>
      // Others may have an index of the name that a check or foreign key has here.
      run(
        `do ${dollarQuoted(`begin
    if exists (
        select
        from pg_index
        where indrelid = ${regclass({ schema, name })}
            and indexrelid = to_regclass(${literal(relation(schema, one))})
    ) then
        alter index ${relation(schema, one)} rename to ${identifier(besideName({ schema, name: one }))};
    end if;
end`)}`,
      ),
    ),
  ];
}

/** New partitions have temporary names, too. Their indexes, whose names do not matter, are renamed where possible. */
function renamePartitions(target: TableTarget): Step[] {
  const { partitionBy, relation: table } = target;
  if (partitionBy === undefined) return [];
  const [now = '', then = ''] = [besideName(table), table.name].map((name) =>
    partitionPrefix(name, partitionBy.granularity),
  );
  const named = (alias: string) => `${literal(then)} || substr(${alias}.relname, ${[...now].length + 1})`;
  const partitions = `select c.oid, ${named('c')} as name
    from pg_inherits as i
    join pg_class as c on c.oid = i.inhrelid
    where i.inhparent = ${regclass(table)}`;
  return [
    guardNames(target, `(\n    ${partitions}\n)`),
    run(
      `do ${dollarQuoted(`declare
    one record;
begin
    for one in
        ${partitions.replaceAll('\n', '\n    ')}
    loop
        execute format('alter table %s rename to %I', one.oid::regclass, one.name);
    end loop;
    for one in
        select x.indexrelid::regclass as index, ${named('c')} as name
        from pg_inherits as i
        join pg_index as x on x.indrelid = i.inhrelid
        join pg_class as c on c.oid = x.indexrelid
        where i.inhparent = ${regclass(table)}
            and starts_with(c.relname, ${literal(now)})
            and not exists (
                select
                from pg_class as o
                where o.relnamespace = c.relnamespace
                    and o.relname = ${named('c')}
            )
    loop
        execute format('alter index %s rename to %I', one.index, one.name);
    end loop;
end`)}`,
    ),
  ];
}
