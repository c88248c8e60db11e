import { DatacycleError } from '../../warehouse/errors.ts';
import type { Graph } from '../manifest/graph.ts';
import { type BuiltNode, isMicrobatch, type Manifest } from '../manifest/manifest.ts';
import { describeRelation } from '../materialize/parts/comments.ts';
import { keepsContract } from '../plan/contract.ts';
import { decide, hasMoved } from '../plan/decide.ts';
import type { PlanOptions } from '../plan/decision.ts';
import type { BuildContext, BuiltRelation, Standing } from './transaction/build-context.ts';
import { readStates, type Seen, type StateRead } from './transaction/node-state.ts';

/** How many nodes are looked at by one statement; several are sent side by side. */
const together = 50;

/** For how long nobody else is expected to alter what was seen, in milliseconds: a run with little news is over by then. */
const freshMs = 2000;

/** How long a locked table is waited for, in milliseconds: whoever builds what reads it waits, and says so. */
const lockMs = 100;

type Left = NonNullable<ReturnType<Standing['of']>>;

/**
 * Looks at the nodes of a run before it begins, by a few statements for all of them. Those that stay as they are, most with little news,
 * need no transaction then. Where that fails nothing is found, and whoever builds them meets the fault. Used under the run lock.
 */
export async function standingAmong(
  nodes: readonly BuiltNode[],
  graph: Graph,
  context: BuildContext,
): Promise<Standing> {
  const { warehouse, reuse, manifest } = context;
  const found = new Found(graph, manifest);
  const asked = nodes.filter(mayBeLeft);
  const parts = Array.from({ length: Math.ceil(asked.length / together) }, (_, part) =>
    asked.slice(part * together, (part + 1) * together),
  ).values();
  // Each part by itself: none may still be under way when the first node is built.
  const worker = async () => {
    for (const part of parts) await isDone(lookAt(part, context, found));
  };
  if (await isDone(reuse?.refresh())) await Promise.all(Array.from({ length: warehouse.concurrency }, worker));
  return found;
}

async function isDone(work: Promise<void> | undefined): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    if (!(error instanceof DatacycleError)) throw error;
    return false;
  }
}

async function lookAt(nodes: readonly BuiltNode[], context: BuildContext, found: Found): Promise<void> {
  const at = performance.now();
  const states = await context.warehouse.transaction(async (session) => {
    await session.query(`select set_config('lock_timeout', $1, true)`, [`${lockMs}`]);
    return readStates(session, context, nodes);
  }, 'repeatable read');
  for (const node of nodes) {
    const one = states.get(node.id);
    if (one !== undefined) found.note(node, at, one.seen, leftAsItIs(node, one.state, context.options));
  }
}

class Found implements Standing {
  readonly #graph: Graph;
  readonly #manifest: Manifest;
  readonly #left = new Map<string, Left>();
  readonly #seen = new Map<string, { readonly seen: Seen; readonly at: number }>();

  constructor(graph: Graph, manifest: Manifest) {
    this.#graph = graph;
    this.#manifest = manifest;
  }

  /** @param at by a monotonic clock. */
  note({ id }: BuiltNode, at: number, seen: Seen, left: Left | undefined): void {
    this.#seen.set(id, { seen, at });
    if (left !== undefined) this.#left.set(id, left);
  }

  of({ id }: BuiltNode): Left | undefined {
    return this.#left.get(id);
  }

  takeSeen({ id }: BuiltNode): Seen | undefined {
    const { seen, at } = this.#seen.get(id) ?? {};
    this.#seen.delete(id);
    return at !== undefined && performance.now() - at < freshMs ? seen : undefined;
  }

  /** What is built takes away what was found of all that depends on it: that is decided in its turn. */
  built({ id, name, hooks = [] }: BuiltNode, relation: BuiltRelation): void {
    // A hook may change anything; and an access model, the policies of any table.
    if (relation === 'other' || hooks.length > 0 || this.#manifest.index.guardedBy.has(name)) {
      this.#left.clear();
      this.#seen.clear();
      return;
    }
    this.#seen.delete(id);
    this.#left.delete(id);
    for (const one of relation === 'new' ? this.#readersOf(id) : []) {
      this.#left.delete(one);
      // Of a view that is not there it does not matter what it reads.
      if (!this.#isView(one) || this.#seen.get(one)?.seen.answers.bare !== undefined) this.#seen.delete(one);
    }
    if (this.#left.size === 0) return;
    // What a view is does not depend on the rows that it shows.
    for (const one of this.#graph.descendants(id)) if (!this.#isView(one)) this.#left.delete(one);
  }

  /** What reads a node, directly or by ephemeral models, which are part of what reads them. */
  #readersOf(id: string): ReadonlySet<string> {
    const found = new Set(this.#graph.downstreams(id));
    for (const one of found)
      if (this.#manifest.nodes.get(one)?.materialized === 'ephemeral')
        for (const reader of this.#graph.downstreams(one)) found.add(reader);
    return found;
  }

  #isView(id: string): boolean {
    return this.#manifest.nodes.get(id)?.materialized === 'view';
  }
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
