/** Set by `npm run test:long`. */
const isLong = process.env.TEST_LONG === '1';

/**
 * How often a test repeats what it does, where more rounds find what is rare: a few in the gate, many in the long form. What
 * is proven in a round is the same in both.
 */
export function rounds(counts: { readonly gate: number; readonly long: number }): number {
  return isLong ? counts.long : counts.gate;
}
