import { readArtefact } from '../learning/model/artefact.ts';
import { explain } from '../learning/model/explain.ts';
import type { Explanation } from '../learning/model/spec.ts';
import { DatacycleError } from '../warehouse/errors.ts';
import type { Warehouse } from '../warehouse/warehouse.ts';
import { dropFeatures, examplesOf, type FeatureRelations, prepareFeatures, quarterMs, recoded } from './examples.ts';
import { fullName, predictingModels } from './models.ts';
import { dailyOriginAt, newestTime, originAt } from './origin.ts';
import type { Horizon, PredictionSettings, Use } from './settings.ts';

/** A forecast of the champion, and why it is as it is. */
export interface Explained {
  readonly apartment: string;
  readonly room: string;
  /** Beginning of the window, ISO. */
  readonly window: string;
  readonly explanation: Explanation;
}

/**
 * Why the champion predicts what it predicts: of each room the first window that is predicted from the last complete quarter.
 * @param at as if it were then; undefined: when the newest reading came.
 * @throws DatacycleError if there is no champion, or it is a baseline, which has nothing to explain.
 */
export async function explainForecasts(
  warehouse: Warehouse,
  relations: FeatureRelations,
  settings: PredictionSettings,
  use: Use,
  horizon: Horizon,
  at: Date | undefined,
): Promise<readonly Explained[]> {
  return warehouse.session(async (session) => {
    const newest = await newestTime(session, relations, at);
    const [champion] = await predictingModels(session, use, horizon);
    if (champion === undefined)
      throw new DatacycleError({
        what: `no model predicts ${use} at the horizon ${horizon} yet`,
        hint: 'Run datacycle predict train first.',
      });
    const { content } = champion;
    if (content.kind === 'baseline')
      throw new DatacycleError({
        what: `${fullName(champion)} predicts ${use} at the horizon ${horizon}, a baseline: it says again what was measured at other times`,
        hint: 'docs/predictions.md says which; `datacycle predict promote` makes a model that has learnt the champion.',
      });
    const now = originAt(newest);
    const origin = horizon === 'day' ? dailyOriginAt(now) : now;
    try {
      await prepareFeatures(session, relations, origin, origin + quarterMs);
      const wanted = { use, horizon, from: origin, to: origin + quarterMs, codes: content.codes };
      const examples = recoded(await examplesOf(session, settings, wanted), content.codes);
      const artefact = readArtefact(content.artefact);
      const seen = new Set<string>();
      return examples.rooms.flatMap((room, row) => {
        const apartment = examples.apartments[row] ?? '';
        if (seen.has(`${apartment}/${room}`)) return [];
        seen.add(`${apartment}/${room}`);
        const window = new Date(examples.targets[row] ?? 0).toISOString();
        return [{ apartment, room, window, explanation: explain(artefact, examples.matrix, row) }];
      });
    } finally {
      await dropFeatures(session);
    }
  });
}
