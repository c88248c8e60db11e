/**
 * The quantile of values with weights: definition 7 of Hyndman and Fan ("Sample quantiles in statistical packages", American
 * Statistician 50(4), 1996), the smallest value being that of level 0 and the largest that of level 1, with each value repeated as
 * often as its weight has the smallest weight in it. Of no values: 0.
 * @param level 0 to 1.
 * @param weights 0 or more; a value of weight 0 does not count.
 */
export function weightedQuantile(values: Float64Array, weights: Float64Array, level: number): number {
  const order = Int32Array.from({ length: values.length }, (_, at) => at).filter((at) => (weights[at] as number) > 0);
  order.sort((a, b) => (values[a] as number) - (values[b] as number) || a - b);
  let [total, unit] = [0, Number.POSITIVE_INFINITY];
  for (const at of order) {
    total += weights[at] as number;
    unit = Math.min(unit, weights[at] as number);
  }
  const place = level * (total - unit);
  let [end, before] = [0, 0];
  for (const at of order) {
    const value = values[at] as number;
    // From the last repetition of the value before to the first of this one a line is drawn.
    if (place < end) return before + ((value - before) * (place - (end - unit))) / unit;
    end += weights[at] as number;
    before = value;
    if (place <= end - unit) return value;
  }
  return before;
}
