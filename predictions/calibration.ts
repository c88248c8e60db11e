import { calibrationThatHelps, type Outcomes } from '../learning/measure/calibration.ts';
import type { Calibration } from '../learning/model/spec.ts';
import type { Examples } from './examples.ts';
import { positions } from './rows.ts';

/**
 * How probabilities are corrected that were off on examples which nothing had been learnt from: undefined, unless what the first half of
 * that time teaches helps in the second, and the other way round.
 */
export function calibrationOn(probabilities: Float64Array, examples: Examples): Calibration | undefined {
  const { origins, labels } = examples;
  const first = origins.reduce((least, origin) => Math.min(least, origin), Number.POSITIVE_INFINITY);
  const last = origins.reduce((most, origin) => Math.max(most, origin), Number.NEGATIVE_INFINITY);
  const middle = (first + last) / 2;
  const part = (isWanted: (origin: number) => boolean): Outcomes => {
    const rows = positions(examples, (row) => isWanted(origins[row] ?? 0));
    const values = (of: Float64Array) => Float64Array.from(rows, (row) => of[row] ?? 0);
    return { probabilities: values(probabilities), outcomes: values(labels) };
  };
  return calibrationThatHelps(
    part((origin) => origin < middle),
    part((origin) => origin >= middle),
  );
}
