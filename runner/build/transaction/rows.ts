import type { Session } from '../../../warehouse/warehouse.ts';
import type { Manifest, SeedNode, WholeModel } from '../../manifest/manifest.ts';
import type { Decision, NodeState, PlanOptions } from '../../plan/decision.ts';
import { querySql, type Rows } from '../../plan/plan.ts';
import { readSeed } from './seed.ts';
import { shapeOf } from './shape.ts';

/** What {@link readRows} needs to know of the run. */
export interface RowsContext {
  readonly manifest: Manifest;
  /** The project's folder, where the seeds are. */
  readonly root: string;
  readonly options: PlanOptions;
}

/**
 * The rows that a node is to be built of: a seed's file, or a model's query and its columns.
 * @throws NodeError for a fault of a seed's file; StatementError for one of the query.
 */
export async function readRows(
  session: Session,
  { manifest, root, options }: RowsContext,
  node: SeedNode | WholeModel,
  decision: Pick<Decision, 'mode'>,
  state: NodeState,
): Promise<Rows> {
  if (node.kind === 'seed') {
    const file = readSeed(root, node);
    return { kind: 'seed', node, file, yields: file.columns };
  }
  const sql = querySql(node, decision.mode === 'increment' ? 'increment' : 'full', state, options, manifest);
  return { kind: 'model', node, sql, yields: await shapeOf(session, node, decision, state, sql) };
}
