import { meanOf } from './classification.ts';

/** The root of the mean squared difference, in the unit of the values. */
export function rootMeanSquaredError(predicted: Float64Array, measured: Float64Array): number | undefined {
  const mean = meanOf(predicted, measured, (p, y) => (p - y) ** 2);
  return mean === undefined ? undefined : Math.sqrt(mean);
}

/** The mean absolute difference, in the unit of the values. */
export function meanAbsoluteError(predicted: Float64Array, measured: Float64Array): number | undefined {
  return meanOf(predicted, measured, (p, y) => Math.abs(p - y));
}

/**
 * The mean absolute difference as a share of what was measured (0.1 is 10 %), over the rows where that is above 0; undefined if
 * there are none. Of values near 0 it is large for every model.
 */
export function meanAbsolutePercentageError(predicted: Float64Array, measured: Float64Array): number | undefined {
  let [sum, rows] = [0, 0];
  measured.forEach((value, row) => {
    if (!(value > 0)) return;
    sum += Math.abs((predicted[row] as number) - value) / value;
    rows += 1;
  });
  return rows === 0 ? undefined : sum / rows;
}

/** The mean of predicted - measured: above 0 the predictions are too high. */
export function meanSignedDifference(predicted: Float64Array, measured: Float64Array): number | undefined {
  return meanOf(predicted, measured, (p, y) => p - y);
}

/**
 * The share of the variance that is explained: 1 - squared differences / squared differences of the mean. Below 0 the mean is
 * the better prediction. Undefined where all that was measured is equal.
 */
export function explainedVariance(predicted: Float64Array, measured: Float64Array): number | undefined {
  const mean = meanOf(predicted, measured, (_, y) => y);
  if (mean === undefined) return undefined;
  const variance = meanOf(predicted, measured, (_, y) => (y - mean) ** 2) ?? 0;
  return variance === 0 ? undefined : 1 - (meanOf(predicted, measured, (p, y) => (p - y) ** 2) ?? 0) / variance;
}

/** The mean pinball loss of predicted quantiles (Koenker and Bassett, Econometrica 46(1), 1978). */
export function pinballLoss(predicted: Float64Array, measured: Float64Array, level: number): number | undefined {
  return meanOf(predicted, measured, (p, y) => (y >= p ? level * (y - p) : (1 - level) * (p - y)));
}

/** The share of rows whose measured value lies within its interval, the bounds included. A row without bounds (NaN) is left out. */
export function coverage(lower: Float64Array, upper: Float64Array, measured: Float64Array): number | undefined {
  let [within, rows] = [0, 0];
  measured.forEach((value, row) => {
    const [low, high] = [lower[row] as number, upper[row] as number];
    if (Number.isNaN(low) || Number.isNaN(high)) return;
    rows += 1;
    within += Number(value >= low && value <= high);
  });
  return rows === 0 ? undefined : within / rows;
}
