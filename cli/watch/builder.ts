import { randomUUID } from 'node:crypto';
import type { Compiled } from '../../runner/compile/compile.ts';
import { runNodes } from '../../runner/run/run.ts';
import type { Command, NodeResult, RunEvent, RunSummary } from '../../runner/run/run-result.ts';
import { RunBusyError } from '../../runner/text/errors.ts';
import { thousands } from '../../runner/text/figures.ts';
import { ConnectionError, DatacycleError } from '../../warehouse/errors.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { databaseFailed } from './answer.ts';
import type { Conditions } from './conditions.ts';
import type { WatchState } from './health.ts';
import type { WatchMetrics } from './metrics.ts';
import type { WatchLog } from './watch-log.ts';

/**
 * `done`: everything asked for was built; `failed`: something was not, or a test found bad rows; `unable`: it was not
 * tried or broken off (the database is away, another process builds, the watcher stops).
 */
export type BuildOutcome = 'done' | 'failed' | 'unable';

export interface BuilderOptions {
  readonly compiled: Compiled;
  readonly warehouse: Warehouse;
  readonly clock: () => Date;
  readonly log: WatchLog;
  readonly conditions: Conditions;
  readonly metrics: WatchMetrics;
  readonly state: WatchState;
}

/** While a build is being stopped, its running statements are cancelled this often: the next may just have begun. */
const cancelEveryMs = 200;

/** How much longer than for a lock a build waits for another run before that is reported: a run may take long. */
const longerForRuns = 10;

/** Builds on request, one build at a time. A build that fails is an outcome, never an exception. */
export class Builder {
  readonly #options: BuilderOptions;
  #queue: Promise<unknown> = Promise.resolve();
  /** The other run that keeps this process from building, and since when by the clock that never jumps. */
  #busy: { readonly since: number; readonly message: string } | undefined;
  /** The nodes that wait for another session's lock. */
  readonly #waits = new Map<string, { readonly since: number; readonly whom: string }>();
  /** Whether the build counts as failing because it is blocked. */
  #isBlocked = false;
  /** Nodes that failed when they were last built or tested, and that the log has reported. */
  readonly #reportedFailing = new Set<string>();
  /** Tests that warned when they last ran, likewise. */
  readonly #reportedWarned = new Set<string>();

  constructor(options: BuilderOptions) {
    this.#options = options;
  }

  /** Builds everything: seeds, models, and the tests of each before its downstream models. */
  everything(signal: AbortSignal): Promise<BuildOutcome> {
    return this.#enqueue('build', 'everything', (id) => !id.startsWith('source.'), signal);
  }

  /** Every model. */
  models(signal: AbortSignal): Promise<BuildOutcome> {
    return this.#enqueue('run', 'every model', () => true, signal);
  }

  /** The models downstream of these source tables, which are named as in `staging.sensor_file`. */
  madeOf(tables: readonly string[], signal: AbortSignal): Promise<BuildOutcome> {
    const { graph } = this.#options.compiled;
    const touched = new Set(tables.flatMap((table) => [...graph.descendants(`source.${table}`)]));
    return this.#enqueue('run', `what is made of ${tables.join(', ')}`, (id) => touched.has(id), signal);
  }

  /**
   * Every data test: as a build of nothing else, so that `status` knows what they found.
   * @param reuse whether a test that has passed on the same rows is left out.
   */
  tests(signal: AbortSignal, reuse: boolean): Promise<BuildOutcome> {
    const { nodes } = this.#options.compiled.manifest;
    const what = reuse ? 'the data tests' : 'the data tests, of all rows';
    return this.#enqueue('build', what, (id) => nodes.get(id)?.kind === 'test', signal, reuse);
  }

