import { identifier, identifiers, relation } from '../../warehouse/quote.ts';
import type { ForeignKey } from '../database/catalog.ts';
import { SqlText } from '../text/sql-text.ts';
import { bytesOf, columnOf, differing, freshOf, isExact } from './bytes.ts';
import { counted, type Step, staged } from './parts/step.ts';
import type { KeepFrom, TableTarget, TakenColumn } from './parts/target.ts';

/** A stretch of time as values of the event_time's type: from the first up to, and without, the second. */
export interface Stretch {
  readonly from: string;
  readonly to: string;
}

/** Which rows of a table a difference is about; all others stay as they are. */
export type Scope =
  | { readonly kind: 'all' }
  /** Rows from a bound on, and those that do not say. Older staged rows are left out, too. */
  | { readonly kind: 'since'; readonly bound: KeepFrom }
  /** Rows of a window, and of `others` those whose key has moved into it. All staged rows lie in the window. */
  | {
      readonly kind: 'window';
      readonly eventTime: string;
      readonly window: Stretch;
      readonly others: readonly Stretch[];
    };

/**
 * Makes the rows of a scope equal to the staged rows, and touches only what differs. With a unique key:
 * ```sql
 * delete from t where <in scope> and not exists (select from datacycle_new as n where <same key>);
 * update t set ... from datacycle_new as n where <same key> and <in scope> and <any byte differs>;
 * insert into t select ... from datacycle_new as n where not exists (select from t where <same key>);
 * ```
 * Without one, all rows of the scope are replaced if the two sets differ at all; a bound has no meaning then:
 * ```sql
 * delete from t where (select count(*) from t) <> (select count(*) from datacycle_new)
 *     or exists (select ... from t except all select ... from datacycle_new);
 * insert into t select ... from datacycle_new where not exists (select from t);
 * ```
 * @param columns the columns that the staged rows have and the table takes.
 * @param referencedBy foreign keys of other tables: a row that they reference is not deleted, but counted as retained.
 */
export function applyDifference(
  target: TableTarget,
  scope: Scope,
  columns: readonly TakenColumn[],
  referencedBy: readonly ForeignKey[],
): Step[] {
  return target.uniqueKey.length > 0
    ? differenceByKey(target, scope, columns, referencedBy)
    : differenceOfAll(target, scope, columns);
}

function differenceByKey(
  target: TableTarget,
  scope: Scope,
  columns: readonly TakenColumn[],
  referencedBy: readonly ForeignKey[],
): Step[] {
  const table = tableOf(target);
  const list = identifiers(columns.map(({ name }) => name));
  const { values, compared } = valueColumns(target, columns);
  const sameKey = sameKeyOf(target);
  const here = scope.kind === 'window' ? [within('t', scope.eventTime, scope.window)] : [];
  const others = scope.kind === 'window' ? scope.others : [];
  const since = (alias: string) => (scope.kind === 'since' ? [isSince(alias, scope.bound)] : []);
  const gone = `not exists (select from ${staged} as n where ${sameKey})`;
  const pointedAt = isReferenced(referencedBy);
  // Rows are deleted first: one that stays may take over a value that has to be unique.
  const steps: Step[] = [
    counted(
      'deleted',
      `delete from ${table} as t\n${where(...here, gone, ...pointedAt.map((one) => `not ${one}`), ...since('t'))}`,
    ),
  ];
  const update = (...conditions: readonly string[]) =>
    counted(
      'updated',
      `update ${table} as t
set ${values.map((name) => `${identifier(name)} = n.${identifier(name)}`).join(',\n    ')}
from ${staged} as n
${where(sameKey, ...conditions)}`,
    );
  if (compared.length > 0) steps.push(update(...here, differing(compared, 't', 'n'), ...since('t')));
  if (scope.kind === 'window' && others.length > 0)
    steps.push(update(`(${others.map((one) => within('t', scope.eventTime, one)).join('\n        or ')})`));
  // Rows that others still point at stay until those are rebuilt; the run comes back for them.
  if (pointedAt.length > 0)
    steps.push({
      kind: 'retained',
      sql: new SqlText(`select count(*) as retained\nfrom ${table} as t\n${where(...here, gone, ...since('t'))}`),
    });
  steps.push(
    counted(
      'inserted',
      `insert into ${table} (${list})
select ${list}
from ${staged} as n
${where(`not exists (select from ${table} as t where ${[...here, sameKey].join(' and ')})`, ...since('n'))}`,
    ),
  );
  return steps;
}

