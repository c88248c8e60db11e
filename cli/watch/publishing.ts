import { publishFiles } from '../../loaders/sensor-messages/publish.ts';
import { publishBacklog } from '../../loaders/sensor-messages/published.ts';
import { thousands } from '../../runner/text/figures.ts';
import { ConnectionError } from '../../warehouse/errors.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import type { PublishTarget } from '../sources/sensor-topics.ts';
import { databaseFailed } from './answer.ts';
import type { Conditions } from './conditions.ts';
import { messageOf } from './landing.ts';
import type { WatchMetrics } from './metrics.ts';
import type { WatchLog } from './watch-log.ts';

/** What publishing in the watcher needs. */
export interface PublishingOptions {
  /** Undefined if sensor files are not sent anywhere. */
  readonly target: PublishTarget | undefined;
  readonly warehouse: Warehouse;
  readonly clock: () => Date;
  readonly log: WatchLog;
  readonly metrics: WatchMetrics;
  readonly conditions: Conditions;
}

/** Sends landed sensor files to a topic, beside the rest of the watcher: a broker that is away holds up nothing. */
export class Publishing {
  readonly #options: PublishingOptions;
  #isPublishing = false;
  /** Up to this load nothing is waiting. */
  #after = 0;

  constructor(options: PublishingOptions) {
    this.#options = options;
  }

  /**
   * Begins to send what has been landed, by whichever process.
   * @param newest the newest load of sensor files; undefined before the first.
   * @returns the work that was begun, which never rejects; undefined if there is nothing new.
   */
  start(newest: number | undefined, stop: AbortSignal): Promise<void> | undefined {
    const { target } = this.#options;
    if (target === undefined || newest === undefined || newest <= this.#after) return undefined;
    if (this.#isPublishing || stop.aborted) return undefined;
    this.#isPublishing = true;
    return this.#publish(target, stop).finally(() => {
      this.#isPublishing = false;
    });
  }

  async #publish({ topic, open }: PublishTarget, signal: AbortSignal): Promise<void> {
    const { warehouse, clock, log, metrics, conditions } = this.#options;
    let sent = 0;
    try {
      const onPublished = (files: number) => {
        sent += files;
        metrics.published.inc({ topic }, files);
      };
      this.#after = await publishFiles({ warehouse, topic, open, clock, signal, after: this.#after, onPublished });
      conditions.recovered('publishing');
    } catch (error) {
      const hint = 'What is landed waits, and is sent once that is over; it is tried again at every check.';
      if (error instanceof ConnectionError) databaseFailed(conditions, error, hint);
      else if (!signal.aborted) conditions.failed('publishing', messageOf(error), hint);
    }
    if (sent > 0) log.write('info', 'published', `${thousands(sent)} files sent to ${topic}`, { topic, files: sent });
    try {
      metrics.publishBacklog.set({ topic }, (await publishBacklog(warehouse, topic)).files);
    } catch {
      // A figure only; whatever is wrong with the database is met and told elsewhere.
    }
  }
}
