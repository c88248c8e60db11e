import { championOf, fullName } from '../predictions/models.ts';
import type { Horizon, Use } from '../predictions/settings.ts';
import type { Queryable, Warehouse } from '../warehouse/warehouse.ts';
import type { Prediction } from './answers.ts';
import type { PredictorSettings } from './predictor-settings.ts';

/** What a predictor has not answered yet. */
export interface Due {
  readonly target: Use;
  readonly horizon: Horizon;
  /** The quarter that had just ended; ISO. */
  readonly origin: string;
  /** Whether it was made the champion of the target and horizon. */
  readonly isChampion: boolean;
}

/** Whether an origin is still to be answered; if not, whether it was as the champion. */
export type Dueness =
  | { readonly kind: 'due'; readonly due: Due }
  | { readonly kind: 'there'; readonly origin: string; readonly leads: boolean };

/** Looks up whether a predictor has answered an origin. */
export async function dueOf(
  on: Queryable,
  { name }: PredictorSettings,
  target: Use,
  horizon: Horizon,
  origin: string,
): Promise<Dueness> {
  const { rows } = await on.query<{ leads: boolean }>(
    `select leads from staging.predictor_run where predictor = $1 and target = $2 and horizon = $3 and origin = $4`,
    [name, target, horizon, origin],
  );
  const [run] = rows;
  if (run !== undefined) return { kind: 'there', origin, leads: run.leads };
  const champion = await championOf(on, target, horizon);
  const isChampion = champion?.isPredictor === true && champion.name === name;
  return { kind: 'due', due: { target, horizon, origin, isChampion } };
}

/** What is written of a target and horizon. */
export interface WrittenAnswers {
  readonly predictor: PredictorSettings;
  readonly due: Due;
  readonly predictions: readonly Prediction[];
  readonly leads: boolean;
  /** Whether the program ended well: then the origin counts as answered. */
  readonly isDone: boolean;
}

/**
 * Writes records, the note that the origin was answered, and the versions among the models, all in one statement.
 * @returns false if another process has answered it first, or there is nothing to write.
 */
export async function writeAnswers(
  warehouse: Warehouse,
  { predictor, due, predictions, leads, isDone }: WrittenAnswers,
): Promise<boolean> {
  const { name, version: usual } = predictor;
  const { target, horizon, origin } = due;
  if (predictions.length === 0 && !isDone) return false;
  const records = predictions.map(({ question, version = usual, values }) => ({
    model: {
      name: fullName({ target, horizon, name }),
      version,
      type: 'predictor',
      role: leads ? 'champion' : 'challenger',
    },
    ...question,
    ...values,
  }));
  const versions = [...new Set(records.map(({ model }) => model.version))];
  const { rowCount } = await warehouse.query(
    `with noted as (
        insert into staging.predictor_run (predictor, target, horizon, origin, leads, records)
        select $1::text, $2::text, $3::text, $4::timestamptz, $5::boolean, $6::bigint where $7::boolean
        on conflict do nothing
        returning target
     ), champion as (
        select name, content ->> 'kind' as kind, chosen_at from staging.model
        where target = $2 and horizon = $3 and chosen_at is not null order by chosen_at desc, model_id desc limit 1
     ), known as (
        insert into staging.model
            (target, horizon, name, version, is_baseline, trained_from, trained_to, rows, apartments, evaluation, content, chosen_at)
        select $2::text, $3::text, $1::text, v.version, false, $4::timestamptz, $4::timestamptz, 0, '{}', '{}', '{"kind": "predictor"}',
            -- a new version of the champion is the champion
            (select c.chosen_at + interval '1 second' from champion as c where c.name = $1 and c.kind = 'predictor')
        from unnest($8::text[]) as v (version)
        on conflict do nothing
     )
     insert into staging.prediction (record)
     select r.value from jsonb_array_elements($9::jsonb) as r (value) where not $7::boolean or exists (select from noted)`,
    [name, target, horizon, origin, leads, records.length, isDone, versions, JSON.stringify(records)],
  );
  return rowCount > 0;
}
