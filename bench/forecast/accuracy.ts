import type { FeatureRelations } from '../../predictions/examples.ts';
import { inputsOf } from '../../predictions/inputs.ts';
import { newestTime } from '../../predictions/origin.ts';
import { horizons, type PredictionSettings, uses } from '../../predictions/settings.ts';
import { type Columns, historiesOf } from '../../predictions/walk.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { knimeInputs } from './as-in-knime.ts';
import { type Accuracy, chosen } from './bars.ts';
import { type Coverage, coverageOf } from './coverage.ts';
import { exportExamples } from './export.ts';
import { forecastsOf, walkOf } from './forecasts.ts';
import {
  type DayScore,
  dayScores,
  type OccupiedScore,
  occupiedScores,
  type PowerScore,
  powerScores,
} from './scores.ts';

/** What the program's models read, and those that they are compared with. */
const columnsOf: Columns = (use, horizon) => [...new Set([...inputsOf(use, horizon), ...knimeInputs(use)])];

/** Measures the forecasts of the last four weeks of a history that is built. @param examples the folder that they are written to, if they are wanted. */
export async function measureAccuracy(
  warehouse: Warehouse,
  relations: FeatureRelations,
  settings: PredictionSettings,
  say: (text: string) => void,
  examples: string | undefined,
): Promise<Accuracy> {
  const walk = walkOf(new Date(await newestTime(warehouse, relations, undefined)), settings);
  const histories = [...(await historiesOf(warehouse, relations, walk, uses, horizons, columnsOf))];
  const [occupied, power, days, coverage]: [OccupiedScore[], PowerScore[], DayScore[], Coverage[]] = [[], [], [], []];
  // Let go one by one: each holds tens of megabytes.
  for (let history = histories.shift(); history !== undefined; history = histories.shift()) {
    const { use, horizon, known } = history;
    say(`${use}, ${horizon}: ${known.matrix.rows} examples`);
    const forecasts = await forecastsOf(history, walk);
    if (examples !== undefined) exportExamples(examples, history, walk, forecasts);
    if (use === 'occupied') {
      occupied.push(...occupiedScores(forecasts));
      continue;
    }
    power.push(...powerScores(forecasts));
    coverage.push(...coverageOf(forecasts, chosen[use], settings.interval));
    if (horizon === 'day') days.push(...dayScores(forecasts));
  }
  return { occupied, power, days, coverage };
}
