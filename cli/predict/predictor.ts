// What predicts while the watcher runs.
//
//   1. relations.ts  the models of the project that features are read from
//   2. champions.ts  the models in use: their age, their skill
//   3. scoring.ts    what predicts: predictors of others, then the models of the program
//   4. predictor.ts  predicts from each quarter of an hour that has ended, trains once a day
//
// A quarter is predicted from once its readings are built; the next three days once the day's weather is, or ten minutes after that
// should have been there. An origin that was predicted from before, by whichever process, writes nothing again (predictions/score.ts).
import { dayMs, type FeatureRelations, quarterMs } from '../../predictions/examples.ts';
import { dailyOriginAt, newestTime, originAt } from '../../predictions/origin.ts';
import { type Horizon, type PredictionSettings, predictionSettings, uses } from '../../predictions/settings.ts';
import { type Trained, trainModels } from '../../predictions/train.ts';
import { type PredictorSettings, predictorSettings } from '../../predictors/predictor-settings.ts';
import type { Compiled } from '../../runner/compile/compile.ts';
import type { Project } from '../../runner/project/project.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { featureRelations, hasFeatures, relationOf } from './relations.ts';
import { type ScoringOutcome, scoreAll } from './scoring.ts';

/** How long after its origin the forecast of days waits for the weather of the day, in milliseconds. */
const weatherMs = 600_000;

/** Predicts what is due. Remembers what it has done, so that a look at what is due costs next to nothing. */
export class Predictor {
  readonly #warehouse: Warehouse;
  readonly #relations: FeatureRelations;
  readonly #settings: PredictionSettings;
  readonly #predictors: readonly PredictorSettings[];
  readonly #project: Project;
  /** Where it is seen that the weather of a day is built; undefined if none is loaded. */
  readonly #forecasts: string | undefined;
  readonly #clock: () => Date;
  /** The last origins that were predicted from; milliseconds. */
  #quarter = 0;
  #day = 0;

  /** @param hasWeather whether forecasts are loaded, which the daily forecast then waits for. */
  constructor(compiled: Compiled, warehouse: Warehouse, hasWeather: boolean, clock: () => Date) {
    this.#warehouse = warehouse;
    this.#relations = featureRelations(compiled);
    this.#settings = predictionSettings(compiled.project.vars.predictions);
    this.#predictors = predictorSettings(compiled.project.vars.predictions);
    this.#project = compiled.project;
    this.#forecasts = hasWeather ? relationOf(compiled, 'fact_weather_hour') : undefined;
    this.#clock = clock;
  }

  /** A predictor, if the project has what is predicted from. @throws DatacycleError for settings that make no sense. */
  static of(compiled: Compiled, warehouse: Warehouse, hasWeather: boolean, clock: () => Date): Predictor | undefined {
    return hasFeatures(compiled) ? new Predictor(compiled, warehouse, hasWeather, clock) : undefined;
  }

  /** The horizons that are to be predicted for now: none while nothing was built or trained. */
  async due(): Promise<readonly Horizon[]> {
    const origin = await this.#origin();
    if (origin === undefined) return [];
    const day = dailyOriginAt(origin);
    const horizons: Horizon[] = origin > this.#quarter ? ['quarter', 'hour'] : [];
    if (day > this.#day && (await this.#hasWeatherFor(day))) horizons.push('day');
    return horizons;
  }

  /**
   * Predicts for these horizons from what is built. Predictors are asked again for the day that has begun, which one may not have answered yet.
   * @param onError called with what a predictor writes to its standard error.
   */
  async score(
    horizons: readonly Horizon[],
    signal: AbortSignal,
    onError: (predictor: string, line: string) => void,
  ): Promise<ScoringOutcome> {
    const outcome = await scoreAll(this.#warehouse, {
      relations: this.#relations,
      settings: this.#settings,
      predictors: this.#predictors,
      folder: this.#project.root,
      env: this.#project.env,
      horizons,
      predictorHorizons: this.#day > 0 && !horizons.includes('day') ? [...horizons, 'day'] : horizons,
      signal,
      onError,
    });
    for (const { horizon, origin } of outcome.scored) {
      const time = new Date(origin).getTime();
      if (horizon === 'day') this.#day = Math.max(this.#day, time);
      else this.#quarter = Math.max(this.#quarter, time);
    }
    return outcome;
  }

  /** Trains all models on what is built. */
  async train(signal: AbortSignal): Promise<readonly Trained[]> {
    const [relations, settings] = [this.#relations, this.#settings];
    return trainModels(this.#warehouse, { relations, settings, uses, signal });
  }

  /** Whether what is read is built, and has readings. */
  async canLearn(): Promise<boolean> {
    const { rows } = await this.#warehouse.query<{ there: boolean }>(
      'select bool_and(to_regclass(r.name) is not null) as there from unnest($1::text[]) as r (name)',
      [Object.values(this.#relations)],
    );
    if (rows[0]?.there !== true) return false;
    const found = await this.#warehouse.query(`select from ${this.#relations.readings} limit 1`);
    return found.rows.length > 0;
  }

  async #origin(): Promise<number | undefined> {
    if (!(await this.canLearn())) return undefined;
    if (this.#predictors.length === 0) {
      const { rows } = await this.#warehouse.query('select from staging.model where chosen_at is not null limit 1');
      if (rows.length === 0) return undefined;
    }
    return originAt(await newestTime(this.#warehouse, this.#relations, undefined));
  }

  async #hasWeatherFor(origin: number): Promise<boolean> {
    const made = origin + quarterMs;
    if (this.#forecasts === undefined || this.#clock().getTime() >= made + weatherMs) return true;
    const key = new Date(Math.floor(made / dayMs) * dayMs).toISOString().slice(0, 10).replaceAll('-', '');
    const { rows } = await this.#warehouse.query(
      `select from ${this.#forecasts} where prediction_date_key = $1 limit 1`,
      [Number(key)],
    );
    return rows.length > 0;
  }
}
