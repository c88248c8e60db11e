import { identifier, identifiers, relation } from '../../warehouse/quote.ts';
import type { Column, ExistingRelation } from '../database/catalog.ts';
import { SqlText } from '../text/sql-text.ts';
import { addPartitions } from './parts/partitions.ts';
import { counted, type Step, staged } from './parts/step.ts';
import type { TableTarget } from './parts/target.ts';
import { comparable, createTable, isReferenced, stage, valueColumns } from './table.ts';

/** A stretch of time as values of the event_time's type: from the first up to, and without, the second. */
export interface Stretch {
  readonly from: string;
  readonly to: string;
}

/** The rows of one batch of a table. */
export interface Batch {
  readonly target: TableTarget;
  readonly eventTime: string;
  readonly window: Stretch;
  /** How people are told of it. */
  readonly name: string;
}

/** The table does not exist yet: it is made of its first batch. @param columns those that the query yields. */
export function createFromBatch(batch: Batch, sql: SqlText, columns: readonly Column[]): Step[] {
  return [...createTable(batch.target, { kind: 'query', sql }, columns), guardWindow(batch, tableOf(batch.target))];
}

/** Makes the batch's rows beside the table. */
export function stageBatch(batch: Batch, sql: SqlText): Step[] {
  return [...stage(batch.target, { kind: 'query', sql }), guardWindow(batch, staged)];
}

/**
 * Puts the staged rows into the table: only the difference within the time of the batch is applied.
 * @param columns those that the query yields and the table takes.
 * @param others stretches in which rows stand that have moved into this batch: they are taken from there.
 */
export function applyBatch(
  batch: Batch,
  existing: ExistingRelation,
  columns: readonly Column[],
  others: readonly Stretch[],
): Step[] {
  return [
    ...addPartitions(batch.target, columns),
    ...(batch.target.uniqueKey.length > 0
      ? differenceByKey(batch, existing, columns, others)
      : differenceOfAll(batch, columns)),
  ];
}

/** Deletes the rows that lie in no batch. @param from undefined: those before all batches stay. */
export function clearOutside(
  { target, eventTime }: Pick<Batch, 'target' | 'eventTime'>,
  existing: ExistingRelation,
  { from, to }: { readonly from: string | undefined; readonly to: string },
): Step {
  const at = `t.${identifier(eventTime)}`;
  const inside = from === undefined ? `${at} < ${to}` : `${at} >= ${from} and ${at} < ${to}`;
  const conditions = [`(${inside}) is not true`, ...isReferenced(existing).map((one) => `not ${one}`)];
  return counted('deleted', `delete from ${tableOf(target)} as t\nwhere ${conditions.join('\n    and ')}`);
}

/** The query whether a row that this transaction wrote into the batch has a load_id up to `mark`, which followers have passed. */
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

/** The query whether a key of the staged rows stands outside the time of the batch. */
export function standsElsewhere(batch: Batch): SqlText {
  return new SqlText(`select exists (\n    select\n${indented(elsewhere(batch))}\n) as elsewhere`);
}

/** The query for the numbers, from 0, of the stretches in which a key of the staged rows stands. */
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

function differenceByKey(
  { target, eventTime, window }: Batch,
  existing: ExistingRelation,
  wanted: readonly Column[],
  others: readonly Stretch[],
): Step[] {
  const table = tableOf(target);
  const list = identifiers(wanted.map(({ name }) => name));
  const { values, compared } = valueColumns(target, wanted);
  const sameKey = sameKeyOf(target);
  const here = within('t', eventTime, window);
  const referenced = isReferenced(existing);
  const gone = `${here}\n    and not exists (select from ${staged} as n where ${sameKey})`;
  // Rows that go first make room: one that stays may take over a value that has to be unique.
  const steps: Step[] = [
    counted(
      'deleted',
      `delete from ${table} as t\nwhere ${[gone, ...referenced.map((one) => `not ${one}`)].join('\n    and ')}`,
    ),
  ];
  const update = (where: string) =>
    counted(
      'updated',
      `update ${table} as t
set ${values.map((name) => `${identifier(name)} = n.${identifier(name)}`).join(',\n    ')}
from ${staged} as n
where ${sameKey}\n    and ${where}`,
    );
  const differs = `(${compared.map((column) => comparable(column, 't')).join(', ')})
        is distinct from (${compared.map((column) => comparable(column, 'n')).join(', ')})`;
  if (compared.length > 0) steps.push(update(`${here}\n    and ${differs}`));
  if (others.length > 0)
    steps.push(update(`(${others.map((one) => within('t', eventTime, one)).join('\n        or ')})`));
  if (referenced.length > 0)
    steps.push({
      kind: 'retained',
      sql: new SqlText(`select count(*) as retained\nfrom ${table} as t\nwhere ${gone}`),
    });
  steps.push(
    counted(
      'inserted',
      `insert into ${table} (${list})
select ${list}
from ${staged} as n
where not exists (select from ${table} as t where ${here} and ${sameKey})`,
    ),
  );
  return steps;
}

/** Without a key rows have no identity: if the two sets differ at all, the batch is replaced. */
function differenceOfAll({ target, eventTime, window }: Batch, wanted: readonly Column[]): Step[] {
  const table = tableOf(target);
  const list = identifiers(wanted.map(({ name }) => name));
  const values = (alias: string) => wanted.map((column) => comparable(column, alias)).join(', ');
  const here = within('t', eventTime, window);
  const old = `select ${values('t')} from ${table} as t where ${here}`;
  const fresh = `select ${values('n')} from ${staged} as n`;
  return [
    counted(
      'deleted',
      `delete from ${table} as t
where ${here}
    and exists (
        (${old} except all ${fresh})
        union all
        (${fresh} except all ${old})
    )`,
    ),
    counted(
      'inserted',
      `insert into ${table} (${list})\nselect ${list}\nfrom ${staged}\nwhere not exists (select from ${table} as t where ${here})`,
    ),
  ];
}

function sameKeyOf({ uniqueKey }: TableTarget): string {
  return uniqueKey.map((name) => `t.${identifier(name)} = n.${identifier(name)}`).join(' and ');
}

function within(alias: string, column: string, { from, to }: Stretch): string {
  const at = `${alias}.${identifier(column)}`;
  return `${at} >= ${from} and ${at} < ${to}`;
}

function tableOf({ relation: { schema, name } }: TableTarget): string {
  return relation(schema, name);
}