/** Without a key rows have no identity: if the two sets differ at all, everything in the scope is replaced. */
function differenceOfAll(target: TableTarget, scope: Scope, columns: readonly TakenColumn[]): Step[] {
  const table = tableOf(target);
  const list = identifiers(columns.map(({ name }) => name));
  const here = scope.kind === 'window' ? within('t', scope.eventTime, scope.window) : undefined;
  const filter = here === undefined ? '' : ` where ${here}`;
  // Of two sets of one size, neither has a row more than the other if the one has none more.
  const differ = (indent: string) => `(
${indent}    (select count(*) from ${table} as t${filter}) <> (select count(*) from ${staged})
${indent}    or exists (
${indent}        select ${columns.map((column) => bytesOf(column, columnOf(column, 't'))).join(', ')} from ${table} as t${filter}
${indent}        except all
${indent}        select ${columns.map((column) => bytesOf(column, freshOf(column, 'n'))).join(', ')} from ${staged} as n
${indent}    )
${indent})`;
  return [
    counted(
      'deleted',
      here === undefined
        ? `delete from ${table}\nwhere ${differ('')}`
        : `delete from ${table} as t\n${where(here, differ('    '))}`,
    ),
    counted(
      'inserted',
      `insert into ${table} (${list})\nselect ${list}\nfrom ${staged}\nwhere not exists (select from ${table}${here === undefined ? '' : ` as t${filter}`})`,
    ),
  ];
}

/**
 * For each foreign key of another table, the condition that one of its rows references row `t`:
 * `exists (select from "gold"."fact" as r where r."room_key" = t."room_key")`.
 */
export function isReferenced(referencedBy: readonly ForeignKey[]): string[] {
  return referencedBy.map(({ from, columns, toColumns }) => {
    const match = columns
      .map((name, index) => `r.${identifier(name)} = t.${identifier(toColumns[index] ?? '')}`)
      .join(' and ');
    return `exists (select from ${relation(from)} as r where ${match})`;
  });
}

/**
 * The columns that are updated in an existing row, and those of them whose difference makes a row a changed one. A column of the
 * key is among them if two values of its type may be equal and yet not the same: `Jimmy` takes the place of `jimmy`.
 */
export function valueColumns(
  target: TableTarget,
  columns: readonly TakenColumn[],
): { readonly values: readonly string[]; readonly compared: readonly TakenColumn[] } {
  const values = columns.filter((column) => !target.uniqueKey.includes(column.name) || !isExact(column.type));
  return {
    values: values.map((column) => column.name),
    compared: values.filter((column) => !target.auditColumns.includes(column.name)),
  };
}

/** The condition that the staged row `n` has the key of row `t`: `t."room" = n."room" and t."day" = n."day"`. */
export function sameKeyOf({ uniqueKey }: Pick<TableTarget, 'uniqueKey'>): string {
  return sameColumnsOf(uniqueKey).join(' and ');
}

/** The same, a condition for each column of the key. */
export function sameColumnsOf(key: readonly string[]): readonly string[] {
  return key.map((name) => `t.${identifier(name)} = n.${identifier(name)}`);
}

/** The condition that a row lies in a stretch of time: `t."day" >= '2023-10-01' and t."day" < '2023-10-02'`. */
export function within(alias: string, column: string, { from, to }: Stretch): string {
  const at = `${alias}.${identifier(column)}`;
  return `${at} >= ${from} and ${at} < ${to}`;
}

/** The condition that a row is not older than a bound, or has no time: `coalesce(t."day" >= '2023-10-01', true)`. */
export function isSince(alias: string, { column, bound }: KeepFrom): string {
  return `coalesce(${alias}.${identifier(column)} >= ${bound}, true)`;
}

/** The quoted name of a target's table: the one that it has for the time being, while it is built beside another. */
export function tableOf({ relation: { schema, name }, temporaryName }: TableName): string {
  return relation(schema, temporaryName ?? name);
}

type TableName = Pick<TableTarget, 'relation' | 'temporaryName'>;

function where(...conditions: readonly string[]): string {
  return `where ${conditions.join('\n    and ')}`;
}
