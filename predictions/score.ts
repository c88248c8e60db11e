import type { Session, Warehouse } from '../warehouse/warehouse.ts';
import {
  dayMs,
  dropFeatures,
  examplesOf,
  type FeatureRelations,
  featureSession,
  prepareFeatures,
  quarterMs,
  recoded,
} from './examples.ts';
import { type Predicting, predictingModels, type StoredModel } from './models.ts';
import { assigned } from './new-rooms.ts';
import { dailyOriginAt, newestTime, originAt } from './origin.ts';
import { lookBackOf } from './recent.ts';
import { recordsOf } from './records.ts';
import type { Horizon, PredictionSettings, Use } from './settings.ts';
import { uses } from './settings.ts';

/** What is to be predicted. */
export interface ScoreRequest {
  readonly relations: FeatureRelations;
  readonly settings: PredictionSettings;
  readonly horizons: readonly Horizon[];
  /** As if it were then; undefined: when the newest reading came. */
  readonly at?: Date | undefined;
  /** Of which targets and horizons (`target/horizon`) a predictor has predicted as the champion. */
  readonly led?: ReadonlySet<string> | undefined;
}

/** What became of a use and horizon. */
export interface Scored {
  readonly use: Use;
  readonly horizon: Horizon;
  /** The quarter that had just ended; ISO. */
  readonly origin: string;
  /** Records written; 0 if this origin was predicted from before. */
  readonly records: number;
  readonly state: 'written' | 'there already' | 'no model' | 'no readings';
  readonly model?: string | undefined;
  /** Whether the model has learnt from what came after the origin: such forecasts are better than any could have been then. */
  readonly isHindsight?: boolean;
}

/**
 * Predicts from the last complete quarter, and once a day three days ahead, by the champions and by what they
 * are compared with. The records and the note that this
 * origin is dealt with are one statement: what was written once is not written again, and after a kill nothing is half there.
 */
export async function scoreDue(warehouse: Warehouse, request: ScoreRequest): Promise<readonly Scored[]> {
  const { relations, horizons, at } = request;
  return featureSession(warehouse, async (session) => {
    const origin = originAt(await newestTime(session, relations, at));
    const soon = horizons.filter((horizon) => horizon !== 'day');
    const days = horizons.filter((horizon) => horizon === 'day');
    return [
      ...(await scoreFrom(session, request, origin, soon)),
      ...(await scoreFrom(session, request, dailyOriginAt(origin), days)),
    ];
  });
}

async function scoreFrom(
  session: Session,
  { relations, settings, led }: ScoreRequest,
  origin: number,
  horizons: readonly Horizon[],
): Promise<readonly Scored[]> {
  const time = new Date(origin).toISOString();
  const scored: Scored[] = [];
  const due: (readonly Predicting[])[] = [];
  for (const use of uses)
    for (const horizon of horizons) {
      const models = await predictingModels(session, use, horizon, led?.has(`${use}/${horizon}`));
      const [champion] = models;
      if (champion === undefined) scored.push({ use, horizon, origin: time, records: 0, state: 'no model' });
      else if (await isThere(session, use, horizon, time))
        scored.push({ use, horizon, origin: time, records: 0, state: 'there already', model: champion.name });
      else due.push(models);
    }
  if (due.length === 0) return scored;
  try {
    // A day before the origin, for what was measured since midnight and what forecasts are corrected by.
    await prepareFeatures(session, relations, origin - dayMs, origin + quarterMs);
    for (const models of due) {
      const [champion] = models;
      if (champion === undefined) continue;
      const { target: use, horizon } = champion;
      const wanted = { use, horizon, from: origin - lookBackOf(use, horizon), to: origin + quarterMs };
      const examples = await examplesOf(session, settings, { ...wanted, codes: champion.content.codes });
      const records: unknown[] = [];
      for (const { model, examples: of } of assigned(models, examples, settings.minDays))
        records.push(...(await recordsOf(session, model, recoded(of, model.content.codes), origin)));
      const isWritten = records.length > 0 && (await write(session, champion, time, records));
      const state = records.length === 0 ? 'no readings' : isWritten ? 'written' : 'there already';
      const isHindsight = isWritten && new Date(champion.trainedTo).getTime() > origin + quarterMs;
      const common = { use, horizon, origin: time, state, model: champion.name } as const;
      scored.push({ ...common, records: isWritten ? records.length : 0, ...(isHindsight ? { isHindsight } : {}) });
    }
  } finally {
    await dropFeatures(session);
  }
  return scored;
}

async function isThere(session: Session, use: Use, horizon: Horizon, origin: string): Promise<boolean> {
  const { rows } = await session.query(
    'select from staging.prediction_run where target = $1 and horizon = $2 and origin = $3',
    [use, horizon, origin],
  );
  return rows.length > 0;
}

/** @returns false if another process has written them first. */
async function write(
  session: Session,
  model: StoredModel,
  origin: string,
  records: readonly unknown[],
): Promise<boolean> {
  const { rowCount } = await session.query(
    `with noted as (
        insert into staging.prediction_run (target, horizon, origin, name, version, records)
        values ($1, $2, $3, $4, $5, $6)
        on conflict do nothing
        returning target
     )
     insert into staging.prediction (record)
     select r.value from jsonb_array_elements($7::jsonb) as r (value) where exists (select from noted)`,
    [model.target, model.horizon, origin, model.name, model.version, records.length, JSON.stringify(records)],
  );
  return rowCount > 0;
}
