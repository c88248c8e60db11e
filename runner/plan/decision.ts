import type { ExistingRelation } from '../database/catalog.ts';
import type { Access } from '../materialize/parts/row-security.ts';
import type { Consumed, ModelState } from '../state/models.ts';
import type { Pruned } from '../state/pruned.ts';

/** What the database says about a node and its upstreams, all from one snapshot. */
export interface NodeState {
  readonly existing: ExistingRelation | undefined;
  readonly recorded: ModelState | undefined;
  /** What the node consumed when it was last built, by upstream name. */
  readonly consumed: ReadonlyMap<string, Consumed>;
  /** What its upstreams are now, by upstream name. */
  readonly upstreams: ReadonlyMap<string, Consumed>;
  /** The columns of what it reads, hashed. */
  readonly upstreamShape: string;
  /** The sources behind it that have been pruned, by name. */
  readonly pruned: ReadonlyMap<string, Pruned>;
  /** The models it reads from which retention has deleted rows, by name, and the time up to which they are deleted. */
  readonly expired: ReadonlyMap<string, Date>;
  /** False where rows of the existing table cannot be cast to the types that a rebuild gives its columns. */
  readonly convertible?: boolean;
  /** Known where the node has row security. */
  readonly access: Access | undefined;
}

export interface PlanOptions {
  readonly fullRefresh: boolean;
  /** ISO time at which the run started. */
  readonly runStartedAt: string;
  /** Absent where nothing is built for good. */
  readonly runId?: string | undefined;
}

/** How a node will be built, and why. */
export type Decision =
  | { readonly mode: 'skip'; readonly reason: string }
  | { readonly mode: 'view'; readonly reason: string }
  | { readonly mode: 'create'; readonly reason: string }
  | Change;

/** What of a table changes that takes another table. */
export type MoveReason = 'partitioning' | 'order of columns' | 'type of a column';

/** How an existing relation changes: all rows are replaced, an increment, a snapshot, a refresh. */
export interface Change {
  readonly mode: 'replace' | 'increment' | 'snapshot' | 'refresh';
  readonly reason: string;
  readonly existing: ExistingRelation;
}
