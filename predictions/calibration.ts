import { calibrationThatHelps, type Outcomes } from '../learning/measure/calibration.ts';
import type { Calibration } from '../learning/model/spec.ts';
import type { Examples } from './examples.ts';

/**
 * How probabilities are corrected that were off on examples which nothing had been learnt from: undefined, unless what the first half of
 * that time teaches helps in the second, and the other way round.
 * @param examples in the order of their origins, as they are read.
 */
export function calibrationOn(probabilities: Float64Array, examples: Examples): Calibration | undefined {
  const { origins, labels } = examples;
  const middle = ((origins[0] ?? 0) + (origins.at(-1) ?? 0)) / 2;
  const cut = origins.findIndex((origin) => origin >= middle);
  const part = (from: number, to?: number): Outcomes => ({
    probabilities: probabilities.subarray(from, to),
    outcomes: labels.subarray(from, to),
  });
  return calibrationThatHelps(part(0, cut), part(cut));
}