  /** The names of the data tests that failed when they were run last, in the order of the alphabet. */
  get failingTests(): readonly string[] {
    const { nodes } = this.#options.compiled.manifest;
    const failing = [...this.#reportedFailing].flatMap((id) => nodes.get(id) ?? []);
    return failing.flatMap(({ kind, name }) => (kind === 'test' ? [name] : [])).sort();
  }

  /**
   * Tells of a build that has waited for so long for another session, and that it goes on. It fails nothing by itself. Call it
   * at every check.
   */
  noticeBlocked(waitedMs: number): void {
    const { conditions } = this.#options;
    const before = performance.now() - waitedMs;
    const [wait] = [...this.#waits.values()].filter(({ since }) => since <= before);
    const isBusy = this.#busy !== undefined && performance.now() - this.#busy.since >= waitedMs * longerForRuns;
    if (wait !== undefined) {
      const hint = 'Readers go on. End its transaction, or that session.';
      conditions.failed('build', `waits for a lock that ${wait.whom} holds`, hint, { kind: 'blocked' });
    } else if (isBusy) conditions.failed('build', this.#busy?.message ?? '', '', { kind: 'busy' });
    else if (this.#isBlocked) conditions.recovered('build');
    this.#isBlocked = wait !== undefined || isBusy;
  }

  #notice(event: RunEvent): void {
    if (event.type !== 'node-waits') return;
    if (event.whom === undefined) this.#waits.delete(event.name);
    else
      this.#waits.set(event.name, { since: this.#waits.get(event.name)?.since ?? performance.now(), whom: event.whom });
  }

  #enqueue(
    command: Command,
    what: string,
    wanted: (id: string) => boolean,
    signal: AbortSignal,
    reuse = true,
  ): Promise<BuildOutcome> {
    const turn = this.#queue.then(() => this.#build(command, what, wanted, signal, reuse));
    this.#queue = turn;
    return turn;
  }

  async #build(
    command: Command,
    what: string,
    wanted: (id: string) => boolean,
    signal: AbortSignal,
    reuse: boolean,
  ): Promise<BuildOutcome> {
    if (signal.aborted) return 'unable';
    const { compiled, warehouse, clock, state, metrics } = this.#options;
    const selected = new Set(compiled.manifest.order.filter(wanted));
    if (selected.size === 0) return 'done';
    const { project } = compiled;
    const started = performance.now();
    state.building = what;
    metrics.building.set(1);
    const stopCancelling = cancelWhenStopped(warehouse, signal);
    try {
      const summary = await runNodes(compiled, warehouse, {
        command,
        selected,
        fullRefresh: false,
        reuse,
        threads: project.target.threads ?? 4,
        failFast: false,
        clock,
        runId: randomUUID(),
        signal,
        onEvent: (event) => this.#notice(event),
      });
      return this.#judge(summary, what, (performance.now() - started) / 1000, signal);
    } catch (error) {
      return this.#excuse(error, what, signal);
    } finally {
      stopCancelling();
      state.building = undefined;
      metrics.building.set(0);
    }
  }

  #judge(summary: RunSummary, what: string, seconds: number, signal: AbortSignal): BuildOutcome {
    const { conditions, log, metrics } = this.#options;
    this.#busy = undefined;
    if (signal.aborted) return 'unable';
    const lost = summary.results.find(({ error }) => error instanceof ConnectionError)?.error;
    if (lost !== undefined) return this.#excuse(lost, what, signal);
    const { results } = summary;
    const broken = results.filter(({ status }) => status === 'error');
    const bad = results.filter(({ status }) => status === 'fail');
    const tested = results.filter(({ node }) => node.kind === 'test');
    const built = results.length - tested.length;
    const faults = [
      ...summary.hooks.flatMap(({ error }) => error?.message ?? []),
      ...(broken.length > 0 ? [describe(broken)] : []),
    ];
    metrics.builds.inc({ outcome: faults.length > 0 ? 'failed' : 'done' });
    metrics.buildSeconds.observe(seconds);
    if (faults.length > 0 || built > 0) this.#isBlocked = false;
    if (faults.length > 0) conditions.failed('build', faults.join('; '), 'It is built again with the next data.');
    else if (built > 0) conditions.recovered('build');
    if (bad.length > 0) conditions.failed('tests', describe(bad), 'See the rows with datacycle show --select <test>.');
    else if (tested.length > 0 && broken.length === 0) conditions.recovered('tests');
    this.#tellWarned(tested);
    const rows = results.reduce((sum, one) => sum + one.inserted + one.updated + one.deleted, 0);
    const failed = broken.length + bad.length;
    // A failure that repeats has been logged; it is only counted.
    if (!this.#failingChanged(results) && failed > 0) return 'failed';
    const skipped = results.filter(({ status }) => status === 'skipped').length;
    const counts = [
      built > 0 ? `${thousands(built)} models and seeds, ${thousands(rows)} rows changed` : '',
      tested.length > 0 ? `${thousands(tested.length)} tests` : '',
      failed > 0 ? `${thousands(failed)} failed` : '',
      skipped > 0 ? `${thousands(skipped)} skipped` : '',
    ].filter((text) => text !== '');
    log.write(
      failed > 0 ? 'warning' : 'info',
      'built',
      `built ${what} in ${seconds.toFixed(2)} s: ${counts.join(', ')}`,
      {
        what,
        seconds: Math.round(seconds * 1000) / 1000,
        nodes: results.length,
        rows,
        failed,
        skipped,
      },
    );
    return summary.ok ? 'done' : 'failed';
  }

  /** Logs which data tests of severity warn have found something, once for as long as they do. */
  #tellWarned(tested: readonly NodeResult[]): void {
    const { log } = this.#options;
    for (const result of tested) {
      const { node, status } = result;
      if (status === 'skipped' || (status === 'warn') === this.#reportedWarned.has(node.id)) continue;
      if (status === 'warn') {
        this.#reportedWarned.add(node.id);
        const hint = `See the rows with datacycle show --select ${node.name}.`;
        log.write('warning', 'test warns', `test warns: ${describe([result])}. ${hint}`, { test: node.name });
      } else {
        this.#reportedWarned.delete(node.id);
        log.write('info', 'test warns no more', `test warns no more: ${node.name}`, { test: node.name });
      }
    }
  }

  /** Whether the set of failing nodes differs from the one that was last logged. */
  #failingChanged(results: readonly NodeResult[]): boolean {
    let changed = false;
    for (const { node, status } of results) {
      if (status === 'error' || status === 'fail') {
        changed ||= !this.#reportedFailing.has(node.id);
        this.#reportedFailing.add(node.id);
      } else if (status !== 'skipped') changed = this.#reportedFailing.delete(node.id) || changed;
    }
    return changed;
  }

