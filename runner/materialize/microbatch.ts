import { identifier } from '../../warehouse/quote.ts';
import type { Column, ExistingRelation } from '../database/catalog.ts';
import { SqlText } from '../text/sql-text.ts';
import { applyDifference, isReferenced, type Stretch, sameKeyOf, tableOf, within } from './difference.ts';
import { guardCasts } from './lossless.ts';
import { addPartitions } from './parts/partitions.ts';
import { counted, type Step, staged } from './parts/step.ts';
import type { TableTarget, TakenColumn } from './parts/target.ts';
import { identifyRows } from './replica-identity.ts';
import { createTable, stage } from './table.ts';

/** The rows of one batch of a table. */
export interface Batch {
  readonly target: TableTarget;
  readonly eventTime: string;
  readonly window: Stretch;
  /** Its name in messages. */
  readonly name: string;
}

/**
 * Creates the table from its first batch, as {@link createTable} does, and checks that all rows lie in the batch:
 * ```sql
 * create table t as <query of the batch>;
 * select ... from t as n where (n."at" >= <from> and n."at" < <to>) is not true;  -- must return no row
 * ```
 * @param columns the columns that the query yields.
 */
export function createFromBatch(batch: Batch, sql: SqlText, columns: readonly Column[]): Step[] {
  return [...createTable(batch.target, { kind: 'query', sql }, columns), guardWindow(batch, tableOf(batch.target))];
}

/**
 * Stages the rows of a batch and checks that they lie in it, and that the table's types do not change their values:
 * ```sql
 * create temporary table datacycle_new on commit drop as <query of the batch>;
 * select ... from datacycle_new as n where (n."at" >= <from> and n."at" < <to>) is not true;  -- must return no row
 * ```
 */
export function stageBatch(batch: Batch, sql: SqlText, columns: readonly TakenColumn[]): Step[] {
  const stageRows = stage(batch.target, { kind: 'query', sql }, columns);
  return [...stageRows, ...guardCasts(batch.target, columns), guardWindow(batch, staged)];
}

/**
 * Applies the difference between the staged rows and the table, within the time of the batch ({@link applyDifference}):
 * ```sql
 * delete from t where t."at" >= <from> and t."at" < <to> and not exists (select from datacycle_new as n where <same key>);
 * update t set ...;
 * insert into t ...;
 * ```
 * @param columns the columns that the query yields and the table takes.
 * @param others stretches with rows whose key has moved into this batch: such rows are updated to their new values.
 */
export function applyBatch(
  batch: Batch,
  existing: ExistingRelation,
  columns: readonly Column[],
  others: readonly Stretch[],
): Step[] {
  return [
    ...addPartitions(batch.target, columns),
    ...identifyRows(batch.target),
    ...applyDifference(
      batch.target,
      { kind: 'window', eventTime: batch.eventTime, window: batch.window, others },
      columns,
      existing.referencedBy,
    ),
  ];
}

/**
 * Deletes the rows that lie in no batch. @param from undefined: rows before all batches stay.
 * ```sql
 * delete from t where (t."at" >= <from> and t."at" < <to>) is not true and not <referenced>;
 * ```
 */
export function clearOutside(
  { target, eventTime }: Pick<Batch, 'target' | 'eventTime'>,
  existing: ExistingRelation,
  { from, to }: { readonly from: string | undefined; readonly to: string },
): Step {
  const at = `t.${identifier(eventTime)}`;
  const inside = from === undefined ? `${at} < ${to}` : `${at} >= ${from} and ${at} < ${to}`;
  const conditions = [`(${inside}) is not true`, ...isReferenced(existing.referencedBy).map((one) => `not ${one}`)];
  return counted('deleted', `delete from ${tableOf(target)} as t\nwhere ${conditions.join('\n    and ')}`);
}

/**
 * The query whether this transaction wrote a row of the batch with a load_id up to `mark`, which consumers have passed:
 * ```sql
 * select exists (select from t where <in window> and t.xmin = pg_current_xact_id()::xid and coalesce(t.load_id <= <mark>, true))
 * ```
 */
export function writtenBelow({ target, eventTime, window }: Batch, mark: number): SqlText {
  return new SqlText(
    `select exists (
    select
    from ${tableOf(target)} as t
    where ${within('t', eventTime, window)}
        and t.xmin = pg_current_xact_id()::xid
        and coalesce(t."load_id" <= ${mark}, true)
) as below`,
  );
}

/**
 * The query whether the table has a key of the staged rows outside the time of the batch:
 * ```sql
 * select exists (select from t join datacycle_new as n on <same key> where (<in window>) is not true)
 * ```
 */
export function isElsewhere(batch: Batch): SqlText {
  return new SqlText(`select exists (\n    select\n${indented(elsewhere(batch))}\n) as elsewhere`);
}

/**
 * The query for the numbers, from 0, of the stretches in which the table has a key of the staged rows:
 * ```sql
 * with moved as (select distinct t."at" as at from t join datacycle_new as n on <same key> where (<in window>) is not true)
 * select w.number from (values (0, <from>, <to>), ...) as w (number, since, until) where exists (select from moved ...)
 * ```
 */
export function windowsOfMoved(batch: Batch, stretches: readonly Stretch[]): SqlText {
  const list = stretches.map(({ from, to }, number) => `    (${number}, ${from}, ${to})`).join(',\n');
  return new SqlText(`with moved as materialized (
    select distinct t.${identifier(batch.eventTime)} as at
${indented(elsewhere(batch))}
)

select w.number
from (values
${list}
) as w (number, since, until)
where exists (select from moved as m where m.at >= w.since and m.at < w.until)
order by w.number`);
}

function elsewhere({ target, eventTime, window }: Batch): string {
  return `from ${tableOf(target)} as t
join ${staged} as n on ${sameKeyOf(target)}
where (${within('t', eventTime, window)}) is not true`;
}

function indented(sql: string): string {
  return sql.replace(/^/gm, '    ');
}

function guardWindow({ target, eventTime, window, name }: Batch, at: string): Step {
  const column = identifier(eventTime);
  return {
    kind: 'guard',
    sql: new SqlText(
      `select ${column}::text as at, count(*) as row_count
from ${at} as n
where (${within('n', eventTime, window)}) is not true
group by ${column}
order by ${column}
limit 3`,
    ),
    setting: 'event_time',
    complaint: (rows) => ({
      what: `${target.model} makes rows that are not of the batch ${name}: ${rows
        .map(({ at, row_count }) => `${eventTime}=${at === null ? 'NULL' : String(at)} (${String(row_count)})`)
        .join(', ')}`,
      hint: 'A row belongs to the batch that its event_time lies in. Leave out what is older or newer: {{batch_start}} and {{batch_end}} say where the batch ends.',
    }),
  };
}
