import { StatementError } from '../../../warehouse/errors.ts';
import type { Session } from '../../../warehouse/warehouse.ts';
import { type Column, readTemporaryColumns } from '../../database/catalog.ts';
import { statement } from '../../database/statement.ts';
import type { ModelNode, SeedNode } from '../../manifest/manifest.ts';
import { refusal, type Step } from '../../materialize/parts/step.ts';
import { keepsContract } from '../../plan/contract.ts';
import type { Decision, NodeState } from '../../plan/decision.ts';
import { NodeError } from '../../text/errors.ts';
import { SqlText } from '../../text/sql-text.ts';
import { type SeedData, spotInSeed } from './seed.ts';

/**
 * The columns a query will yield, surrogate key first. An increment of unchanged SQL yields what the table has; a
 * rebuild looks, since `select *` yields something else once an upstream has another column. So does whatever has a
 * contract that the table does not keep.
 */
export async function shapeOf(
  session: Session,
  node: ModelNode | SeedNode,
  decision: Decision,
  state: NodeState,
  sql: SqlText | undefined,
): Promise<readonly Column[] | undefined> {
  if (sql === undefined) return undefined;
  const mayDiffer =
    state.remembered?.checksum !== node.checksum ||
    node.config.on_schema_change !== undefined ||
    !keepsContract(node, state.existing?.columns ?? []);
  if (decision.mode === 'increment' && !mayDiffer) return undefined;
  await statement(
    session,
    SqlText.join('create temporary table "datacycle_shape" on commit drop as\n', sql, '\nwith no data'),
  );
  const columns = await readTemporaryColumns(session, 'datacycle_shape');
  await session.query('drop table pg_temp."datacycle_shape"');
  const key = node.config.surrogate_key;
  return key === undefined ? columns : [{ name: key, type: 'integer' }, ...columns];
}

interface Totals {
  inserted: number;
  updated: number;
  deleted: number;
  retained: number;
}

/** Runs one step of a plan, its row counts added to `totals`. @param root of the project, where a seed's file is. */
export async function perform(
  session: Session,
  step: Step,
  node: ModelNode | SeedNode,
  seed: SeedData | undefined,
  totals: Totals,
  root: string,
): Promise<void> {
  switch (step.kind) {
    case 'run': {
      const { rowCount } = await statement(session, step.sql).catch((error: unknown) => {
        const meant = error instanceof StatementError ? step.explain?.(error) : undefined;
        throw meant === undefined
          ? error
          : new NodeError({ ...meant, what: `${node.name}: ${meant.what}`, cause: error });
      });
      if (step.counts !== undefined) totals[step.counts] += rowCount;
      return;
    }
    case 'upsert': {
      const [row] = (await statement(session, step.sql)).rows;
      totals.inserted += Number(row?.inserted ?? 0);
      totals.updated += Number(row?.updated ?? 0);
      totals.deleted += Number(row?.deleted ?? 0);
      return;
    }
    case 'refresh':
      await refresh(session, step, node, totals);
      return;
    case 'guard': {
      const { rows } = await statement(session, step.sql);
      if (rows.length > 0) throw refusal(step, rows, node.settings);
      return;
    }
    case 'retained': {
      const [row] = (await statement(session, step.sql)).rows;
      totals.retained += Number(row?.retained ?? 0);
      return;
    }
    case 'copy':
      if (seed === undefined) throw new Error('only a seed is copied');
      await session.copyIn(step.sql.text, once(seed.csv)).catch((error: unknown) => {
        throw node.kind === 'seed' ? placedInSeed(error, node, root) : error;
      });
      return;
    default:
      step satisfies never;
  }
}

/**
 * Refreshes a materialized view. How many rows came and went is what the database counts of this transaction: the
 * statement itself does not say. Where nothing is counted, all rows are taken for new.
 */
async function refresh(
  session: Session,
  step: Extract<Step, { kind: 'refresh' }>,
  node: ModelNode | SeedNode,
  totals: Totals,
): Promise<void> {
  const before = await countOfTransaction(session, step.relation);
  await session.query('savepoint datacycle_refresh');
  try {
    await statement(session, step.sql);
  } catch (error) {
    if (!(error instanceof StatementError) || !['23505', '21000'].includes(error.code)) throw error;
    await session.query('rollback to savepoint datacycle_refresh');
    for (const one of step.otherwise) await perform(session, one, node, undefined, totals, '');
    throw error;
  }
  const after = await countOfTransaction(session, step.relation);
  totals.inserted += after.counting ? after.inserted - before.inserted : after.rows;
  totals.deleted += after.counting ? after.deleted - before.deleted : 0;
}

async function countOfTransaction(session: Session, quoted: string) {
  const { rows } = await session.query<{ counting: boolean; inserted: number; deleted: number; rows: number }>(
    `select current_setting('track_counts')::boolean as counting,
         pg_stat_get_xact_tuples_inserted(c.oid)::float8 as inserted,
         pg_stat_get_xact_tuples_deleted(c.oid)::float8 as deleted,
         case when current_setting('track_counts')::boolean then 0::float8 else (select count(*)::float8 from ${quoted}) end as rows
     from pg_class as c
     where c.oid = to_regclass($1)`,
    [quoted],
  );
  return rows[0] ?? { counting: false, inserted: 0, deleted: 0, rows: 0 };
}

/** PostgreSQL's "COPY datacycle_new, line 2, column floor: ..." as a place in the seed's file. */
function placedInSeed(error: unknown, node: SeedNode, root: string): unknown {
  if (!(error instanceof StatementError)) return error;
  const [, copied, rest] = /line (\d+)(?:, (column [\s\S]*))?/.exec(error.context ?? '') ?? [];
  const column = /^column (.+?)(?::|$)/.exec(rest ?? '')?.[1];
  const spot = copied === undefined ? undefined : spotInSeed(root, node, Number(copied), column);
  if (spot === undefined) return error;
  return new NodeError({
    what: `${node.name}: ${error.message}`,
    where: spot.where,
    detail: [spot.detail, rest ?? error.detail].filter(Boolean).join('\n'),
    hint: error.hint ?? 'Correct the value, or declare another type for the column in column_types or its data_type.',
    cause: error,
  });
}

async function* once(text: string): AsyncGenerator<string> {
  yield text;
}
