import { areaUnderCurve, brierScore, calibrationError } from '../learning/measure/classification.ts';
import { meanAbsoluteError, meanSignedDifference, rootMeanSquaredError } from '../learning/measure/regression.ts';
import { grouped } from './rows.ts';
import type { Use } from './settings.ts';

/** How wrong a model was on windows that came after all that it had learnt from. */
export interface Measured {
  readonly rows: number;
  /** What the champion is chosen by, smaller is better: the Brier score, or RMSE over the mean, averaged over rooms. */
  readonly criterion: number;
  /** The same of each room, by `<apartment>/<room>`. */
  readonly byRoom: Readonly<Record<string, number>>;
  /** Area under the ROC curve; of probabilities only. */
  readonly auc?: number | undefined;
  /** The expected calibration error; of probabilities only. */
  readonly ece?: number | undefined;
  readonly rmse?: number | undefined;
  readonly mae?: number | undefined;
  /** Mean of predicted - measured. */
  readonly bias?: number | undefined;
  /** The bias as a share of the mean of what was measured. */
  readonly biasShare?: number | undefined;
  /** What exchanging a column's values among rows adds to the loss, the largest first; of models that have learnt. */
  readonly importance?: readonly { readonly column: string; readonly increase: number }[];
  /** How far inputs moved in the last seven days from all that was learnt from (population stability index), the largest first. */
  readonly drift?: readonly { readonly column: string; readonly psi: number }[];
}

/** @param rooms of each row. */
export function measured(use: Use, predicted: Float64Array, actual: Float64Array, rooms: readonly string[]): Measured {
  const rows = actual.length;
  const bias = meanSignedDifference(predicted, actual);
  const mean = rows === 0 ? 0 : actual.reduce((sum, value) => sum + value, 0) / rows;
  const byRoom = Object.fromEntries(
    [...grouped(rows, (row) => rooms[row] ?? '')].flatMap(([room, at]) => {
      const of = (values: Float64Array) => Float64Array.from(at, (row) => values[row] ?? 0);
      const criterion = criterionOf(use, of(predicted), of(actual));
      return criterion === undefined ? [] : [[room, criterion]];
    }),
  );
  const common = {
    rows,
    byRoom,
    rmse: rootMeanSquaredError(predicted, actual),
    mae: meanAbsoluteError(predicted, actual),
    bias,
    biasShare: bias === undefined || mean === 0 ? undefined : bias / mean,
  };
  if (use === 'occupied')
    return {
      ...common,
      criterion: brierScore(predicted, actual) ?? 1,
      auc: areaUnderCurve(predicted, actual),
      ece: calibrationError(predicted, actual),
    };
  const relative = Object.values(byRoom);
  return { ...common, criterion: relative.reduce((sum, value) => sum + value, 0) / Math.max(relative.length, 1) };
}

/** Of one room; undefined where it uses next to nothing. */
function criterionOf(use: Use, predicted: Float64Array, actual: Float64Array): number | undefined {
  if (use === 'occupied') return brierScore(predicted, actual);
  const mean = actual.reduce((sum, value) => sum + value, 0) / actual.length;
  return mean > 0.5 ? (rootMeanSquaredError(predicted, actual) ?? 0) / mean : undefined;
}