  #excuse(error: unknown, what: string, signal: AbortSignal): BuildOutcome {
    if (signal.aborted) return 'unable';
    const { conditions, log, metrics } = this.#options;
    const message = error instanceof Error ? error.message : String(error);
    metrics.builds.inc({ outcome: 'failed' });
    if (error instanceof ConnectionError) databaseFailed(conditions, error, 'It is tried again until it is back.');
    else if (error instanceof RunBusyError) {
      // Another process is building; that is no fault, and is logged once.
      if (this.#busy === undefined) log.write('warning', 'build waits', `${what} waits: ${message}`);
      this.#busy = { since: this.#busy?.since ?? performance.now(), message };
    } else conditions.failed('build', message, 'It is tried again.');
    return 'unable';
  }
}

function describe(results: readonly NodeResult[]): string {
  const shown = results.slice(0, 5).map(({ node, message, error }) => {
    const where = error instanceof DatacycleError && error.where !== undefined ? ` (${error.where})` : '';
    return `${message.startsWith(`${node.name}:`) ? '' : `${node.name}: `}${message}${where}`;
  });
  return [...shown, ...(results.length > 5 ? [`and ${results.length - 5} more`] : [])].join('; ');
}

/** Cancels what runs from the moment `signal` says to stop until the returned function is called. */
function cancelWhenStopped(warehouse: Warehouse, signal: AbortSignal): () => void {
  let timer: NodeJS.Timeout | undefined;
  const cancel = () => void warehouse.cancel().catch(() => undefined);
  const onAbort = () => {
    cancel();
    timer = setInterval(cancel, cancelEveryMs);
  };
  signal.addEventListener('abort', onAbort);
  return () => {
    signal.removeEventListener('abort', onAbort);
    clearInterval(timer);
  };
}
