/**
 * The smallest value at which at least the share `level` of all weight is reached (the inverse of the empirical distribution).
 * Of no values: 0.
 */
export function weightedQuantile(values: Float64Array, weights: Float64Array, level: number): number {
  const order = Int32Array.from({ length: values.length }, (_, at) => at);
  order.sort((a, b) => (values[a] as number) - (values[b] as number) || a - b);
  let total = 0;
  for (const weight of weights) total += weight;
  let reached = 0;
  for (const at of order) {
    reached += weights[at] as number;
    // A share of weights that are equal is a fraction whose last digit is uncertain.
    if (reached >= level * total * (1 - 1e-12)) return values[at] as number;
  }
  return values[order[order.length - 1] ?? 0] ?? 0;
}
