import { hasModels, newestModels } from '../../predictions/models.ts';
import type { Queryable } from '../../warehouse/warehouse.ts';

/** The champion of a target and horizon. Times are ISO text. */
export interface Champion {
  readonly target: string;
  readonly horizon: string;
  readonly name: string;
  readonly version: string;
  /** End of what it has learnt from, and how long ago that is. */
  readonly trainedTo: string;
  readonly ageSeconds: number;
  /** How much smaller its error was than that of the mean of the hour of the week when it was chosen: 0.3 is 30 %. Null if unknown. */
  readonly skill: number | null;
  /** When a forecast was made last; null if none was. */
  readonly predictedFrom: string | null;
}

/** A model of a target and horizon, by how wrong it was. */
export interface Rival {
  readonly name: string;
  readonly evaluation: { readonly criterion: number };
}

/** How much better than the mean of the hour of the week a model was: above 0 it is better. Undefined if that was not measured. */
export function skillOf(one: Rival, rivals: readonly Rival[]): number | undefined {
  const mean = rivals.find(({ name }) => name === 'hour-of-week');
  // A predictor has no evaluation of a training.
  if (mean === undefined || mean.evaluation.criterion === 0 || !Number.isFinite(one.evaluation.criterion))
    return undefined;
  return 1 - one.evaluation.criterion / mean.evaluation.criterion;
}

/** The champions of all targets and horizons; none before the first training. */
export async function readChampions(on: Queryable, now: Date): Promise<readonly Champion[]> {
  if (!(await hasModels(on))) return [];
  const models = await newestModels(on);
  const champions = models.filter(({ isChampion }) => isChampion);
  // One look into the primary key each: there is a run a quarter of an hour for years.
  const { rows } = await on.query<{ target: string; horizon: string; origin: number | null }>(
    `select c.target, c.horizon, (extract(epoch from (
        select max(r.origin) from staging.prediction_run as r where r.target = c.target and r.horizon = c.horizon
     )) * 1000)::float8 as origin
     from unnest($1::text[], $2::text[]) as c (target, horizon)`,
    [champions.map(({ target }) => target), champions.map(({ horizon }) => horizon)],
  );
  return champions.map((one) => {
    const { target, horizon, name, version } = one;
    const rivals = models.filter((other) => other.target === target && other.horizon === horizon);
    const run = rows.find((row) => row.target === target && row.horizon === horizon);
    const trainedTo = new Date(one.trainedTo);
    return {
      target,
      horizon,
      name,
      version,
      trainedTo: trainedTo.toISOString(),
      ageSeconds: Math.max(0, (now.getTime() - trainedTo.getTime()) / 1000),
      skill: skillOf(one, rivals) ?? null,
      predictedFrom: typeof run?.origin === 'number' ? new Date(run.origin).toISOString() : null,
    };
  });
}
