import type { Session } from '../../../warehouse/warehouse.ts';
import type { BuiltNode, Manifest } from '../../manifest/manifest.ts';
import type { Decision, NodeState } from '../../plan/decision.ts';
import type { KnownRows } from '../../reuse/row-versions.ts';
import { type HookContext, runHooks } from './hooks.ts';
import { readState, type StateContext, type StateRead } from './node-state.ts';

/**
 * Runs the pre-hooks of a node in its transaction and decides how the node is built. Hooks may have changed the database, so
 * after them the state is read and decided upon again.
 * @param decideOn decides from state alone.
 * @throws NodeError
 */
export async function decideAfterHooks<D extends Pick<Decision, 'mode'>>(
  session: Session,
  context: {
    readonly manifest: Manifest;
    readonly hooks: HookContext;
    readonly reuse?: KnownRows | undefined;
    readonly seen?: StateContext['seen'];
  },
  node: BuiltNode,
  decideOn: (state: NodeState) => D,
): Promise<{ readonly state: StateRead; readonly decision: D }> {
  const read = async () => {
    const state = await readState(session, context, node);
    return { state, decision: decideOn(state) };
  };
  const first = await read();
  const hooks = { when: 'pre', inTransaction: true } as const;
  return (await runHooks(session, node, hooks, first.decision.mode, context.hooks)) === 0 ? first : read();
}
