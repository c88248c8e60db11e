import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { SourceName } from '../../loaders/landing/summary.ts';
import type { Champion } from '../predict/champions.ts';

/** The figures of a watcher in Prometheus' format. Each watcher has a registry of its own. */
export class WatchMetrics {
  readonly #registry = new Registry();
  readonly #clock: () => Date;
  /** The time of the newest data of each source, in milliseconds since 1970. */
  readonly #newest = new Map<SourceName, number>();
  #champions: readonly Champion[] = [];
  readonly checks: Counter<'outcome'>;
  readonly predicted: Counter<'target' | 'horizon'>;
  readonly trainingSeconds: Gauge;
  readonly checkSeconds: Histogram;
  readonly lastCheck: Gauge;
  readonly landed: Counter<'source'>;
  readonly rejected: Counter<'source'>;
  readonly builds: Counter<'outcome'>;
  readonly buildSeconds: Histogram;
  readonly building: Gauge;
  readonly up: Gauge<'source'>;
  readonly lag: Gauge<'topic'>;
  readonly published: Counter<'topic'>;
  readonly publishBacklog: Gauge<'topic'>;

  constructor(clock: () => Date) {
    this.#clock = clock;
    const registers = [this.#registry];
    const now = () => this.#clock().getTime();
    const named = (name: string, help: string) => ({ name: `datacycle_${name}`, help, registers });
    this.checks = new Counter({ ...named('checks_total', 'Checks for new sensor files'), labelNames: ['outcome'] });
    this.predicted = new Counter({
      ...named('predictions_total', 'Predictions written'),
      labelNames: ['target', 'horizon'],
    });
    this.trainingSeconds = new Gauge(named('training_seconds', 'Time the last training took'));
    const champions = () => this.#champions;
    new Gauge({
      ...named('champion_age_seconds', 'Seconds since the end of what the model in use has learnt from'),
      labelNames: ['target', 'horizon'],
      collect() {
        this.reset();
        for (const { target, horizon, trainedTo } of champions())
          this.set({ target, horizon }, Math.max(0, (now() - new Date(trainedTo).getTime()) / 1000));
      },
    });
    new Gauge({
      ...named(
        'champion_skill',
        'How much smaller its error was than that of the mean of the hour of the week; 0.3 is 30 %',
      ),
      labelNames: ['target', 'horizon'],
      collect() {
        this.reset();
        for (const { target, horizon, skill } of champions()) if (skill !== null) this.set({ target, horizon }, skill);
      },
    });
    this.checkSeconds = new Histogram({
      ...named('check_seconds', 'Time one check took, landing included'),
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60],
    });
    this.lastCheck = new Gauge(named('last_check_timestamp_seconds', 'When the last check ended'));
    this.landed = new Counter({
      ...named('files_landed_total', 'Files (registry: tables; stream: messages) landed'),
      labelNames: ['source'],
    });
    this.rejected = new Counter({
      ...named('files_rejected_total', 'Files (stream: messages) rejected'),
      labelNames: ['source'],
    });
    this.builds = new Counter({ ...named('builds_total', 'Builds by outcome'), labelNames: ['outcome'] });
    this.buildSeconds = new Histogram({
      ...named('build_seconds', 'Time one build took'),
      buckets: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800],
    });
    this.building = new Gauge(named('building', '1 while a build is going on'));
    this.up = new Gauge({
      ...named('source_up', '1 if the source could be read the last time'),
      labelNames: ['source'],
    });
    this.lag = new Gauge({
      ...named('stream_lag_messages', 'Messages of a topic that were there at the last check and are not landed'),
      labelNames: ['topic'],
    });
    this.published = new Counter({
      ...named('published_files_total', 'Sensor files sent to a topic as messages'),
      labelNames: ['topic'],
    });
    this.publishBacklog = new Gauge({
      ...named('publish_backlog_files', 'Sensor files that were landed and not sent after the last try'),
      labelNames: ['topic'],
    });
    const newest = this.#newest;
    new Gauge({
      ...named('newest_data_age_seconds', 'Seconds since the newest data of a source'),
      labelNames: ['source'],
      collect() {
        for (const [source, time] of newest) this.set({ source }, Math.max(0, (now() - time) / 1000));
      },
    });
    new Gauge({
      ...named('resident_memory_bytes', 'Memory of the watcher'),
      collect() {
        this.set(process.memoryUsage.rss());
      },
    });
  }

  /** Makes a source appear with zeros before anything happened. */
  announce(source: SourceName): void {
    this.landed.inc({ source }, 0);
    this.rejected.inc({ source }, 0);
  }

  /** The models in use from now on. */
  setChampions(champions: readonly Champion[]): void {
    this.#champions = champions;
  }

  setNewest(source: SourceName, time: number): void {
    this.#newest.set(source, time);
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }
}
