import type { Measured } from './measure.ts';
import type { Use } from './settings.ts';

/** A model that can become the champion. */
export interface Contender {
  readonly name: string;
  readonly hasLearnt: boolean;
  readonly evaluation: Measured;
}

/** Who the champion is, and why a model that was less wrong is not. */
export interface Choice {
  /** Undefined if there is no contender. */
  readonly champion: string | undefined;
  /** By the model's name, a text for people. */
  readonly refused: Readonly<Record<string, string>>;
}

/** How much better than the best baseline a model has to be to become the champion: 1 %. */
const worthIt = 0.99;
/** The largest bias of power, as a share of the mean, that a champion may have, unless the best baseline has more: watts are summed to kWh. */
const largestBias = 0.1;

/**
 * The champion is the best model that has learnt, if it is 1 % better than the best baseline, not worse in more than half of the rooms, and its
 * power is biased by no more than 10 %, or than that baseline; else the best baseline.
 */
export function championAmong(use: Use, found: readonly Contender[]): Choice {
  const baseline = best(found.filter(({ hasLearnt }) => !hasLearnt));
  const refused: Record<string, string> = {};
  const fit = found.filter((one) => {
    if (!one.hasLearnt) return false;
    const why = baseline === undefined ? undefined : whyNot(use, one.evaluation, baseline.evaluation);
    if (why !== undefined && one.evaluation.criterion < (baseline?.evaluation.criterion ?? 0)) refused[one.name] = why;
    return why === undefined;
  });
  return { champion: (best(fit) ?? baseline)?.name, refused };
}

/** Why a model is not to be the champion in place of a baseline; undefined if it may. */
function whyNot(use: Use, one: Measured, baseline: Measured): string | undefined {
  const rooms = Object.keys(one.byRoom).filter((room) => baseline.byRoom[room] !== undefined);
  const worse = rooms.filter((room) => (one.byRoom[room] ?? 0) > (baseline.byRoom[room] ?? 0));
  if (one.criterion > worthIt * baseline.criterion) return 'less than 1 % better than the best baseline';
  if (worse.length * 2 > rooms.length)
    return `worse than the best baseline in ${worse.length} of ${rooms.length} rooms`;
  const biasOf = ({ biasShare = 0 }: Measured) => Math.abs(biasShare);
  if (use !== 'mean_power_w' || biasOf(one) <= Math.max(largestBias, biasOf(baseline))) return undefined;
  return `its power is biased by ${(100 * (one.biasShare ?? 0)).toFixed(0)} %`;
}

function best(found: readonly Contender[]): Contender | undefined {
  return found.reduce<Contender | undefined>(
    (least, one) => (least === undefined || one.evaluation.criterion < least.evaluation.criterion ? one : least),
    undefined,
  );
}
