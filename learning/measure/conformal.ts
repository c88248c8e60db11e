/** What to add to a prediction for the ends of its interval. */
export interface Interval {
  readonly lower: number;
  readonly upper: number;
}

/** Of fewer errors the outer quantiles are mostly chance. */
export const fewestErrors = 100;

/**
 * The interval that a model's own errors give: their quantiles at `missShare / 2` on both sides, taken one rank further out than
 * those of the sample, so that a new error of the same kind falls outside with at most this probability (split conformal
 * prediction: Vovk, Gammerman, Shafer, "Algorithmic learning in a random world", 2005, section 4.2; Lei et al., JASA 113, 2018).
 * @param errors measured - predicted, each on forecasts that were made before it was measured; divided by whatever makes rooms
 * alike, in which unit the interval is, too. In any order.
 * @param missShare the share of values that may fall outside: 0.2 for an interval of 80 %.
 * @param fewest how many errors there have to be.
 * @returns undefined for fewer.
 */
export function intervalOf(errors: Float64Array, missShare: number, fewest = fewestErrors): Interval | undefined {
  const n = errors.length;
  if (n < fewest) return undefined;
  const sorted = errors.slice().sort();
  const below = Math.floor(((n + 1) * missShare) / 2);
  const at = (rank: number) => sorted[Math.min(Math.max(rank, 1), n) - 1] as number;
  return { lower: at(below), upper: at(n + 1 - below) };
}

/** How much of a difference is made good a day: within a week or two, the half of it. */
const gain = 0.1;

/**
 * The share to make the next intervals for: smaller (wider intervals) after more misses than wanted, larger after fewer. Whatever
 * the errors do, the share missed in the long run comes to the target (adaptive conformal inference: Gibbs and Candes, "Adaptive
 * conformal inference under distribution shift", NeurIPS 2021, equation 2; a step a day, by the share of all its misses).
 * @param missShare what the last intervals were made for.
 * @param missed the share that fell outside of them.
 * @param target the share that is to be missed: 0.2 for intervals of 80 %.
 * @returns within 0.005 and 0.6.
 */
export function adapted(missShare: number, missed: number, target: number): number {
  return Math.min(Math.max(missShare + gain * (target - missed), 0.005), 0.6);
}
