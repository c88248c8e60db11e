import { probabilityOf, sumOf } from '../data/numbers.ts';
import { solve } from './cholesky.ts';
import { designOf, type Input, type Inputs, productsOf, productsWith } from './design.ts';
import type { FittedTerms } from './spec.ts';

const mostSteps = 60;

/**
 * Logistic regression with an L2 penalty by Newton's method, which here is iteratively reweighted least squares (Hastie,
 * Tibshirani, Friedman, "The elements of statistical learning", 4.4.1): each step solves weighted normal equations with the
 * weights w p (1 - p); a step that makes the fit worse is halved. If the target has one value only, no term can be told from
 * another: there are none, and the probability is (k + 1/2) / (n + 1), Jeffreys' prior for a share.
 * @param target 1 or 0, one a row.
 */
export function fitLogistic(inputs: Inputs, target: Float64Array, lambda: number): FittedTerms {
  const { weights } = inputs;
  const total = sumOf(weights);
  const ones = sumOf(target.map((value, row) => value * (weights[row] as number)));
  const share = (ones + 0.5) / (total + 1);
  if (ones === 0 || ones === total) return { intercept: Math.log(share / (1 - share)), terms: [] };
  const named = designOf(inputs);
  // The intercept is an input of ones, the first, without a penalty.
  const one = { values: new Float64Array(target.length).fill(1), of: { column: '', mean: 0, deviation: 1 } };
  const fitted = newton([one, ...named], target, weights, lambda, Math.log(share / (1 - share)));
  const terms = named.map(({ of }, index) => ({ ...of, coefficient: fitted[index + 1] as number }));
  return { intercept: fitted[0] as number, terms };
}

/** The coefficients of the inputs; the first input has no penalty and begins with `start`. */
function newton(
  inputs: readonly Input[],
  target: Float64Array,
  weights: Float64Array,
  lambda: number,
  start: number,
): Float64Array {
  const n = inputs.length;
  const penalty = Float64Array.from({ length: n }, (_, index) => (index === 0 ? 0 : lambda));
  let current = new Float64Array(n);
  current[0] = start;
  let cost = costOf(inputs, current, target, weights, penalty);
  for (let step = 0; step < mostSteps; step += 1) {
    const p = sumsOf(inputs, current).map(probabilityOf);
    const slope = productsWith(
      inputs,
      p.map((value, row) => ((target[row] as number) - value) * (weights[row] as number)),
    ).map((value, index) => value - (penalty[index] as number) * (current[index] as number));
    const curvature = productsOf(
      inputs,
      p.map((value, row) => Math.max(value * (1 - value), 1e-12) * (weights[row] as number)),
    );
    for (let i = 0; i < n; i += 1) curvature[i * n + i] = (curvature[i * n + i] as number) + (penalty[i] as number);
    const direction = solve(curvature, slope);
    const next = halved(current, direction, (candidate) => {
      const reached = costOf(inputs, candidate, target, weights, penalty);
      return reached <= cost ? reached : undefined;
    });
    if (next === undefined) break;
    const improved = cost - next.cost;
    current = next.coefficients;
    cost = next.cost;
    const largest = direction.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    // Newton's method doubles the digits with each step: after a step of 1e-9 none are left to find.
    if (largest < 1e-9 || improved === 0) break;
  }
  return current;
}

/** The first of the whole step, its half, its quarter and so on that `tried` accepts. */
function halved(
  from: Float64Array,
  direction: Float64Array,
  tried: (candidate: Float64Array) => number | undefined,
): { readonly coefficients: Float64Array<ArrayBuffer>; readonly cost: number } | undefined {
  for (let share = 1; share > 1e-6; share /= 2) {
    const coefficients = Float64Array.from(from, (value, index) => value + share * (direction[index] as number));
    const cost = tried(coefficients);
    if (cost !== undefined) return { coefficients, cost };
  }
  return undefined;
}

/** The log odds of each row. */
function sumsOf(inputs: readonly Input[], coefficients: Float64Array): Float64Array {
  const sums = new Float64Array(inputs[0]?.values.length ?? 0);
  inputs.forEach(({ values }, index) => {
    const coefficient = coefficients[index] as number;
    if (coefficient === 0) return;
    for (let row = 0; row < sums.length; row += 1)
      sums[row] = (sums[row] as number) + coefficient * (values[row] as number);
  });
  return sums;
}

/** The log loss, summed by weight, and half the penalty. */
function costOf(
  inputs: readonly Input[],
  coefficients: Float64Array,
  target: Float64Array,
  weights: Float64Array,
  penalty: Float64Array,
): number {
  let cost = 0;
  coefficients.forEach((value, index) => {
    cost += ((penalty[index] as number) * value * value) / 2;
  });
  sumsOf(inputs, coefficients).forEach((sum, row) => {
    // log(1 + exp(s)) - y s, without overflow.
    const loss = Math.max(sum, 0) + Math.log1p(Math.exp(-Math.abs(sum))) - (target[row] as number) * sum;
    cost += (weights[row] as number) * loss;
  });
  return cost;
}
