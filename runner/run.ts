import { DatacycleError, StatementError } from '../warehouse/errors.ts';
import { identifier } from '../warehouse/quote.ts';
import type { Warehouse } from '../warehouse/warehouse.ts';
import { ensureGuard, isAccessModel, secureReaders } from './access.ts';
import { type AuditOutcome, outcomeOf } from './audit.ts';
import { auditWarnings, badRows } from './audit-failure.ts';
import { type BuildContext, buildNode, finishNode } from './build-node.ts';
import type { Compiled } from './compile.ts';
import { NodeError } from './errors.ts';
import { Graph } from './graph.ts';
import type { ModelNode, Node, SeedNode, TestNode } from './manifest.ts';
import { sourceTexts } from './project.ts';
import { type RunHook, type RunHookResult, runRunHooks } from './run-hooks.ts';
import { underRunLock } from './run-lock.ts';
import { RelationCache, runTest } from './run-test.ts';
import { schedule } from './schedule.ts';
import { beginRun, ensureState, finishRun, type ResultRecord, writeResults } from './state.ts';
import { Turns } from './turns.ts';

export type Command = 'run' | 'test' | 'build' | 'seed' | 'snapshot';

export interface RunOptions {
  readonly command: Command;
  /** Ids to work on; what does not belong to the command is left out. */
  readonly selected: ReadonlySet<string>;
  readonly fullRefresh: boolean;
  readonly threads: number;
  readonly failFast: boolean;
  readonly clock: () => Date;
  readonly runId: string;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent: (event: RunEvent) => void;
}

export type RunEvent =
  | {
      readonly type: 'started';
      readonly command: Command;
      readonly total: number;
      readonly threads: number;
      readonly address: string;
    }
  | { readonly type: 'node-started'; readonly index: number; readonly total: number; readonly node: Node }
  | { readonly type: 'node-finished'; readonly index: number; readonly total: number; readonly result: NodeResult }
  | { readonly type: 'hook-finished'; readonly hook: RunHookResult }
  | { readonly type: 'finished'; readonly summary: RunSummary };

export interface NodeResult {
  readonly node: Node;
  /** `error`: it could not be done; `fail`: a test found bad rows; `skipped`: something before it failed. */
  readonly status: 'success' | 'pass' | 'warn' | 'fail' | 'error' | 'skipped';
  readonly seconds: number;
  /** How it was built or why it was not, in a few words. */
  readonly message: string;
  readonly inserted: number;
  readonly updated: number;
  readonly deleted: number;
  readonly failures: number;
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

