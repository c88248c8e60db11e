import { areaUnderCurve, brierScore } from '../learning/measure/classification.ts';
import { meanAbsoluteError, meanSignedDifference, rootMeanSquaredError } from '../learning/measure/regression.ts';
import type { Use } from './settings.ts';

/** How wrong a model was on windows that came after all that it had learnt from. */
export interface Measured {
  readonly rows: number;
  /** What the champion is chosen by, smaller is better: the Brier score, or RMSE over the mean, averaged over rooms. */
  readonly criterion: number;
  /** Area under the ROC curve; of probabilities only. */
  readonly auc?: number | undefined;
  readonly rmse?: number | undefined;
  readonly mae?: number | undefined;
  /** Mean of predicted - measured. */
  readonly bias?: number | undefined;
}

/** @param rooms of each row. */
export function measured(use: Use, predicted: Float64Array, actual: Float64Array, rooms: readonly string[]): Measured {
  const rows = actual.length;
  const rmse = rootMeanSquaredError(predicted, actual);
  const common = {
    rows,
    rmse,
    mae: meanAbsoluteError(predicted, actual),
    bias: meanSignedDifference(predicted, actual),
  };
  if (use === 'occupied')
    return { ...common, criterion: brierScore(predicted, actual) ?? 1, auc: areaUnderCurve(predicted, actual) };
  const byRoom = new Map<string, number[]>();
  rooms.forEach((room, row) => {
    const found = byRoom.get(room);
    if (found === undefined) byRoom.set(room, [row]);
    else found.push(row);
  });
  const relative = [...byRoom.values()].flatMap((at) => {
    const of = (values: Float64Array) => Float64Array.from(at, (row) => values[row] ?? 0);
    const mean = of(actual).reduce((sum, value) => sum + value, 0) / at.length;
    const error = rootMeanSquaredError(of(predicted), of(actual)) ?? 0;
    return mean > 0.5 ? [error / mean] : [];
  });
  return { ...common, criterion: relative.reduce((sum, value) => sum + value, 0) / Math.max(relative.length, 1) };
}
