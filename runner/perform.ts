import { StatementError } from '../warehouse/errors.ts';
import type { Session } from '../warehouse/warehouse.ts';
import { type Column, readTemporaryColumns } from './catalog.ts';
import type { Decision, NodeState } from './decide.ts';
import { keepsContract } from './declared-columns.ts';
import { NodeError } from './errors.ts';
import type { ModelNode, SeedNode } from './manifest.ts';
import { refusal, type Step } from './materialize/step.ts';
import { type SeedData, spotInSeed } from './seed.ts';
import { SqlText } from './sql-text.ts';
import { statement } from './statement.ts';

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

/** Runs one step of a plan, its row counts added to `totals`. @param root of the project, where a seed's file is. */
export async function perform(
  session: Session,
  step: Step,
  node: ModelNode | SeedNode,
  seed: SeedData | undefined,
  totals: { inserted: number; updated: number; deleted: number; retained: number },
  root: string,
): Promise<void> {
  switch (step.kind) {
    case 'run': {
      const { rowCount } = await statement(session, step.sql);
      if (step.counts !== undefined) totals[step.counts] += rowCount;
      return;
    }
    case 'upsert': {
      const [row] = (await statement(session, step.sql)).rows;
      totals.inserted += Number(row?.inserted ?? 0);
      totals.updated += Number(row?.updated ?? 0);
      return;
    }
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
