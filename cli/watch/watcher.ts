// The operating loop: `datacycle watch`.
//
//   hold-lock.ts     one watcher for each database, and what happens when the connection that holds the lock breaks
//   landing.ts       loads a source once; a failure is an outcome
//   backlog.ts       what has landed and is not built. It stays until a build that began later has succeeded
//   builder.ts       one build at a time, of what is downstream of the new loads
//   nightly.ts       the nightly round; it, daily loads and exports run once for each due time whatever the clock does
//   publishing.ts    sends landed sensor files to a topic
//   predicting.ts    predicts each quarter of an hour when its readings are built, trains daily
//   errand.ts        does what a button of the pages asks for, between two checks
//   conditions.ts    one log line when something begins to fail, and one when it works again
//   health.ts, metrics.ts  answers on a local port
//
// Nothing that a source, the database or a model does ends the loop; a signal does, after the work at hand has stopped.
import { ensureStaging } from '../../loaders/landing/staging.ts';
import type { SourceName } from '../../loaders/landing/summary.ts';
import type { Compiled } from '../../runner/compile/compile.ts';
import { ConnectionError } from '../../warehouse/errors.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { ScheduledExports } from '../exports/scheduled.ts';
import type { Errands } from '../jobs/errands.ts';
import type { Predictor } from '../predict/predictor.ts';
import { DailyJob } from '../schedule/daily-job.ts';
import type { PublishTarget } from '../sources/sensor-topics.ts';
import { isConfigured, type Source } from '../sources/sources.ts';
import { answered, answerWithin, databaseFailed } from './answer.ts';
import { Backlog } from './backlog.ts';
import { Builder } from './builder.ts';
import { Conditions, type Subject } from './conditions.ts';
import { doErrand } from './errand.ts';
import { exportReports } from './export-reports.ts';
import type { WatchState } from './health.ts';
import { type JobOutcome, Lander, messageOf } from './landing.ts';
import { lastSuccesses, newestData, newestLoads, repairedSince, streamLag } from './ledger-marks.ts';
import type { WatchMetrics } from './metrics.ts';
import { type Housekeep, nightlyRound } from './nightly.ts';
import { Predicting } from './predicting.ts';
import { Publishing } from './publishing.ts';
import type { WatchSettings } from './settings.ts';
import { inWords, pause, timeAfter } from './timing.ts';
import type { WatchLog } from './watch-log.ts';

export interface WatcherOptions {
  readonly compiled: Compiled;
  readonly sources: Readonly<Record<SourceName, Source>>;
  /** For loads and short questions. */
  readonly landing: Warehouse;
  /** For builds: its running statements are cancelled when the watcher stops. May be the same. */
  readonly building: Warehouse;
  readonly settings: WatchSettings;
  readonly clock: () => Date;
  readonly log: WatchLog;
  readonly metrics: WatchMetrics;
  /** Called at the end of every nightly round. */
  readonly housekeep?: Housekeep | undefined;
  /** What predicts; undefined if the project has nothing that is predicted from. */
  readonly predictor?: Predictor | undefined;
  /** Jobs that other processes ask for, since this one holds the database; they are done between two checks. */
  readonly errands?: Errands | undefined;
  /** Where landed sensor files are sent; undefined: nowhere. */
  readonly publishTarget?: PublishTarget | undefined;
  /** How long the database may take to answer a short question, in milliseconds. */
  readonly answerMs?: number | undefined;
  /** How long a build may wait for a lock before that is reported, in milliseconds. */
  readonly blockedMs?: number | undefined;
}

const defaultBlockedMs = 30_000;

type JobName = 'weather' | 'registry' | 'nightly' | 'training';

/** Predictions land without a loader, under this name in the ledger. */
const predictions = { name: 'predictions', staging: 'staging.prediction' };

/** How long running work may take to stop, in milliseconds. */
const stopMs = 10_000;

/**
 * The operating loop: looks for new sensor files and messages at every interval, loads the other sources daily, lists the share in
 * full every night, and builds what new data touch. Nothing that a source, the database or a model does ends it.
 */
export class Watcher {
  readonly state: WatchState;
  readonly conditions: Conditions;
  readonly #options: WatcherOptions;
  readonly #sources: readonly Source[];
  /** By its name in the ledger, the staging table of everything that may land. */
  readonly #tables: ReadonlyMap<string, string>;
  readonly #lander: Lander;
  readonly #builder: Builder;
  readonly #backlog: Backlog;
  readonly #exports: ScheduledExports;
  readonly #predicting: Predicting;
  readonly #publishing: Publishing;
  readonly #jobs = new Map<JobName, DailyJob>();
  readonly #working = new Set<Promise<void>>();

