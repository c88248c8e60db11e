import type { Interval } from '../learning/measure/conformal.ts';
import { readArtefact } from '../learning/model/artefact.ts';
import { score } from '../learning/model/score.ts';
import type { Artefact } from '../learning/model/spec.ts';
import type { Queryable } from '../warehouse/warehouse.ts';
import { type Baseline, baselinePredictions, type Means, smallestScale } from './candidates.ts';
import type { Examples } from './examples.ts';
import type { Measured } from './measure.ts';
import type { Horizon, Use } from './settings.ts';

/** What scoring needs of a model. */
export type Content = {
  /** `<apartment>/<room>` by position: the codes of the inputs `room` and `apartment`. */
  readonly codes: readonly string[];
  readonly means: Means;
  /** Bounds of the error, in units of the room's usual power; absent for probabilities and after too few errors. */
  readonly interval?: Interval | undefined;
} & (
  | { readonly kind: 'baseline'; readonly baseline: Baseline }
  | { readonly kind: 'learned'; readonly artefact: Artefact }
);

/** A version of a model. Times are ISO. */
export type StoredModel = {
  readonly target: Use;
  readonly horizon: Horizon;
  readonly name: string;
  readonly version: string;
  readonly trainedFrom: string;
  readonly trainedTo: string;
  readonly rows: number;
  readonly apartments: readonly string[];
  readonly evaluation: Measured;
  readonly content: Content;
  /** When it became the champion; null if it never did. */
  readonly chosenAt: string | null;
};

/** Writes versions, and which of them are champions, in one statement: all of it is there or nothing. */
export async function storeModels(on: Queryable, models: readonly StoredModel[]): Promise<void> {
  await on.query(
    `insert into staging.model
        (target, horizon, name, version, is_baseline, trained_from, trained_to, rows, apartments, evaluation, content, chosen_at)
     select m.target, m.horizon, m.name, m.version, m.content ->> 'kind' = 'baseline', m."trainedFrom", m."trainedTo", m.rows,
        array(select jsonb_array_elements_text(m.apartments)), m.evaluation, m.content,
        case when m."chosenAt" is not null then greatest(m."chosenAt", (
            select max(o.chosen_at) + interval '1 second' from staging.model as o
            where o.target = m.target and o.horizon = m.horizon)) end
     from jsonb_to_recordset($1::jsonb) as m (target text, horizon text, name text, version text, "trainedFrom" timestamptz,
        "trainedTo" timestamptz, rows bigint, apartments jsonb, evaluation jsonb, content jsonb, "chosenAt" timestamptz)
     on conflict (target, horizon, name, version) do update set
        trained_from = excluded.trained_from, trained_to = excluded.trained_to, rows = excluded.rows,
        apartments = excluded.apartments, evaluation = excluded.evaluation, content = excluded.content,
        chosen_at = coalesce(excluded.chosen_at, staging.model.chosen_at)`,
    [JSON.stringify(models)],
  );
}

const columns = `target, horizon, name, version, trained_from as "trainedFrom", trained_to as "trainedTo", rows::float8 as rows,
    to_jsonb(apartments) as apartments, evaluation, chosen_at as "chosenAt"`;

/** The newest version of each model by name, without its content, champions first. */
export async function newestModels(
  on: Queryable,
): Promise<readonly (Omit<StoredModel, 'content'> & { readonly isChampion: boolean })[]> {
  const { rows } = await on.query<Omit<StoredModel, 'content'> & { isChampion: boolean }>(
    `select *, coalesce("chosenAt" = max("chosenAt") over (partition by target, horizon), false) as "isChampion"
     from (select distinct on (target, horizon, name) ${columns} from staging.model
        order by target, horizon, name, chosen_at desc nulls last, model_id desc) as m
     order by target, horizon, "isChampion" desc, (evaluation ->> 'criterion')::float8, name`,
  );
  return rows;
}

/** The champion of a target and horizon, and the baseline that it has to beat; undefined before the first training. */
export async function championOf(on: Queryable, target: Use, horizon: Horizon): Promise<StoredModel | undefined> {
  const { rows } = await on.query<StoredModel>(
    `select ${columns}, content from staging.model
     where target = $1 and horizon = $2 and chosen_at is not null order by chosen_at desc, model_id desc limit 1`,
    [target, horizon],
  );
  return rows[0];
}

/** Makes the newest version of a model the champion. @returns whether there is such a model. */
export async function promote(
  on: Queryable,
  target: string,
  horizon: string,
  name: string,
  at: Date,
): Promise<boolean> {
  const { rowCount } = await on.query(
    `update staging.model set chosen_at = greatest($4::timestamptz, (select max(o.chosen_at) + interval '1 second' from staging.model as o
        where o.target = $1 and o.horizon = $2))
     where model_id = (select max(model_id) from staging.model where target = $1 and horizon = $2 and name = $3)`,
    [target, horizon, name, at.toISOString()],
  );
  return rowCount > 0;
}

/** Forecasts of a model with their bounds, one a row of the examples. */
export interface Forecasts {
  readonly values: Float64Array;
  readonly lower?: Float64Array;
  readonly upper?: Float64Array;
}

/** @throws LearningError if the artefact was changed or cannot be read. */
export function forecastsOf(use: Use, content: Content, { matrix }: Examples): Forecasts {
  const raw =
    content.kind === 'baseline'
      ? baselinePredictions(use, content.baseline, matrix, content.means)
      : score(readArtefact(content.artefact), matrix);
  // A line may fall below zero, power does not.
  const values = use === 'occupied' ? raw : raw.map((value) => Math.max(value, 0));
  const { interval } = content;
  if (interval === undefined) return { values };
  const scales = scalesOfRooms(matrix);
  const bound = (end: number) => values.map((value, row) => Math.max(value + end * (scales[row] ?? 1), 0));
  return { values, lower: bound(interval.lower), upper: bound(interval.upper) };
}

/** What is usual in the room of each row: its mean power of seven days, in W. */
export function scalesOfRooms(matrix: Examples['matrix']): Float64Array {
  const usual = matrix.values[matrix.columns.indexOf('p_7d')] ?? new Float64Array(matrix.rows);
  return usual.map((value) => (value > smallestScale ? value : smallestScale));
}
