import type { AuditOutcome } from '../../data-test/audit.ts';
import type { ExistingRelation } from '../../database/catalog.ts';
import type { Step } from '../../materialize/parts/step.ts';
import type { BatchDecision } from '../../plan/decide-batches.ts';
import type { NodeState } from '../../plan/decision.ts';
import type { BatchRows } from '../../plan/plan-batch.ts';
import type { KnownBatch } from '../../state/batch-windows.ts';
import type { ModelState } from '../../state/models.ts';
import type { Totals } from '../transaction/totals.ts';
import type { FailedBatch } from './report.ts';

/** What a run has decided to do with a microbatch model. */
export interface Job extends BatchRows {
  readonly state: NodeState;
  readonly decision: BatchDecision;
  /** All batches since the model's begin that it can be built of. */
  readonly known: readonly KnownBatch[];
  /** Those that the run builds, the oldest first. */
  readonly batches: readonly KnownBatch[];
  /** Those without which the table is not whole. */
  readonly missing: readonly KnownBatch[];
  /** Rows before the first batch are retained, because the upstream rows that they came from have been deleted. */
  readonly keepsOlder: boolean;
  /** What has to be done to the table so that a batch can fill its columns. */
  readonly schemaSteps: readonly Step[];
  /** The largest load_id before the run, which followers may have seen; undefined where they cannot follow the model so. */
  readonly mark: number | undefined;
}

/** What has become of a model's table in this run so far. */
export interface Progress {
  totals: Totals;
  recorded: ModelState | undefined;
  /** The table as a batch of this run has found it; nothing but rows changes after that. */
  existing: ExistingRelation | undefined;
  /** The table has the columns of the query, and rows that lie in no batch are deleted. */
  prepared: boolean;
  /** What is being done now is not for a batch alone: no other one is tried if it fails. */
  ofModel: boolean;
  /** Rows written since the planner looked at the table last. */
  unanalysed: number;
  /** The batches to build, the oldest first, then those that rows have moved out of meanwhile. */
  readonly queue: KnownBatch[];
  readonly built: Set<KnownBatch>;
  /** Those of them that keep rows which are only there because others point at them. */
  readonly retaining: Set<KnownBatch>;
  /** What audits let pass, by the id of the test. */
  readonly audits: Map<string, AuditOutcome>;
  readonly failed: FailedBatch[];
}
