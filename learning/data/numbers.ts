/** @returns the sum, of rows in their order. */
export function sumOf(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}

/** 1 / (1 + exp(-x)), without overflow: the probability of log odds. */
export function probabilityOf(logOdds: number): number {
  if (logOdds >= 0) return 1 / (1 + Math.exp(-logOdds));
  const odds = Math.exp(logOdds);
  return odds / (1 + odds);
}

/** The log odds of a probability; probabilities of 0 and 1 count as 1e-15 away from them. */
export function logOddsOf(probability: number): number {
  const p = Math.min(Math.max(probability, 1e-15), 1 - 1e-15);
  return Math.log(p / (1 - p));
}

/** The values that are there, ascending. @param known as long as the values: the result is a part of it. */
export function sortedValues(values: Float64Array, known = new Float64Array(values.length)): Float64Array {
  let count = 0;
  for (let row = 0; row < values.length; row += 1) {
    const value = values[row] as number;
    if (Number.isNaN(value)) continue;
    known[count] = value;
    count += 1;
  }
  return known.subarray(0, count).sort();
}

/** How many edges lie below a value; edges ascend. By bisection. */
export function edgesBelow(edges: ArrayLike<number>, value: number): number {
  let [low, high] = [0, edges.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value <= (edges[middle] as number)) high = middle;
    else low = middle + 1;
  }
  return low;
}
