import type { featureRelations } from '../../cli/predict/relations.ts';
import { newestTime } from '../../predictions/origin.ts';
import { horizons, type PredictionSettings, uses } from '../../predictions/settings.ts';
import { historiesOf } from '../../predictions/walk.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { type Accuracy, chosen } from './bars.ts';
import { coverageOf } from './coverage.ts';
import { forecastsOf, walkOf } from './forecasts.ts';
import { dayScores, occupiedScores, powerScores } from './scores.ts';

/** Measures the forecasts of the last four weeks of a history that is built. */
export async function measureAccuracy(
  warehouse: Warehouse,
  relations: ReturnType<typeof featureRelations>,
  settings: PredictionSettings,
  say: (text: string) => void,
): Promise<Accuracy> {
  const walk = walkOf(new Date(await newestTime(warehouse, relations, undefined)), settings);
  const histories = [...(await historiesOf(warehouse, relations, walk, uses, horizons))];
  const found = { occupied: [], power: [], days: [], coverage: [] } as {
    -readonly [K in keyof Accuracy]: Accuracy[K][number][];
  };
  for (let history = histories.shift(); history !== undefined; history = histories.shift()) {
    const { use, horizon } = history;
    say(`${use}, ${horizon}: ${history.known.matrix.rows} examples`);
    const forecasts = await forecastsOf(history, walk);
    if (use === 'occupied') {
      found.occupied.push(...occupiedScores(forecasts));
      continue;
    }
    found.power.push(...powerScores(forecasts));
    found.coverage.push(...coverageOf(forecasts, chosen[use], settings.interval));
    if (horizon === 'day') found.days.push(...dayScores(forecasts));
  }
  return found;
}
