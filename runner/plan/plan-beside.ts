import { tableOf } from '../materialize/difference.ts';
import { guardKey } from '../materialize/parts/key-guard.ts';
import { run, type Step } from '../materialize/parts/step.ts';
import { stageWithKnownKeys } from '../materialize/parts/surrogate-key.ts';
import type { TableTarget } from '../materialize/parts/target.ts';
import { stage } from '../materialize/table.ts';
import type { BatchWindow } from '../state/batch-windows.ts';
import { SqlText } from '../text/sql-text.ts';
import { forBatch } from './batch-sql.ts';
import type { BatchRows } from './plan-batch.ts';

/**
 * Stages the rows of a build from scratch without giving surrogate keys away, checked for their unique key.
 * @param unique whether the existing table has a unique constraint on its key; otherwise that is checked, too.
 */
export function planBeside(target: TableTarget, sql: SqlText, unique: boolean): Step[] {
  const guard = (at: string) => (target.uniqueKey.length === 0 ? [] : guardKey(target.model, at, target.uniqueKey));
  return [
    ...(unique ? [] : guard(tableOf(target))),
    ...(target.key === undefined ? stage(target, { kind: 'query', sql }) : stageWithKnownKeys(target.key, sql, guard)),
  ];
}

/** Makes the rows of batches, one after the other, in a temporary table that {@link allBatches} reads. Pure. */
export function planBatchesBeside(
  { sql, typeOf }: Pick<BatchRows, 'sql' | 'typeOf'>,
  windows: readonly BatchWindow[],
): Step[] {
  return windows.map((window, index) =>
    run(
      index === 0 ? `create temporary table "datacycle_batches" on commit drop as\n` : `insert into ${batches}\n`,
      forBatch(sql, window, typeOf),
    ),
  );
}

const batches = 'pg_temp."datacycle_batches"';

/** The query for the rows of all batches. */
export const allBatches = new SqlText(`select * from ${batches}`);
