import type { Session } from '../../../warehouse/warehouse.ts';
import { type Column, readTemporaryColumns, sameColumns } from '../../database/catalog.ts';
import { statement } from '../../database/statement.ts';
import type { BuiltNode } from '../../manifest/manifest.ts';
import { keepsContract } from '../../plan/contract.ts';
import { isReshaped } from '../../plan/decide.ts';
import type { Decision, NodeState } from '../../plan/decision.ts';
import { SqlText } from '../../text/sql-text.ts';

/**
 * The columns a query will yield, surrogate key first. An increment of unchanged SQL that reads unchanged columns yields what the
 * table has, unless that was altered by hand; all others look, and so does whatever has a contract that the table does not keep.
 */
export async function shapeOf(
  session: Session,
  node: BuiltNode,
  { mode }: Pick<Decision, 'mode'>,
  state: NodeState,
  sql: SqlText,
): Promise<readonly Column[] | undefined> {
  const mayDiffer =
    state.recorded?.checksum !== node.checksum ||
    isReshaped(state) ||
    isAltered(state) ||
    node.config.on_schema_change !== undefined ||
    !keepsContract(node, state.existing?.columns ?? []);
  if (mode === 'increment' && !mayDiffer) return undefined;
  // A view without rows or storage: a temporary table for the same takes PostgreSQL six times as long.
  await statement(session, SqlText.join('create temporary view "datacycle_shape" as\n', sql));
  const columns = await readTemporaryColumns(session, 'datacycle_shape');
  await session.query('drop view pg_temp."datacycle_shape"');
  const key = node.config.surrogate_key;
  return key === undefined ? columns : [{ name: key, type: 'integer' }, ...columns];
}

/** Whether a table has other columns than the last build left it with, or that is not known. */
function isAltered({ recorded, existing }: NodeState): boolean {
  const { columns } = recorded?.created ?? {};
  const existingColumns = existing?.columns ?? [];
  return (
    columns === undefined ||
    !sameColumns(columns, existingColumns) ||
    existingColumns.some(({ generated }) => generated !== undefined)
  );
}
