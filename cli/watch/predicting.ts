import { ConnectionError } from '../../warehouse/errors.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import type { Predictor } from '../predict/predictor.ts';
import { predictingRound, type RoundReport, trainingRound } from '../predict/rounds.ts';
import { databaseFailed } from './answer.ts';
import type { Conditions } from './conditions.ts';
import type { WatchState } from './health.ts';
import { type JobOutcome, messageOf } from './landing.ts';
import type { WatchMetrics } from './metrics.ts';
import type { WatchLog } from './watch-log.ts';

/** What predicting in the watcher needs. */
export interface PredictingOptions {
  /** Undefined if the project has nothing that is predicted from. */
  readonly predictor: Predictor | undefined;
  readonly warehouse: Warehouse;
  readonly clock: () => Date;
  readonly log: WatchLog;
  readonly metrics: WatchMetrics;
  readonly conditions: Conditions;
  readonly state: WatchState;
}

/** Predicts and trains beside the rest of the watcher, one of each at a time. */
export class Predicting {
  readonly #options: PredictingOptions;
  #isPredicting = false;

  constructor(options: PredictingOptions) {
    this.#options = options;
  }

  /** The daily training; `unable` while nothing is built to learn from. @throws what the database or the training throws. */
  async train(stop: AbortSignal): Promise<JobOutcome> {
    const { predictor } = this.#options;
    if (predictor === undefined || !(await predictor.canLearn())) return 'unable';
    await trainingRound(predictor, this.#round(), stop);
    return 'done';
  }

  /**
   * Begins to predict what is due, but not during a build: what is known of a quarter is to be whole.
   * @returns the work that was begun, which never rejects; undefined if nothing is due.
   */
  async start(stop: AbortSignal): Promise<{ readonly done: Promise<void> } | undefined> {
    const { predictor, state, conditions } = this.#options;
    if (predictor === undefined || this.#isPredicting || state.building !== undefined || stop.aborted) return undefined;
    const due = await predictor.due();
    if (due.length === 0) return undefined;
    this.#isPredicting = true;
    const done = predictingRound(predictor, due, this.#round(), stop)
      .then(() => conditions.recovered('predictions'))
      .catch((error: unknown) => {
        const hint = 'It is tried again at every check.';
        if (error instanceof ConnectionError) databaseFailed(conditions, error, hint);
        else if (!stop.aborted) conditions.failed('predictions', messageOf(error), hint);
      })
      .finally(() => {
        this.#isPredicting = false;
      });
    return { done };
  }

  #round() {
    const { warehouse, clock, log, metrics, state, conditions } = this.#options;
    const report: RoundReport = {
      say: (event, text, fields) => log.write('info', event, text, fields),
      warn: (event, text, fields) => log.write('warning', event, text, fields),
      predictorsFailed: (message) => {
        if (message === undefined) conditions.recovered('predictors');
        else conditions.failed('predictors', message, 'It is asked again from the next quarter of an hour.');
      },
      wrote: (target, horizon, records) => metrics.predicted.inc({ target, horizon }, records),
      took: (seconds) => metrics.trainingSeconds.set(seconds),
      chose: (champions) => {
        state.champions = champions;
        metrics.setChampions(champions);
      },
    };
    return { warehouse, clock, report };
  }
}
