import type { Warehouse } from '../../../warehouse/warehouse.ts';
import type { AuditOutcome } from '../../data-test/audit.ts';
import type { LockWaits } from '../../database/locks/lock-waits.ts';
import type { SharedLock } from '../../database/locks/shared-lock.ts';
import type { BuiltNode, Manifest } from '../../manifest/manifest.ts';
import type { TestNode } from '../../manifest/test-node.ts';
import type { Decision, PlanOptions } from '../../plan/decision.ts';
import type { Reuse } from '../../reuse/reuse.ts';
import type { EventTimeRange } from '../../state/batch-windows.ts';
import type { NodeError, SourceTexts } from '../../text/errors.ts';
import type { Seen } from './node-state.ts';

export interface BuildContext {
  readonly manifest: Manifest;
  readonly root: string;
  readonly warehouse: Warehouse;
  readonly options: PlanOptions;
  readonly runId: string;
  readonly clock: () => Date;
  /** The text of a project file, to quote a line of it. */
  readonly sourceText: SourceTexts;
  /** Of the models of this run: their transactions run side by side. */
  readonly lock: SharedLock;
  /** Runs their transactions. */
  readonly locks: LockWaits;
  /** Of microbatch models, just the batches of this time. */
  readonly range?: EventTimeRange | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called with the SQL by which a node is built, or a test is run, before it runs: of each hook, and of each batch, by itself. */
  readonly onSql?: ((node: BuiltNode | TestNode, statements: readonly string[]) => void) | undefined;
  /** What is known of rows that have not changed; undefined: everything is built again. */
  readonly reuse?: Reuse | undefined;
  /** What of the run is known to stay as it is. */
  readonly standing?: Standing | undefined;
}

/** What was found of the nodes of a run before it began, as far as it holds. */
export interface Standing {
  /** Why a node stays as it is; undefined where that is to be decided yet. */
  of(node: BuiltNode): Extract<Decision, { readonly mode: 'skip' }> | undefined;
  /** What need not be asked about a node again; given once, so that a transaction that is tried again asks for itself. */
  takeSeen(node: BuiltNode): Seen | undefined;
  /** Notes that a node has been built, or may have been. */
  built(node: BuiltNode, relation: BuiltRelation): void;
}

/**
 * What a build made of a relation: it is the `same`, with the columns that it had and the views on it; it is `new`, and nothing of it was
 * there before; or anything else.
 */
export type BuiltRelation = 'same' | 'new' | 'other';

export interface Built {
  readonly decision: Pick<Decision, 'mode' | 'reason'>;
  readonly inserted: number;
  readonly updated: number;
  readonly deleted: number;
  /** Rows that are no longer wanted but still referenced by foreign keys. */
  readonly retained: number;
  readonly audits: readonly AuditOutcome[];
  /** False where nothing was to be committed, so that the run's record is still to be written. */
  readonly recorded: boolean;
  /** Absent: that is not known. */
  readonly relation?: BuiltRelation;
  /** How many batches were built, of a microbatch model, and what became of those that could not be. */
  readonly batches?: number;
  readonly failed?: NodeError;
}
