import type { Warehouse } from '../../warehouse/warehouse.ts';
import { standingAmong } from '../build/standing.ts';
import { ensureGuard } from '../build/transaction/access.ts';
import type { BuildContext } from '../build/transaction/build-context.ts';
import type { Compiled } from '../compile/compile.ts';
import type { RunHook } from '../compile/run-hooks.ts';
import { secretOfUnitTests } from '../compile/unit-tests.ts';
import { LockWaits } from '../database/locks/lock-waits.ts';
import { SharedLock } from '../database/locks/shared-lock.ts';
import { type BuiltNode, isBuilt, isMicrobatch, isWork, type UnitTestNode } from '../manifest/manifest.ts';
import type { TestNode } from '../manifest/test-node.ts';
import { sourceTexts } from '../project/project.ts';
import { secretSetting } from '../project/values/secrets.ts';
import { Reuse } from '../reuse/reuse.ts';
import { beginRun, finishRun, writeResults } from '../state/runs.ts';
import { ensureState, hasState } from '../state/schema.ts';
import type { UnitTestPlace } from '../unit-test/options.ts';
import { createSchemas } from './create-schemas.ts';
import { type HowToTest, type HowToWork, NodeWork } from './node-work.ts';
import { type RunHookResult, runRunHooks } from './run-hooks.ts';
import {
  type NodeResult,
  type Outcome,
  type RunEvent,
  type RunSummary,
  skipped,
  stopped,
  toRecord,
  whyStopped,
} from './run-result.ts';
import { schedule } from './schedule.ts';
import { withTestEdges } from './test-edges.ts';
import { UnitTestWork } from './unit-test-work.ts';
import { type WorkOptions, workOrder } from './work-order.ts';

export interface RunOptions extends WorkOptions, HowToTest {
  readonly threads: number;
  readonly failFast: boolean;
  /** Where unit tests run; in the embedded database if not given. */
  readonly unitTestsOn?: UnitTestPlace | undefined;
  readonly runId: string;
  readonly signal?: AbortSignal | undefined;
  /** How long a node waits for transactions of others that hold a lock, in milliseconds. */
  readonly lockWaitMs?: number | undefined;
  readonly onEvent: (event: RunEvent) => void;
  /** Called with the SQL by which a node is built, before it runs. */
  readonly onSql?: BuildContext['onSql'];
}

/** The work of one run. The steps are called in the order in which they are defined here. */
export class RunWork {
  readonly #compiled: Compiled;
  readonly #warehouse: Warehouse;
  readonly #options: RunOptions;
  readonly #started: Date;
  /** Ids of the nodes to work on, in dependency order. */
  readonly #order: readonly string[];
  #context: BuildContext;
  #nodes: NodeWork;
  readonly #unitTests: UnitTestWork;
  #reuse: Reuse | undefined;
  readonly #results = new Map<string, NodeResult>();
  readonly #hooks: RunHookResult[] = [];
  /** How many nodes have been begun or skipped. */
  #count = 0;

  constructor(compiled: Compiled, warehouse: Warehouse, options: RunOptions) {
    this.#compiled = compiled;
    this.#warehouse = warehouse;
    this.#options = options;
    const { manifest, project } = compiled;
    const { clock, runId, signal, range, fullRefresh } = options;
    this.#started = clock();
    this.#order = workOrder(manifest, options);
    this.#context = {
      manifest,
      root: project.root,
      warehouse,
      runId,
      clock,
      options: { fullRefresh, runStartedAt: this.#started.toISOString(), runId },
      sourceText: sourceTexts(project),
      range,
      signal,
      onSql: options.onSql,
      lock: new SharedLock(signal),
      locks: new LockWaits(warehouse, {
        limitMs: options.lockWaitMs,
        signal,
        onWait: (name, whom) => options.onEvent({ type: 'node-waits', name, whom }),
      }),
    };
    this.#nodes = new NodeWork(this.#context, this.#tests, this.#how);
    this.#unitTests = this.#newUnitTests(compiled, options);
  }