  const relations = new RelationCache(warehouse);
  const results = new Map<string, NodeResult>();
  const retained = new Set<string>();
  /** What audits found while their models were built, by the id of the test. */
  const audited = new Map<string, AuditOutcome>();
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
      finish(id, index, stopped, node);
      return false;
    }
    const begin = clock().getTime();
    const result = node.kind === 'test' ? await testOne(node) : await buildOne(node);
    finish(id, index, { ...result, seconds: (clock().getTime() - begin) / 1000 }, node);
    return result.status !== 'error' && result.status !== 'fail';
  }

  async function buildOne(
    node: ModelNode | SeedNode,
    within: BuildContext = context,
  ): Promise<Omit<NodeResult, 'node' | 'seconds'>> {
    try {
      const built = await buildNode(within, node);
      relations.forget();
      if (built.retained > 0) retained.add(node.id);
      for (const outcome of built.audits) audited.set(outcome.test.id, outcome);
      const changed = built.inserted + built.updated + built.deleted > 0;
      if (changed && node.kind === 'model' && isAccessModel(manifest, node))
        await secureReaders(warehouse, manifest, node);
      await finishNode(within, node, built);
      const { inserted, updated, deleted } = built;
      const done =
        built.decision.mode === 'skip' ? built.decision.reason : describe(built.decision.mode, built.decision.reason);
      const warnings = auditWarnings(built.audits);
      const message = [done, ...warnings].filter(Boolean).join('; ');
      const warned = warnings.length > 0 ? { warned: true } : {};
      return { status: 'success', message, inserted, updated, deleted, failures: 0, error: undefined, ...warned };
    } catch (error) {
      return options.signal?.aborted === true ? stopped : failure(error);
    }
  }

  async function testOne(node: TestNode): Promise<Omit<NodeResult, 'node' | 'seconds'>> {
    try {
      const audit = audited.get(node.id);
      const { status, failures, proven } =
        audit === undefined ? await runTest(warehouse, node, relations, context.sourceText) : outcomeOf(audit);
      const found = failures === 0 ? '' : badRows(failures);
      const message = proven
        ? 'held by a constraint'
        : [found, audit === undefined ? '' : 'audited'].filter(Boolean).join(', ');
      return { status, message, inserted: 0, updated: 0, deleted: 0, failures, error: undefined };
    } catch (error) {
      return options.signal?.aborted === true ? stopped : failure(error);
    }
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
        finish(
          id,
          next,
          {
            status: 'skipped',
            seconds: 0,
            message,
            inserted: 0,
            updated: 0,
            deleted: 0,
            failures: 0,
            error: undefined,
          },
          node,
        );
      },
    },
  );
  // Rows that were still referenced when their dimension was rebuilt can go now that the facts have been rebuilt too.
  for (const id of [...retained].reverse()) {
    const node = manifest.nodes.get(id);
    const first = results.get(id);
    if (node?.kind !== 'model' && node?.kind !== 'seed') continue;
    if (first === undefined || options.signal?.aborted === true) continue;
    // Whatever the reason for the first rebuild was, it is gone by now.
    const again: BuildContext = { ...context, options: { ...context.options, fullRefresh: true } };
    const second = await buildOne(node, again);
    results.set(id, {
      ...first,
      ...second,
      deleted: first.deleted + second.deleted,
      inserted: first.inserted,
      updated: first.updated,
      message: first.message,
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
      .filter((result) => result.node.kind === 'test' || result.status !== 'success')
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

/** In a build, what is made of a model waits for the model's tests: bad rows do not travel on. */
function withTestEdges(graph: Graph, nodes: ReadonlyMap<string, Node>, kept: ReadonlySet<string>): Graph {
  const restricted = graph.restrictedTo(kept);
  const tests = [...kept].flatMap((id) => {
    const node = nodes.get(id);
    return node?.kind === 'test' && node.severity === 'error' ? [node] : [];
  });
  const reads = new Graph(new Map([...nodes].map(([id, node]) => [id, withoutForeignKeys(node)])));
  const dependsOn = new Map<string, string[]>();
  for (const id of kept) {
    const own = [...restricted.upstreams(id)];
    const node = nodes.get(id);
    if (node !== undefined && node.kind !== 'test' && tests.length > 0) {
      const ancestors = reads.ancestors(id);
      // A foreign key only orders, and so does a hook; what a test says of its target is no reason to hold the rows back.
      for (const test of tests)
        if (test.dependsOn.length > 0 && test.dependsOn.every((subject) => ancestors.has(subject))) own.push(test.id);
    }
    dependsOn.set(id, own);
  }
  return new Graph(dependsOn);
}

/** What a node depends on because its rows are made of it. */
function withoutForeignKeys(node: Node): readonly string[] {
  if (node.kind !== 'model' && node.kind !== 'seed') return node.dependsOn;
  const targets = new Set([
    ...node.constraints.flatMap((one) => (one.type === 'foreign_key' ? [one.toId] : [])),
    ...(node.hooksRead ?? []),
  ]);
  return node.dependsOn.filter((id) => !targets.has(id) || node.reads.includes(id));
}

async function createSchemas(warehouse: Warehouse, nodes: readonly Node[]): Promise<void> {
  const wanted = new Set(
    nodes.flatMap((node) => (node.kind === 'model' || node.kind === 'seed' ? [node.relation.schema] : [])),
  );
  const { rows } = await warehouse.query<{ nspname: string }>(
    'select nspname from pg_namespace where nspname = any($1::text[])',
    [[...wanted]],
  );
  for (const row of rows) wanted.delete(row.nspname);
  for (const schema of wanted) {
    await warehouse.query(`create schema if not exists ${identifier(schema)}`).catch((error: unknown) => {
      if (!(error instanceof StatementError) || error.code !== '42501') throw error;
      throw new NodeError({
        what: `the schema "${schema}" does not exist, and this user may not create it`,
        hint: 'Run `datacycle init` again: it creates every schema that the project names.',
        cause: error,
      });
    });
  }
}

function describe(mode: string, reason: string): string {
  if (mode === 'create') return reason === 'new' ? 'created' : `created, ${reason}`;
  if (mode === 'view') return reason === 'new' ? 'view created' : 'view replaced';
  if (mode === 'refresh') return reason;
  return mode === 'replace' && reason !== 'table' ? `rebuilt: ${reason}` : '';
}

/** What becomes of a node when the user interrupts: it was rolled back or never begun. */
const stopped: Omit<NodeResult, 'node'> = {
  status: 'skipped',
  seconds: 0,
  message: 'the run was stopped',
  inserted: 0,
  updated: 0,
  deleted: 0,
  failures: 0,
  error: undefined,
};

function failure(error: unknown): Omit<NodeResult, 'node' | 'seconds'> {
  const fault = error instanceof Error ? error : new Error(String(error));
  return { status: 'error', message: fault.message, inserted: 0, updated: 0, deleted: 0, failures: 0, error: fault };
}

function toRecord(result: NodeResult, runId: string, finished: Date): ResultRecord {
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
  };
}
