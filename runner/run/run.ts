import type { Warehouse } from '../../warehouse/warehouse.ts';
import { ensureGuard } from '../build/transaction/access.ts';
import type { BuildContext } from '../build/transaction/build-context.ts';
import type { Compiled } from '../compile/compile.ts';
import type { RunHook } from '../compile/run-hooks.ts';
import { Turns } from '../database/turns.ts';
import { isBuilt, isMicrobatch, type ModelNode, type Node } from '../manifest/manifest.ts';
import { sourceTexts } from '../project/project.ts';
import type { EventTimeRange } from '../state/batch-windows.ts';
import { beginRun, finishRun, writeResults } from '../state/runs.ts';
import { ensureState } from '../state/schema.ts';
import { createSchemas } from './create-schemas.ts';
import { NodeWork } from './node-work.ts';
import { type RunHookResult, runRunHooks } from './run-hooks.ts';
import { underRunLock } from './run-lock.ts';
import {
  type Command,
  type NodeResult,
  type RunEvent,
  type RunSummary,
  skipped,
  stopped,
  toRecord,
} from './run-result.ts';
import { schedule } from './schedule.ts';
import { withTestEdges } from './test-edges.ts';

export interface RunOptions {
  readonly command: Command;
  /** Ids to work on; what does not belong to the command is left out. */
  readonly selected: ReadonlySet<string>;
  readonly fullRefresh: boolean;
  /** Of microbatch models, just the batches of this time, done or not. */
  readonly range?: EventTimeRange | undefined;
  readonly threads: number;
  readonly failFast: boolean;
  readonly clock: () => Date;
  readonly runId: string;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent: (event: RunEvent) => void;
}

const kindsOf: Readonly<Record<Command, readonly Node['kind'][]>> = {
  run: ['model'],
  test: ['test'],
  seed: ['seed'],
  snapshot: ['model'],
  build: ['seed', 'model', 'test'],
};

/**
 * Works through the selected nodes in dependency order and records the run in the database. A failed node is a result,
 * not an exception.
 * @throws RunBusyError naming the holder if another run is going on; ConnectionError if the database cannot be reached.
 */
export async function runNodes(
  compiled: Compiled,
  root: string,
  warehouse: Warehouse,
  options: RunOptions,
): Promise<RunSummary> {
  if (options.command === 'test') return work(compiled, root, warehouse, options);
  // Without the lock somebody else may build the same tables: what has not begun must not begin.
  return underRunLock(warehouse, options.signal, busy, (signal) =>
    work(compiled, root, warehouse, { ...options, signal }, () => signal.aborted && options.signal?.aborted !== true),
  );
}

const busy = {
  what: 'another run',
  hint: 'Wait until it is done and try again; readers and `datacycle test` are never locked out.',
};