  #newUnitTests({ manifest, project }: Compiled, { clock, unitTestsOn }: RunOptions): UnitTestWork {
    const { root, settings } = project;
    const secrets = (settings.secrets ?? []).map((name) => [secretSetting(name), secretOfUnitTests] as const);
    const options = {
      manifest,
      root,
      sourceText: this.#context.sourceText,
      target: this.#warehouse,
      on: unitTestsOn ?? 'embedded',
      settings: Object.fromEntries(secrets),
    };
    return new UnitTestWork(options, clock, () => this.#reuse);
  }

  /** Makes the schemas that the nodes need, and begins the run's record. A run of tests writes nothing. */
  async prepare(): Promise<void> {
    const { command, runId, threads, onEvent } = this.#options;
    const { manifest, project } = this.#compiled;
    const nodes = this.#order.flatMap((id) => manifest.nodes.get(id) ?? []);
    await createSchemas(this.#warehouse, nodes, this.#options.storeFailures === true);
    if (this.#isRecording) {
      await ensureState(this.#warehouse);
      await ensureGuard(this.#warehouse, nodes);
      const startedAt = this.#started.toISOString();
      await beginRun(this.#warehouse, { runId, command, target: project.target.name, startedAt });
    }
    const { reuse, storeFailures } = this.#options;
    if (this.#isRecording || (reuse && (await hasState(this.#warehouse)))) {
      const { root, sourceText } = this.#context;
      const storing = storeFailures === true;
      const how = { root, sourceText, leavesOut: reuse, storing, settings: project.target.settings };
      this.#reuse = await Reuse.begin(this.#warehouse, manifest, this.#order, how);
      if (reuse) this.#context = { ...this.#context, reuse: this.#reuse };
      this.#nodes = new NodeWork(this.#context, this.#tests, this.#how, this.#reuse);
    }
    const total = this.#order.length;
    const { address } = this.#warehouse;
    onEvent({ type: 'started', command, total, threads: this.#threadsFor(threads), address });
  }

  /** Runs the hooks of on-run-start. If one fails, {@link workOff} skips everything. */
  async runStartHooks(): Promise<void> {
    await this.#runHooks(this.#isStopped ? [] : this.#compiled.runHooks.start, false);
  }

  /** Builds and tests the nodes, several at once; what depends on a failed one is skipped. */
  async workOff(): Promise<void> {
    const { manifest, graph } = this.#compiled;
    const { threads, failFast, signal } = this.#options;
    await this.#lookAhead();
    await schedule(
      withTestEdges(graph, manifest.nodes, new Set(this.#order)),
      this.#order,
      {
        threads: this.#threadsFor(threads),
        failFast,
        signal: this.#brokenHook === undefined ? signal : AbortSignal.abort(),
      },
      { run: (id) => this.#runOne(id), skip: (id, because) => this.#skipOne(id, because) },
    );
  }

  /** Finds at once what stays as it is, after the hooks that may change it. With fewer rows to read everything is decided by itself. */
  async #lookAhead(): Promise<void> {
    const { manifest, graph, rowLimit } = this.#compiled;
    const nodes = this.#order.flatMap((id) => manifest.nodes.get(id) ?? []).filter(isBuilt);
    if (!this.#isRecording || this.#isStopped || this.#brokenHook !== undefined) return;
    if (rowLimit !== undefined || nodes.length < 2) return;
    this.#context = { ...this.#context, standing: await standingAmong(nodes, graph, this.#context) };
    this.#nodes = new NodeWork(this.#context, this.#tests, this.#how, this.#reuse);
  }

  /** Rows that were still referenced when their dimension was rebuilt can go now that the facts have been rebuilt too. */
  async comeBackForRetained(): Promise<void> {
    for (const id of [...this.#nodes.retained].reverse()) {
      const node = this.#compiled.manifest.nodes.get(id);
      const first = this.#results.get(id);
      if (!isBuilt(node) || first === undefined || this.#isStopped) continue;
      // The first build has recorded the new state, so the reason for its rebuild no longer holds.
      const second = await this.#nodes.build(node, !isMicrobatch(node));
      this.#results.set(id, {
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
  }

  /** Runs the hooks of on-run-end. Like `finally`: also after failures and an interrupt. */
  async runEndHooks(): Promise<void> {
    await this.#runHooks(this.#compiled.runHooks.end, true);
  }

  /** Ends the run's record. */
  async finish(): Promise<RunSummary> {
    await this.#unitTests.close();
    const { clock, runId, onEvent } = this.#options;
    const finished = clock();
    const results = [...this.#results.values()];
    const ok =
      this.#brokenHook === undefined &&
      results.every(({ status }) => status === 'success' || status === 'pass' || status === 'warn');
    const seconds = (finished.getTime() - this.#started.getTime()) / 1000;
    const summary: RunSummary = { runId, results, hooks: this.#hooks, seconds, ok };
    if (this.#isRecording) {
      const records = results
        .filter(({ node, status, recorded }) => !isBuilt(node) || status !== 'success' || recorded === false)
        .map((result) => toRecord(result, runId, finished));
      await writeResults(this.#warehouse, records);
      await this.#reuse?.write();
      await finishRun(this.#warehouse, runId, finished.toISOString(), ok ? 'success' : 'error');
    }
    onEvent({ type: 'finished', summary });
    return summary;
  }

  get #tests(): readonly TestNode[] {
    return this.#order.flatMap((id) => {
      const node = this.#compiled.manifest.nodes.get(id);
      return node?.kind === 'test' ? [node] : [];
    });
  }

  get #how(): HowToWork {
    const { rowLimit, project } = this.#compiled;
    const { storeFailures, warningsFail } = this.#options;
    return { storeFailures, warningsFail, rowLimit, isOwnTarget: project.target.schema !== undefined };
  }

  get #isRecording(): boolean {
    return this.#options.command !== 'test';
  }

  get #isStopped(): boolean {
    return this.#options.signal?.aborted === true;
  }

  get #brokenHook(): RunHookResult | undefined {
    return this.#hooks.find(({ error }) => error !== undefined);
  }

  #threadsFor(asked: number): number {
    return Math.max(1, Math.min(asked, this.#warehouse.concurrency));
  }

  async #runHooks(which: readonly RunHook[], goOn: boolean): Promise<void> {
    await runRunHooks(this.#context, which, goOn, {
      runStartedAt: this.#started.toISOString(),
      runId: this.#options.runId,
      sourceText: this.#context.sourceText,
      clock: this.#options.clock,
      onResult: (hook) => {
        this.#hooks.push(hook);
        this.#options.onEvent({ type: 'hook-finished', hook });
      },
    });
  }

  /** @returns whether what depends on the node may be worked on. */
  async #runOne(id: string): Promise<boolean> {
    const { clock, onEvent } = this.#options;
    const node = this.#compiled.manifest.nodes.get(id);
    if (!isWork(node)) return true;
    this.#count += 1;
    const index = this.#count;
    onEvent({ type: 'node-started', index, total: this.#order.length, node });
    // Where the database runs in this process, nothing else would give an interrupt its turn.
    await new Promise((resolve) => setImmediate(resolve));
    if (this.#isStopped) {
      this.#note(id, index, { node, ...stopped(this.#options.signal), seconds: 0 });
      return false;
    }
    const begin = clock().getTime();
    const result = await this.#workOn(node);
    this.#note(id, index, {
      node,
      ...result,
      seconds: (clock().getTime() - begin) / 1000,
      startedAt: new Date(begin),
    });
    return result.status !== 'error' && result.status !== 'fail';
  }

  #workOn(node: BuiltNode | TestNode | UnitTestNode): Promise<Outcome> {
    if (node.kind === 'test') return this.#nodes.test(node);
    return node.kind === 'unit_test' ? this.#unitTests.run(node) : this.#nodes.build(node);
  }

  #skipOne(id: string, because: string | undefined): void {
    const { nodes } = this.#compiled.manifest;
    const node = nodes.get(id);
    if (node === undefined) return;
    this.#count += 1;
    const cause = (because === undefined ? undefined : nodes.get(because)?.name) ?? this.#brokenHook?.name;
    const message = cause === undefined ? whyStopped(this.#options.signal) : `${cause} failed`;
    this.#note(id, this.#count, { node, ...skipped(message), seconds: 0 });
  }

  #note(id: string, index: number, result: NodeResult): void {
    this.#results.set(id, result);
    this.#options.onEvent({ type: 'node-finished', index, total: this.#order.length, result });
  }
}
