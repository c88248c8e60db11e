import type { ErrorParts, StatementError } from '../../../warehouse/errors.ts';
import type { Session } from '../../../warehouse/warehouse.ts';
import { partsOfTypes } from '../../database/parts-of-types.ts';
import type { BuiltNode, Manifest, SeedNode, WholeModel } from '../../manifest/manifest.ts';
import { hasContract, namedColumns } from '../../plan/contract.ts';
import type { Decision, NodeState, PlanOptions } from '../../plan/decision.ts';
import { querySql, type Rows } from '../../plan/plan.ts';
import { checkComposed, readSeed, spotInSeed } from './seed.ts';
import { composedTypes } from './seed-values.ts';
import { shapeOf } from './shape.ts';

/** The values of a run that {@link readRows} needs. */
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
    const rows = readSeed(root, node);
    checkComposed(root, node, rows.columns, await partsOfTypes(session, composedTypes(rows.columns)));
    const file = { ...rows, explain: (error: StatementError) => placedInSeed(error, node, root) };
    return { kind: 'seed', node, file, yields: file.columns };
  }
  const sql = querySql(node, decision.mode === 'increment' ? 'increment' : 'full', state, options, manifest);
  const yields = isNewView(node, state) ? undefined : await shapeOf(session, node, decision, state, sql);
  return { kind: 'model', node, sql, yields };
}

/** Whether a view is created of which nothing has to be known before: what it yields or why not, PostgreSQL says when it is. */
export function isNewView(node: BuiltNode, { existing }: Pick<NodeState, 'existing'>): boolean {
  return (
    node.materialized === 'view' && existing === undefined && namedColumns(node).length === 0 && !hasContract(node)
  );
}

/** PostgreSQL's "COPY datacycle_new, line 2, column floor: ..." as a place in the seed's file. */
function placedInSeed(error: StatementError, node: SeedNode, root: string): ErrorParts | undefined {
  const [, copied, rest] = /line (\d+)(?:, (column [\s\S]*))?/.exec(error.context ?? '') ?? [];
  const column = /^column (.+?)(?::|$)/.exec(rest ?? '')?.[1];
  const spot = copied === undefined ? undefined : spotInSeed(root, node, Number(copied), column);
  if (spot === undefined) return undefined;
  return {
    what: error.message,
    where: spot.where,
    detail: [spot.detail, rest ?? error.detail].filter(Boolean).join('\n'),
    hint: error.hint ?? 'Correct the value, or declare another type for the column in column_types or its data_type.',
  };
}