/** @param isLost whether somebody else may work on the same tables by now. */
async function work(
  compiled: Compiled,
  root: string,
  warehouse: Warehouse,
  options: RunOptions,
  isLost: () => boolean = () => false,
): Promise<RunSummary> {
  const { manifest, graph, runHooks } = compiled;
  const { clock, onEvent, runId, command } = options;
  const started = clock();
  const kinds = kindsOf[command];
  const isWork = (node: Node) =>
    kinds.includes(node.kind) && (node.kind !== 'model' || isBuiltBy(command, node.materialized));
  const order = manifest.order.filter((id) => {
    const node = manifest.nodes.get(id);
    return node !== undefined && options.selected.has(id) && isWork(node);
  });
  const recording = command !== 'test';
  if (recording) {
    await ensureState(warehouse);
    const nodes = order.flatMap((id) => manifest.nodes.get(id) ?? []);
    await createSchemas(warehouse, nodes);
    await ensureGuard(warehouse, nodes);
    await beginRun(warehouse, {
      runId,
      command,
      target: compiled.context.project.target.name,
      startedAt: started.toISOString(),
    });
  }
  const threads = Math.max(1, Math.min(options.threads, warehouse.concurrency));
  onEvent({ type: 'started', command, total: order.length, threads, address: warehouse.address });

  const context: BuildContext = {
    manifest,
    root,
    warehouse,
    runId,
    clock,
    options: { fullRefresh: options.fullRefresh, runStartedAt: started.toISOString() },
    sourceText: sourceTexts(compiled.context.project),
    range: options.range,
    signal: options.signal,
    turns: new Turns(options.signal),
  };
  const hooks: RunHookResult[] = [];
  const runAll = (which: readonly RunHook[], goOn: boolean) =>
    runRunHooks(warehouse, which, goOn, {
      runStartedAt: started.toISOString(),
      sourceText: context.sourceText,
      clock,
      onResult: (hook) => {
        hooks.push(hook);
        onEvent({ type: 'hook-finished', hook });
      },
    });
  await runAll(options.signal?.aborted === true ? [] : runHooks.start, false);
  const broken = hooks.find(({ error }) => error !== undefined);

  const nodeWork = new NodeWork(context);
  const results = new Map<string, NodeResult>();
  let next = 0;

  const finish = (id: string, index: number, result: Omit<NodeResult, 'node'>, node: Node) => {
    results.set(id, { node, ...result });
    onEvent({ type: 'node-finished', index, total: order.length, result: { node, ...result } });
  };

  async function runOne(id: string): Promise<boolean> {
    const node = manifest.nodes.get(id);
    if (node === undefined || node.kind === 'source') return true;
    next += 1;
    const index = next;
    onEvent({ type: 'node-started', index, total: order.length, node });
    // Where the database runs in this process, nothing else would give an interrupt its turn.
    await new Promise((resolve) => setImmediate(resolve));
    if (options.signal?.aborted === true) {
      finish(id, index, { ...stopped, seconds: 0 }, node);
      return false;
    }
    const begin = clock().getTime();
    const result = node.kind === 'test' ? await nodeWork.test(node) : await nodeWork.build(node);
    finish(id, index, { ...result, seconds: (clock().getTime() - begin) / 1000 }, node);
    return result.status !== 'error' && result.status !== 'fail';
  }

  await schedule(
    withTestEdges(graph, manifest.nodes, new Set(order)),
    order,
    { threads, failFast: options.failFast, signal: broken === undefined ? options.signal : AbortSignal.abort() },
    {
      run: runOne,
      skip: (id, because) => {
        const node = manifest.nodes.get(id);
        if (node === undefined) return;
        next += 1;
        const blame = because === undefined ? undefined : manifest.nodes.get(because)?.name;
        const cause = blame ?? broken?.name;
        const message = cause === undefined ? 'the run was stopped' : `${cause} failed`;
        finish(id, next, { ...skipped(message), seconds: 0 }, node);
      },
    },
  );
  // Rows that were still referenced when their dimension was rebuilt can go now that the facts have been rebuilt too.
  for (const id of [...nodeWork.retained].reverse()) {
    const node = manifest.nodes.get(id);
    const first = results.get(id);
    if (!isBuilt(node)) continue;
    if (first === undefined || options.signal?.aborted === true) continue;
    // Whatever the reason for the first rebuild was, it is gone by now.
    const fullRefresh = !isMicrobatch(node);
    const second = await nodeWork.build(node, fullRefresh);
    results.set(id, {
      ...first,
      ...second,
      deleted: first.deleted + second.deleted,
      inserted: first.inserted,
      updated: first.updated,
      message: first.message,
      batches: first.batches,
      // Each of the two has recorded its own rows.
      recorded: false,
    });
  }

  // Like `finally`: also after failures and an interrupt.
  if (!isLost()) await runAll(runHooks.end, true);

  const finished = clock();
  const all = [...results.values()];
  const ok =
    hooks.every(({ error }) => error === undefined) &&
    all.every((result) => result.status === 'success' || result.status === 'pass' || result.status === 'warn');
  const summary: RunSummary = {
    runId,
    results: all,
    hooks,
    seconds: (finished.getTime() - started.getTime()) / 1000,
    ok,
  };
  if (recording) {
    const records = all
      .filter(({ node, status, recorded }) => node.kind === 'test' || status !== 'success' || recorded === false)
      .map((result) => toRecord(result, runId, finished));
    await writeResults(warehouse, records);
    await finishRun(warehouse, runId, finished.toISOString(), ok ? 'success' : 'error');
  }
  onEvent({ type: 'finished', summary });
  return summary;
}

/** As in dbt, `run` leaves snapshots to `snapshot` and `build`: each time they run is a moment that they remember. */
function isBuiltBy(command: Command, materialized: ModelNode['materialized']): boolean {
  if (materialized === 'ephemeral') return false;
  return command === 'build' || (command === 'snapshot') === (materialized === 'snapshot');
}
