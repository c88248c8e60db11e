import { readArtefact } from '../learning/model/artefact.ts';
import { score } from '../learning/model/score.ts';
import type { Artefact } from '../learning/model/spec.ts';
import type { Queryable } from '../warehouse/warehouse.ts';
import { type Baseline, baselinePredictions, type Means } from './candidates.ts';
import type { DayIntervals } from './days.ts';
import { drawnWhereEmpty, seldomWhereEmpty } from './empty-homes.ts';
import type { Examples } from './examples.ts';
import { boundsOf, type Intervals } from './intervals.ts';
import { drawnToLastDay, levelled } from './levels.ts';
import type { Measured } from './measure.ts';
import { correctedByLastDay } from './recent.ts';
import type { Horizon, Use } from './settings.ts';

/** What scoring needs of a model. */
export type Content = {
  /** `<apartment>/<room>` by position: the codes of the inputs `room` and `apartment`. */
  readonly codes: readonly string[];
  readonly means: Means;
  /** Bounds of the error; absent for probabilities, after too few errors, and from models that were stored before they were by size. */
  readonly bounds?: Intervals | undefined;
  /** Those of whole days; absent of shorter horizons, and likewise. */
  readonly dayBounds?: DayIntervals | undefined;
} & (
  | { readonly kind: 'baseline'; readonly baseline: Baseline }
  | {
      readonly kind: 'learned';
      readonly artefact: Artefact;
      /** Of power that is not days ahead, what the forecasts of each room by its code are multiplied by; models that were stored before there was this have none. */
      readonly levels?: readonly number[];
      /** Likewise, the power of each room's bursts, by which what it drew on the last day counts. */
      readonly bursts?: readonly number[];
      /** Of power and days ahead, how far the days of each room by its code are drawn to the last known one; likewise. */
      readonly dayWeights?: readonly number[];
    }
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
    `with newest as (
        select distinct on (target, horizon) model_id, target, horizon, chosen_at, content ->> 'kind' as kind
        from staging.model where chosen_at is not null order by target, horizon, chosen_at desc, model_id desc
     ), kept as (
        -- a predictor that was made the champion stays it: training says nothing of it
        update staging.model as p
        set chosen_at = greatest((select max(m."chosenAt") from jsonb_to_recordset($1::jsonb) as m ("chosenAt" timestamptz)), n.chosen_at) + interval '2 seconds'
        from newest as n
        where p.model_id = n.model_id and n.kind = 'predictor'
            and exists (select from jsonb_to_recordset($1::jsonb) as m (target text, horizon text)
                where m.target = n.target and m.horizon = n.horizon)
     )
     insert into staging.model
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

/** Whether there is a table of models: a database of which nothing was loaded has none. */
export async function hasModels(on: Queryable): Promise<boolean> {
  const { rows } = await on.query<{ there: boolean }>(`select to_regclass('staging.model') is not null as there`);
  return rows[0]?.there === true;
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

/** What was made the champion last: a model of the program, or a predictor, a program of others. Undefined before the first training. */
export async function championOf(
  on: Queryable,
  target: Use,
  horizon: Horizon,
): Promise<{ readonly name: string; readonly isPredictor: boolean } | undefined> {
  const { rows } = await on.query<{ name: string; isPredictor: boolean }>(
    `select name, content ->> 'kind' = 'predictor' as "isPredictor" from staging.model
     where target = $1 and horizon = $2 and chosen_at is not null
     order by chosen_at desc, model_id desc limit 1`,
    [target, horizon],
  );
  return rows[0];
}

/** A model of the program that predicts, and as what. */
export type Predicting = StoredModel & { readonly role: 'champion' | 'challenger' | 'baseline' };

/**
 * The models of the program that predict a target and horizon: the champion first, then what it is compared with, the newest version of each model
 * that has learnt and the mean of the hour of the week, and the mean of the hour of the day for rooms that are new. Empty before the first
 * training. Predictors, programs of others, are not among them.
 * @param isLed whether a predictor is the champion and has predicted: then the first only competes.
 */
export async function predictingModels(
  on: Queryable,
  target: Use,
  horizon: Horizon,
  isLed = false,
): Promise<readonly Predicting[]> {
  const { rows } = await on.query<Predicting>(
    `with own as (
        select * from staging.model where target = $1 and horizon = $2 and content ->> 'kind' <> 'predictor'
     ), newest as (
        select distinct on (name) model_id from own order by name, model_id desc
     ), champion as (
        select model_id from own where chosen_at is not null order by chosen_at desc, model_id desc limit 1
     )
     select ${columns}, content,
        case when model_id in (select model_id from champion) and not $3::boolean then 'champion'
            when is_baseline then 'baseline' else 'challenger' end as role
     from own
     where exists (select from champion)
        and (model_id in (select model_id from champion)
            or model_id in (select model_id from newest) and (not is_baseline or name in ('hour-of-week', 'hour-of-day')))
     order by model_id not in (select model_id from champion), name`,
    [target, horizon, isLed],
  );
  return rows;
}

/** How many versions of a model are kept. */
const versionsKept = 30;

/** Deletes the versions of each model but the newest ones and the champion. */
export async function pruneModels(on: Queryable): Promise<void> {
  await on.query(
    `delete from staging.model as m using (
        select model_id,
            row_number() over (partition by target, horizon, name order by model_id desc) as place,
            row_number() over (partition by target, horizon order by chosen_at desc nulls last) as chosen
        from staging.model) as o
     where o.model_id = m.model_id and o.place > ${versionsKept} and o.chosen > 1`,
  );
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

/**
 * Of power within hours, forecasts are corrected by those of the day before that are among the examples, if it is known what came true.
 * @throws LearningError if the artefact was changed or cannot be read.
 */
export function forecastsOf(use: Use, content: Content, examples: Examples): Forecasts {
  const { matrix } = examples;
  const raw =
    content.kind === 'baseline'
      ? baselinePredictions(use, content.baseline, matrix, content.means)
      : score(readArtefact(content.artefact), matrix);
  if (use === 'occupied') return { values: content.kind === 'learned' ? seldomWhereEmpty(raw, examples) : raw };
  const { levels, bursts, dayWeights } = content.kind === 'learned' ? content : {};
  const atLevel = levelled(raw, examples, levels);
  const soon = levels === undefined ? atLevel : drawnWhereEmpty(atLevel, examples);
  const corrected = bursts === undefined ? soon : correctedByLastDay(soon, examples, bursts);
  const values = dayWeights === undefined ? corrected : drawnToLastDay(corrected, examples, dayWeights);
  return content.bounds === undefined ? { values } : { values, ...boundsOf(content.bounds, values, examples) };
}

/** The name that predictions of a model have. */
export function fullName({ target, horizon, name }: Pick<StoredModel, 'target' | 'horizon' | 'name'>): string {
  return `${target}-${horizon}-${name}`;
}
