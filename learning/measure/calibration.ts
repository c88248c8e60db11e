import { logOddsOf, sumOf } from '../data/numbers.ts';
import { fitLogistic } from '../linear/logistic.ts';
import { corrected } from '../model/score.ts';
import type { Calibration } from '../model/spec.ts';
import { logLoss } from './classification.ts';

/** Probabilities and what happened: 1 or 0. */
export interface Outcomes {
  readonly probabilities: Float64Array;
  readonly outcomes: Float64Array;
}

/**
 * Platt's correction: log odds become slope * log odds + offset, fitted by maximum likelihood with targets that are a little
 * less than 1 and more than 0 (Platt, "Probabilistic outputs for support vector machines", 2000, section 2.2).
 * @returns undefined where all probabilities or all outcomes are equal.
 */
export function plattCalibration({ probabilities, outcomes }: Outcomes): Calibration | undefined {
  const ones = sumOf(outcomes);
  const zeros = outcomes.length - ones;
  if (ones === 0 || zeros === 0) return undefined;
  const targets = outcomes.map((outcome) => (outcome === 1 ? (ones + 1) / (ones + 2) : 1 / (zeros + 2)));
  const weights = new Float64Array(outcomes.length).fill(1);
  const inputs = {
    names: ['log odds'],
    columns: [probabilities.map(logOddsOf)],
    weights,
    categories: new Set<string>(),
  };
  const { intercept, terms } = fitLogistic({ ...inputs, hasPenalty: false }, targets, 0);
  const [term] = terms;
  if (term === undefined) return undefined;
  const slope = term.coefficient / term.deviation;
  return { slope, offset: intercept - slope * term.mean };
}

/**
 * Platt's correction of all outcomes, if that of either part makes the log loss of the other smaller, else none: what is off in one part
 * alone will hardly be so afterwards, and a fit on few days often makes things worse.
 */
export function calibrationThatHelps(one: Outcomes, other: Outcomes): Calibration | undefined {
  return helps(one, other) && helps(other, one)
    ? plattCalibration({
        probabilities: joined(one.probabilities, other.probabilities),
        outcomes: joined(one.outcomes, other.outcomes),
      })
    : undefined;
}

function helps(fitted: Outcomes, { probabilities, outcomes }: Outcomes): boolean {
  const calibration = plattCalibration(fitted);
  if (calibration === undefined) return false;
  const before = logLoss(probabilities, outcomes);
  const after = logLoss(
    probabilities.map((probability) => corrected(calibration, probability)),
    outcomes,
  );
  return before !== undefined && after !== undefined && after < before;
}

function joined(one: Float64Array, other: Float64Array): Float64Array {
  const all = new Float64Array(one.length + other.length);
  all.set(one);
  all.set(other, one.length);
  return all;
}
