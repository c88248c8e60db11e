import { DatacycleError } from '../../warehouse/errors.ts';
import type { FirstRows } from '../data-test/bad-rows.ts';
import type { Node } from '../manifest/manifest.ts';
import type { Decision } from '../plan/decision.ts';
import type { ResultRecord } from '../state/runs.ts';
import type { RunHookResult } from './run-hooks.ts';

/** What a run does with a node: builds it in this mode, runs a test, or takes the outcome that the test had on the same rows. */
export type Action = Decision['mode'] | 'test' | 'reuse';

export type Command = 'run' | 'test' | 'build' | 'seed' | 'snapshot';

export type RunEvent =
  | {
      readonly type: 'started';
      readonly command: Command;
      readonly total: number;
      readonly threads: number;
      readonly address: string;
    }
  | { readonly type: 'node-started'; readonly index: number; readonly total: number; readonly node: Node }
  /** It waits for a lock that the session of `whom` holds; undefined: no longer. */
  | { readonly type: 'node-waits'; readonly name: string; readonly whom: string | undefined }
  | { readonly type: 'node-finished'; readonly index: number; readonly total: number; readonly result: NodeResult }
  | { readonly type: 'hook-finished'; readonly hook: RunHookResult }
  | { readonly type: 'finished'; readonly summary: RunSummary };

export interface NodeResult {
  readonly node: Node;
  /** `error`: it could not be done; `fail`: a test found bad rows; `skipped`: something before it failed. */
  readonly status: 'success' | 'pass' | 'warn' | 'fail' | 'error' | 'skipped';
  readonly seconds: number;
  /** When the work on it began; absent for what was never begun. */
  readonly startedAt?: Date | undefined;
  /** What was done with it; undefined where it could not be. */
  readonly action?: Action | undefined;
  /** Why it was built so, without the counts of `message`. */
  readonly reason?: string | undefined;
  /** How it was built or why it was not, in a few words. */
  readonly message: string;
  readonly inserted: number;
  readonly updated: number;
  readonly deleted: number;
  readonly failures: number;
  /** The first bad rows of a test that did not pass; they are shown to whoever ran it, and not recorded. */
  readonly rows?: FirstRows | undefined;
  /** How the rows of a unit test differ from those expected, in lines. */
  readonly difference?: readonly string[] | undefined;
  /** True for a node that stays as it was, and for a test that has passed on the same rows before. */
  readonly left?: boolean | undefined;
  /** How many batches of a microbatch model were built. */
  readonly batches?: number | undefined;
  /** False where the database has no record of it yet, or one of a part of it. */
  readonly recorded?: boolean | undefined;
  readonly error: Error | undefined;
  /** True for a model that audits warn of. */
  readonly warned?: boolean;
}

export interface RunSummary {
  readonly runId: string;
  readonly results: readonly NodeResult[];
  /** What became of on-run-start and on-run-end. */
  readonly hooks: readonly RunHookResult[];
  readonly seconds: number;
  readonly ok: boolean;
}

/** What became of a node, without which, when and how long it took. */
export type Outcome = Omit<NodeResult, 'node' | 'seconds' | 'startedAt'>;

const nothing = { inserted: 0, updated: 0, deleted: 0, failures: 0, error: undefined } as const;

/** A test without bad rows. */
export const passed = { ...nothing, status: 'pass', action: 'test', message: '' } as const satisfies Outcome;

/** A node that was rolled back or never begun. */
export function skipped(message: string): Outcome {
  return { ...nothing, status: 'skipped', message };
}

/** What becomes of a node when the run stops: because the user interrupts, or for a reason that the signal has. */
export function stopped(signal: AbortSignal | undefined): Outcome {
  return skipped(whyStopped(signal));
}

/** Why a run stops, in words. */
export function whyStopped(signal: AbortSignal | undefined): string {
  const reason: unknown = signal?.reason;
  return `the run was stopped${reason instanceof DatacycleError ? `: ${reason.message}` : ''}`;
}

/** A node that could not be done. */
export function failure(thrown: unknown): Outcome {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  return { ...nothing, status: 'error', message: error.message, error };
}

/** A result as the database keeps it. */
export function toRecord(result: NodeResult, runId: string, finished: Date): ResultRecord {
  const end = finished.toISOString();
  const where =
    result.error instanceof DatacycleError && result.error.where !== undefined ? ` (${result.error.where})` : '';
  return {
    runId,
    node: result.node.name,
    kind: result.node.kind,
    status: result.status,
    startedAt: new Date(finished.getTime() - result.seconds * 1000).toISOString(),
    finishedAt: end,
    message: result.message + where,
    ...(result.recorded === false
      ? { inserted: result.inserted, updated: result.updated, deleted: result.deleted }
      : {}),
  };
}
