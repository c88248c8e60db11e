import { DatacycleError } from '../../warehouse/errors.ts';
import { ask } from '../database/question.ts';
import type { Graph } from '../manifest/graph.ts';
import { isView } from '../manifest/lineage.ts';
import { type BuiltNode, isMicrobatch } from '../manifest/manifest.ts';
import { describeRelation } from '../materialize/parts/comments.ts';
import { keepsContract } from '../plan/contract.ts';
import { decide, hasMoved } from '../plan/decide.ts';
import type { PlanOptions } from '../plan/decision.ts';
import { recordedNames } from '../state/models.ts';
import type { BuildContext, Standing } from './transaction/build-context.ts';
import { readStates, type StateRead } from './transaction/node-state.ts';

/** How many nodes are looked at by one statement; several are sent side by side. */
const together = 50;

/** How long a locked table is waited for, in milliseconds: whoever builds what reads it waits, and says so. */
const lockMs = 100;

type Left = NonNullable<ReturnType<Standing['of']>>;

/**
 * Finds the nodes of a run that stay as they are, before it begins and by a few statements for all of them: with little news that is most
 * of them, and each would cost a transaction. Where that fails nothing is found, and whoever builds them meets the fault. Used under the
 * run lock.
 */
export async function standingAmong(
  nodes: readonly BuiltNode[],
  graph: Graph,
  context: BuildContext,
): Promise<Standing> {
  const { warehouse, reuse } = context;
  const left = new Map<string, Left>();
  try {
    const recorded = await ask(warehouse, recordedNames);
    const asked = nodes.filter((node) => recorded.has(node.name) && mayBeLeft(node));
    const parts = Array.from({ length: Math.ceil(asked.length / together) }, (_, part) =>
      asked.slice(part * together, (part + 1) * together),
    ).values();
    const worker = async () => {
      for (const part of parts) for (const [id, decision] of await leftAmong(part, context)) left.set(id, decision);
    };
    if (asked.length > 0) await reuse?.refresh();
    await Promise.all(Array.from({ length: warehouse.concurrency }, worker));
  } catch (error) {
    if (!(error instanceof DatacycleError)) throw error;
  }
  return new Found(left, graph, new Set(nodes.filter(isView).map(({ id }) => id)));
}

class Found implements Standing {
  readonly #left: Map<string, Left>;
  readonly #graph: Graph;
  readonly #views: ReadonlySet<string>;

  constructor(left: Map<string, Left>, graph: Graph, views: ReadonlySet<string>) {
    this.#left = left;
    this.#graph = graph;
    this.#views = views;
  }

  of({ id }: BuiltNode): Left | undefined {
    return this.#left.get(id);
  }

  /** What is built takes away what was found of all that depends on it: that is decided in its turn. */
  built({ id, hooks = [] }: BuiltNode, isSameRelation: boolean): void {
    // A hook may change anything.
    if (!isSameRelation || hooks.length > 0) this.#left.clear();
    this.#left.delete(id);
    if (this.#left.size === 0) return;
    // What a view is does not depend on the rows that it shows.
    for (const one of this.#graph.descendants(id)) if (!this.#views.has(one)) this.#left.delete(one);
  }
}

async function leftAmong(nodes: readonly BuiltNode[], context: BuildContext): Promise<ReadonlyMap<string, Left>> {
  const states = await context.warehouse.transaction(async (session) => {
    await session.query(`select set_config('lock_timeout', $1, true)`, [`${lockMs}`]);
    return readStates(session, context, nodes);
  }, 'repeatable read');
  return new Map(
    nodes.flatMap((node) => {
      const state = states.get(node.id);
      const decision = state && leftAsItIs(node, state, context.options);
      return decision === undefined ? [] : [[node.id, decision] as const];
    }),
  );
}

/** Whether a node's state alone says that there is nothing to do for it. */
function mayBeLeft(node: BuiltNode): boolean {
  const { materialized, hooks = [], config } = node;
  if (materialized === 'ephemeral' || materialized === 'snapshot' || isMicrobatch(node)) return false;
  return hooks.length === 0 && Object.keys(config.grants ?? {}).length === 0;
}

/** What a build would decide, if it would do nothing, record nothing and write no comment. */
function leftAsItIs(node: BuiltNode, state: StateRead, options: PlanOptions): Left | undefined {
  const { existing, recorded, comments } = state;
  if (recorded === undefined || recorded.created.grants.length > 0 || comments === undefined) return undefined;
  if (!keepsContract(node, existing?.columns ?? []) || hasMoved(state) || describeRelation(node, comments).length > 0)
    return undefined;
  try {
    const decision = decide(node, state, options);
    return decision.mode === 'skip' ? decision : undefined;
  } catch (error) {
    // Whoever builds it says what is wrong.
    if (error instanceof DatacycleError) return undefined;
    throw error;
  }
}
