import { readArtefact } from '../learning/model/artefact.ts';
import { explain } from '../learning/model/explain.ts';
import type { Explanation } from '../learning/model/spec.ts';
import { DatacycleError } from '../warehouse/errors.ts';
import type { Warehouse } from '../warehouse/warehouse.ts';
import {
  dropFeatures,
  examplesOf,
  type FeatureRelations,
  featureSession,
  prepareFeatures,
  quarterMs,
  recoded,
} from './examples.ts';
import { championOf, fullName, predictingModels } from './models.ts';
import { assigned } from './new-rooms.ts';
import { dailyOriginAt, newestTime, originAt } from './origin.ts';
import type { Horizon, PredictionSettings, Use } from './settings.ts';

/** A forecast, and why it is as it is. */
export interface Explained {
  readonly apartment: string;
  readonly room: string;
  /** Beginning of the window, ISO. */
  readonly window: string;
  readonly explanation: Explanation;
}

/** Why a model predicts what it predicts. */
export interface Explanations {
  /** The model whose forecasts these are. */
  readonly model: string;
  /** The program of others that is the champion: it does not say why, so that the best own model is explained. */
  readonly predictor: string | undefined;
  readonly forecasts: readonly Explained[];
}

/**
 * Why the champion predicts what it predicts, or, where that is a predictor, the best own model: of each room the first window that is predicted
 * from the last complete quarter.
 * @param at as if it were then; undefined: when the newest reading came.
 * @throws DatacycleError if there is no such model, or it is a baseline, which has nothing to explain.
 */
export async function explainForecasts(
  warehouse: Warehouse,
  relations: FeatureRelations,
  settings: PredictionSettings,
  use: Use,
  horizon: Horizon,
  at: Date | undefined,
): Promise<Explanations> {
  return featureSession(warehouse, async (session) => {
    const newest = await newestTime(session, relations, at);
    const [own] = await predictingModels(session, use, horizon);
    if (own === undefined)
      throw new DatacycleError({
        what: `no model predicts ${use} at the horizon ${horizon} yet`,
        hint: 'Run datacycle predict train first.',
      });
    const { content } = own;
    const leader = await championOf(session, use, horizon);
    const predictor = leader?.isPredictor === true ? leader.name : undefined;
    if (content.kind === 'baseline')
      throw new DatacycleError({
        what: `${fullName(own)} ${predictor === undefined ? `predicts ${use} at the horizon ${horizon}` : `is the best of the own models beside the predictor ${predictor}`}, a baseline: it says again what was measured at other times`,
        hint: 'docs/predictions.md says which; `datacycle predict promote` makes a model that has learnt the champion.',
      });
    const now = originAt(newest);
    const origin = horizon === 'day' ? dailyOriginAt(now) : now;
    try {
      await prepareFeatures(session, relations, origin, origin + quarterMs);
      const wanted = { use, horizon, from: origin, to: origin + quarterMs, codes: content.codes };
      // Those that it predicts: of a room that it has not learnt there is no forecast of it.
      const [its] = assigned([own], await examplesOf(session, settings, wanted), settings.minDays);
      if (its === undefined) return { model: own.name, predictor, forecasts: [] };
      const examples = recoded(its.examples, content.codes);
      const artefact = readArtefact(content.artefact);
      const seen = new Set<string>();
      const forecasts = examples.rooms.flatMap((room, row) => {
        const apartment = examples.apartments[row] ?? '';
        if (seen.has(`${apartment}/${room}`)) return [];
        seen.add(`${apartment}/${room}`);
        const window = new Date(examples.targets[row] ?? 0).toISOString();
        return [{ apartment, room, window, explanation: explain(artefact, examples.matrix, row) }];
      });
      return { model: own.name, predictor, forecasts };
    } finally {
      await dropFeatures(session);
    }
  });
}
