import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { PublishTarget } from '../../../../cli/sources/sensor-topics.ts';
import { type Source, sources } from '../../../../cli/sources/sources.ts';
import { Terminal } from '../../../../cli/terminal/terminal.ts';
import { WatchMetrics } from '../../../../cli/watch/metrics.ts';
import type { Housekeep } from '../../../../cli/watch/nightly.ts';
import { watchSettings } from '../../../../cli/watch/settings.ts';
import { WatchLog } from '../../../../cli/watch/watch-log.ts';
import { Watcher } from '../../../../cli/watch/watcher.ts';
import type { LoadOptions, LoadSummary, SourceName } from '../../../../loaders/landing/summary.ts';
import { compileProject } from '../../../../runner/compile/compile.ts';
import { readProject } from '../../../../runner/project/read-project.ts';
import type { Warehouse } from '../../../../warehouse/warehouse.ts';
import { TemporaryProject } from '../../temporary-project.ts';
import { smallProject } from '../small-files.ts';

/** A line of the log as the watcher of a test says it. */
export interface Said {
  readonly level: string;
  readonly event: string;
  readonly text: string;
  readonly [field: string]: unknown;
}

class Recorder extends Terminal {
  readonly said: Said[] = [];
  override event(event: object): void {
    this.said.push(event as Said);
  }
}

export interface SmallOptions {
  readonly warehouse: Warehouse;
  /** Has the folders `smb` and `bronze`. */
  readonly folder: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Files of the project besides its own. */
  readonly files?: Readonly<Record<string, string>>;
  readonly registry?: (options: LoadOptions) => Promise<number>;
  readonly sensors?: Source['load'];
  readonly weather?: Source['load'];
  readonly housekeep?: Housekeep;
  readonly publishTarget?: PublishTarget;
  readonly answerMs?: number;
  readonly blockedMs?: number;
  /** Where the clock of the watcher stands at the start. */
  readonly now: Date;
}

/** A watcher in this process over a project of three models, with a clock that the test moves. */
export class SmallWatch {
  readonly project: TemporaryProject;
  readonly watcher: Watcher;
  readonly metrics: WatchMetrics;
  readonly #recorder = new Recorder(true);
  readonly #stop = new AbortController();
  now: Date;

  constructor(options: SmallOptions) {
    this.now = options.now;
    this.project = new TemporaryProject({ ...smallProject, ...options.files });
    const { warehouse, folder, housekeep } = options;
    mkdirSync(join(folder, 'bronze'), { recursive: true });
    const env = {
      SMB_PATH: join(folder, 'smb'),
      BRONZE_ROOT: join(folder, 'bronze'),
      ...(options.registry === undefined ? {} : { MYSQL_URL: 'mysql://nowhere/pidb' }),
      ...(options.weather === undefined ? {} : { SFTP_HOST: 'nowhere' }),
      ...options.env,
    };
    const compiled = compileProject(readProject({ root: this.project.root, env }));
    const clock = () => this.now;
    const load = options.registry ?? (async () => 0);
    const registry: Source = {
      name: 'registry',
      setting: 'MYSQL_URL',
      staging: 'staging.registry_row',
      load: async (_warehouse, _project, how) => summaryOf('registry', await load(how)),
    };
    this.metrics = new WatchMetrics(clock);
    this.watcher = new Watcher({
      compiled,
      sources: {
        ...sources,
        registry,
        ...(options.sensors && { sensors: { ...sources.sensors, load: options.sensors } }),
        ...(options.weather && { weather: { ...sources.weather, load: options.weather } }),
      },
      landing: warehouse,
      building: warehouse,
      settings: watchSettings(compiled.project),
      clock,
      log: new WatchLog(this.#recorder, undefined, (text) => text, clock),
      metrics: this.metrics,
      housekeep,
      publishTarget: options.publishTarget,
      answerMs: options.answerMs,
      blockedMs: options.blockedMs,
    });
  }

  /** One check, and everything that it sets off. */
  async check(): Promise<void> {
    await this.watcher.tick(this.#stop.signal, async () => true);
    await this.watcher.settled();
  }

  /** What was said since the last time. */
  said(): Said[] {
    return this.#recorder.said.splice(0);
  }

  dispose(): void {
    this.project.dispose();
  }
}

function summaryOf(source: SourceName, landed: number): LoadSummary {
  const none = { count: 0, first: [] };
  return {
    source,
    listed: 'listing',
    landed,
    rejected: none,
    skipped: none,
    ignored: 0,
    warnings: none,
    loads: [],
    bytes: 0,
  };
}