  constructor(options: WatcherOptions) {
    const { clock, compiled, landing, building, log, metrics, settings } = options;
    const { project } = compiled;
    this.#options = options;
    this.#sources = Object.values(options.sources).filter((source) => isConfigured(source, project));
    this.#tables = new Map([...this.#sources, predictions].map(({ name, staging }) => [name, staging]));
    this.conditions = new Conditions(log, clock);
    this.state = {
      startedAt: clock(),
      sources: this.#sources.map(({ name }) => name),
      lastCheck: undefined,
      lastSign: performance.now(),
      lastHit: undefined,
      building: undefined,
      champions: [],
      ready: false,
    };
    const { conditions, state } = this;
    const onSign = () => {
      state.lastSign = performance.now();
    };
    this.#lander = new Lander({ warehouse: landing, project, clock, log, conditions, metrics, onSign });
    this.#builder = new Builder({ compiled, warehouse: building, clock, log, conditions, metrics, state });
    this.#backlog = new Backlog(this.#builder, this.#tables);
    for (const { name } of this.#sources) {
      metrics.announce(name);
      if (name !== 'sensors' && name !== 'stream') this.#jobs.set(name, new DailyJob(settings[name]));
    }
    this.#jobs.set('nightly', new DailyJob(settings.nightly));
    if (options.predictor !== undefined) this.#jobs.set('training', new DailyJob(settings.training));
    const common = { warehouse: landing, clock, log, metrics, conditions };
    this.#predicting = new Predicting({ ...common, predictor: options.predictor, state });
    this.#publishing = new Publishing({ ...common, target: options.publishTarget });
    this.#exports = new ScheduledExports({ compiled, warehouse: landing, clock, ...exportReports(log, conditions) });
  }

  /** Watches until `stop`; running work is then finished or rolled back within seconds. */
  async run(stop: AbortSignal, stillMine: () => Promise<boolean>): Promise<void> {
    // A check waits for the database, and one that hangs must not keep the watcher from stopping.
    const late = timeAfter(stop, stopMs);
    await Promise.race([this.#checkUntil(stop, stillMine), late]);
    const never = new AbortController().signal;
    await Promise.race([this.settled(), stop.aborted ? late : pause(stopMs, never)]);
  }

  /**
   * One check: lands what is new, starts what is due and leaves builds and slow loads going on beside.
   * @returns false if another process may be the watcher now. Never throws.
   */
  async tick(stop: AbortSignal, stillMine: () => Promise<boolean>): Promise<boolean> {
    const { landing, metrics, clock } = this.#options;
    const started = performance.now();
    try {
      if (!(await this.#ask(stillMine))) return false;
      await this.#ask(() => ensureStaging(landing));
      this.conditions.recovered('database');
      await this.#noticeRepairs();
      this.#builder.noticeBlocked(this.#options.blockedMs ?? defaultBlockedMs);
      await this.#startJobs(['weather', 'registry'], stop);
      if (!this.state.ready) await this.#build(stop);
      const hit = await this.#checkAlways(stop);
      if (stop.aborted) return true;
      await this.#build(stop);
      // What is learnt from is to be whole, and views are not to be held while a build replaces them.
      await this.#startJobs(this.state.building === undefined ? ['nightly', 'training'] : ['nightly'], stop);
      for (const work of await this.#ask(() => this.#exports.start(stop))) this.#await(work);
      this.#await((await this.#ask(() => this.#predicting.start(stop)))?.done);
      this.conditions.recovered('watch');
      metrics.checks.inc({ outcome: hit });
      this.state.ready = true;
    } catch (error) {
      metrics.checks.inc({ outcome: 'failed' });
      if (stop.aborted) return true;
      this.#failed('watch', error, 'It is tried again at every check.');
    }
    metrics.checkSeconds.observe((performance.now() - started) / 1000);
    metrics.lastCheck.set(clock().getTime() / 1000);
    this.state.lastCheck = clock();
    this.state.lastSign = performance.now();
    return true;
  }

  #failed(subject: Subject, error: unknown, hint: string): void {
    if (error instanceof ConnectionError) databaseFailed(this.conditions, error, hint);
    else this.conditions.failed(subject, messageOf(error), hint);
  }

  /** Resolves when no load, job or build is running. */
  async settled(): Promise<void> {
    while (this.#working.size > 0) await Promise.all(this.#working);
    await this.#backlog.idle();
  }

  async #checkUntil(stop: AbortSignal, stillMine: () => Promise<boolean>): Promise<void> {
    while (!stop.aborted) {
      const started = performance.now();
      if (!(await this.tick(stop, stillMine))) return;
      const left = this.#options.settings.intervalMs - (performance.now() - started);
      const { errands } = this.#options;
      if (errands === undefined) await pause(left, stop);
      // The next check then comes at once: it builds what the job has landed.
      else if (await errands.pause(left, stop))
        await doErrand({ errands, log: this.#options.log, state: this.state, settled: () => this.settled() }, stop);
    }
  }

  #ask<T>(question: () => Promise<T>): Promise<T> {
    return answered(
      this.#options.landing,
      question,
      this.#options.answerMs ?? answerWithin(this.#options.settings.intervalMs),
    );
  }

  /** A source that fails here may have been loaded by hand since; its job then counts as done. */
  async #noticeRepairs(): Promise<void> {
    const failing = this.#sources.flatMap(({ name }) => {
      const failure = this.conditions.failing().get(name);
      return failure === undefined ? [] : [{ name, since: failure.since }];
    });
    if (failing.length === 0) return;
    const { landing, metrics } = this.#options;
    for (const [name, at] of await this.#ask(() => repairedSince(landing, failing))) {
      if (name !== 'sensors' && name !== 'stream') this.#jobs.get(name)?.learn(at);
      this.conditions.recovered(name);
      metrics.up.set({ source: name }, 1);
    }
  }

  /** Lands what is new of the sources that are looked at in every check. */
  async #checkAlways(stop: AbortSignal): Promise<'hit' | 'empty' | 'failed'> {
    let hit: 'hit' | 'empty' | 'failed' = 'empty';
    for (const source of this.#sources.filter(({ name }) => name === 'sensors' || name === 'stream')) {
      const landing = await this.#lander.load(source, 'new', stop, 'It is tried again at every check.');
      if (landing.outcome !== 'landed') hit = hit === 'hit' ? hit : 'failed';
      else if (landing.summary.landed > 0) {
        this.state.lastHit = this.#options.clock();
        hit = 'hit';
      }
      if (stop.aborted) break;
      if (landing.outcome !== 'landed' || landing.summary.listed !== 'offsets') continue;
      const lags = await this.#ask(() => streamLag(this.#options.landing));
      for (const [topic, lag] of lags) this.#options.metrics.lag.set({ topic }, lag);
    }
    return hit;
  }

  /** Builds what has landed since the last look, whichever process landed it. */
  async #build(stop: AbortSignal): Promise<void> {
    const { landing, metrics } = this.#options;
    const marks = await this.#ask(() => newestLoads(landing, [...this.#tables.keys()]));
    this.#await(this.#publishing.start(marks.get('sensors'), stop));
    if (!this.#backlog.landed(marks)) return this.#backlog.start(stop);
    this.#backlog.start(stop);
    const names = this.#sources.map(({ name }) => name);
    const newest = await this.#ask(() => newestData(landing, names));
    for (const [source, time] of newest) metrics.setNewest(source, time);
  }

  async #startJobs(names: readonly JobName[], stop: AbortSignal): Promise<void> {
    const { clock, landing } = this.#options;
    const due = () =>
      names.flatMap((name) => {
        const job = this.#jobs.get(name);
        return job?.shouldStart(clock(), performance.now()) === true ? [{ name, job }] : [];
      });
    const candidates = due();
    if (candidates.length === 0) return;
    // The ledger decides: the source may have been loaded by hand or by an earlier watcher.
    const successes = await this.#ask(() => lastSuccesses(landing));
    for (const { name, job } of candidates) job.learn(successes.get(name));
    for (const { name, job } of due()) {
      job.started();
      this.#await(this.#doJob(name, job, stop));
    }
  }

