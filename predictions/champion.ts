import type { Measured } from './measure.ts';
import type { Use } from './settings.ts';

/** A model that can become the champion. */
export interface Contender {
  readonly name: string;
  readonly hasLearnt: boolean;
  readonly evaluation: Measured;
}

/** How much better than the best baseline a model has to be to become the champion: 1 %. */
const worthIt = 0.99;
/** The largest bias of power, as a share of the mean, that a champion may have: watts are summed to kWh. */
const largestBias = 0.1;

/**
 * The name of the champion: the best model that has learnt, if it is 1 % better than the best baseline, not worse in more than half of the
 * rooms, and its power is biased by no more than 10 %; else the best baseline. Undefined if there is none.
 */
export function championAmong(use: Use, found: readonly Contender[]): string | undefined {
  const baseline = best(found.filter(({ hasLearnt }) => !hasLearnt));
  const learned = best(
    found.filter(({ hasLearnt, evaluation }) => {
      if (!hasLearnt) return false;
      if (use === 'mean_power_w' && Math.abs(evaluation.biasShare ?? 0) > largestBias) return false;
      return baseline === undefined || beats(evaluation, baseline.evaluation);
    }),
  );
  return (learned ?? baseline)?.name;
}

function beats(one: Measured, other: Measured): boolean {
  const rooms = Object.keys(one.byRoom).filter((room) => other.byRoom[room] !== undefined);
  const worse = rooms.filter((room) => (one.byRoom[room] ?? 0) > (other.byRoom[room] ?? 0));
  return one.criterion <= worthIt * other.criterion && worse.length * 2 <= rooms.length;
}

function best(found: readonly Contender[]): Contender | undefined {
  return found.reduce<Contender | undefined>(
    (least, one) => (least === undefined || one.evaluation.criterion < least.evaluation.criterion ? one : least),
    undefined,
  );
}
