// How good predictions are, and how far to trust one.
//
//   1. classification.ts  of probabilities: AUC, Brier score, log loss, calibration error
//   2. regression.ts      of values: RMSE, MAE, MAPE, bias, R2; coverage of intervals
//   3. conformal.ts       intervals from a model's own past errors
//   4. calibration.ts     probabilities corrected, where that helps
//   5. drift.ts           inputs that are no longer distributed as in training
//   6. importance.ts      how much worse predictions get when a column is shuffled
//
// Everywhere a prediction and what was measured have the same position. What cannot be computed (of no rows, or of
// one class) is undefined, never 0 or NaN.

/** The shares of a reliability diagram: the probabilities of one range, how many there are, their sum, and that of the outcomes. */
export interface ReliabilityBin {
  readonly rows: number;
  readonly predicted: number;
  readonly measured: number;
}

/**
 * The area under the ROC curve: the probability that a row with outcome 1 is ranked above one with outcome 0, a tie counting
 * half (Hanley and McNeil, Radiology 143(1), 1982; Mann-Whitney's U by mid-ranks).
 */
export function areaUnderCurve(probabilities: Float64Array, outcomes: Float64Array): number | undefined {
  const order = Int32Array.from({ length: probabilities.length }, (_, at) => at);
  order.sort((a, b) => (probabilities[a] as number) - (probabilities[b] as number));
  let [ones, ranks, start] = [0, 0, 0];
  while (start < order.length) {
    const value = probabilities[order[start] as number];
    let [end, tied] = [start, 0];
    for (; end < order.length && probabilities[order[end] as number] === value; end += 1)
      tied += outcomes[order[end] as number] as number;
    ones += tied;
    // Positions start + 1 to end share their mean as rank.
    ranks += (tied * (start + 1 + end)) / 2;
    start = end;
  }
  const zeros = order.length - ones;
  return ones === 0 || zeros === 0 ? undefined : (ranks - (ones * (ones + 1)) / 2) / (ones * zeros);
}

/** The mean squared difference between probability and outcome (Brier, Monthly Weather Review 78(1), 1950); 0 is best. */
export function brierScore(probabilities: Float64Array, outcomes: Float64Array): number | undefined {
  return meanOf(probabilities, outcomes, (p, y) => (p - y) ** 2);
}

/** The mean of -ln(probability of what happened), in nats; a probability counts as at least 1e-15. */
export function logLoss(probabilities: Float64Array, outcomes: Float64Array): number | undefined {
  return meanOf(probabilities, outcomes, (p, y) => -Math.log(Math.max(y === 1 ? p : 1 - p, 1e-15)));
}

/** The share of rows whose outcome is the likelier one; a probability of 1/2 counts as 1. */
export function accuracy(probabilities: Float64Array, outcomes: Float64Array): number | undefined {
  return meanOf(probabilities, outcomes, (p, y) => Number(Number(p >= 0.5) === y));
}

/** The rows by their probability, in ranges of equal width. A range without rows has sums of 0. */
export function reliability(probabilities: Float64Array, outcomes: Float64Array, bins = 10): readonly ReliabilityBin[] {
  const sums = Array.from({ length: bins }, () => ({ rows: 0, predicted: 0, measured: 0 }));
  probabilities.forEach((p, row) => {
    const bin = sums[Math.min(bins - 1, Math.floor(p * bins))];
    if (bin === undefined) return;
    bin.rows += 1;
    bin.predicted += p;
    bin.measured += outcomes[row] as number;
  });
  return sums;
}

/**
 * The expected calibration error: the mean, by rows, of the difference between the mean probability of a range and the share of
 * ones in it (Naeini, Cooper, Hauskrecht, "Obtaining well calibrated probabilities using Bayesian binning", AAAI 2015); 0 is best.
 */
export function calibrationError(probabilities: Float64Array, outcomes: Float64Array, bins = 10): number | undefined {
  if (probabilities.length === 0) return undefined;
  const differences = reliability(probabilities, outcomes, bins).map(({ predicted, measured }) =>
    Math.abs(predicted - measured),
  );
  return differences.reduce((sum, difference) => sum + difference, 0) / probabilities.length;
}

/** The mean of a function of prediction and outcome; of no rows undefined. */
export function meanOf(
  predicted: Float64Array,
  measured: Float64Array,
  of: (predicted: number, measured: number) => number,
): number | undefined {
  if (predicted.length === 0) return undefined;
  let sum = 0;
  for (let row = 0; row < predicted.length; row += 1) sum += of(predicted[row] as number, measured[row] as number);
  return sum / predicted.length;
}