  /** What is begun is waited for when the watcher stops. @param begun never rejects. */
  #await(begun: Promise<void> | undefined): void {
    if (begun === undefined) return;
    const work = begun.finally(() => this.#working.delete(work));
    this.#working.add(work);
  }

  async #doJob(name: JobName, job: DailyJob, stop: AbortSignal): Promise<void> {
    const { clock, log } = this.#options;
    let outcome: JobOutcome = 'failed';
    try {
      outcome = await this.#doOnce(name, stop);
      if (outcome === 'done' && (name === 'nightly' || name === 'training')) this.conditions.recovered(name);
    } catch (error) {
      if (stop.aborted) job.interrupted();
      else this.#failed(name, error, 'It is tried again.');
    }
    if (outcome === 'done') job.succeeded(clock());
    // The next check tries it again, so that the watcher is at work soon after the server is.
    else if (outcome === 'unable' || outcome === 'unreachable' || stop.aborted) job.interrupted();
    else {
      const delay = job.failed(performance.now());
      log.write('info', 'tried again', `${name}: the next try is in ${inWords(delay)}`, {
        name,
        seconds: delay / 1000,
      });
    }
  }

  #doOnce(name: JobName, stop: AbortSignal): Promise<JobOutcome> {
    switch (name) {
      case 'nightly':
        return this.#nightly(stop);
      case 'training':
        return this.#predicting.train(stop);
      case 'weather':
      case 'registry':
        return this.#loadDaily(name, stop);
      default:
        return name satisfies never;
    }
  }

  async #loadDaily(name: 'weather' | 'registry', stop: AbortSignal): Promise<JobOutcome> {
    const landing = await this.#lander.load(this.#options.sources[name], 'new', stop, '');
    if (landing.outcome !== 'landed') return landing.outcome;
    await this.#build(stop);
    // What could not be read, a file that is still being written above all, is not to wait for tomorrow.
    return landing.summary.skipped.count > 0 ? 'failed' : 'done';
  }

  #nightly(stop: AbortSignal): Promise<JobOutcome> {
    const { landing, clock, housekeep, settings } = this.#options;
    const options = {
      warehouse: landing,
      sensors: this.#sources.find(({ name }) => name === 'sensors'),
      ledgerNames: [...this.#tables.keys()],
      lander: this.#lander,
      builder: this.#builder,
      backlog: this.#backlog,
      conditions: this.conditions,
      clock,
      housekeep,
      fullTests: settings.fullTests,
    };
    return nightlyRound(options, stop);
  }
}
