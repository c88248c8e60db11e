import { probabilityOf, sumOf } from '../data/numbers.ts';
import { weightedQuantile } from '../data/quantile.ts';
import type { Loss } from './spec.ts';

/** Derivatives of the loss by the sum of the trees, times the weight of the row, one a row. */
export interface Derivatives {
  readonly gradient: Float64Array;
  readonly curvature: Float64Array;
}

/**
 * The constant that has the least loss: the mean, a quantile, or the log odds of the share of ones. Of log odds the share is
 * (k + 1/2) / (n + 1), Jeffreys' prior, which is finite where all targets are equal.
 */
export function bestConstant(loss: Loss, target: Float64Array, weights: Float64Array): number {
  switch (loss.name) {
    case 'l2':
      return sumOf(target.map((value, row) => value * (weights[row] as number))) / sumOf(weights);
    case 'l1':
      return weightedQuantile(target, weights, 0.5);
    case 'quantile':
      return weightedQuantile(target, weights, loss.level);
    case 'logistic': {
      const ones = sumOf(target.map((value, row) => value * (weights[row] as number)));
      const share = (ones + 0.5) / (sumOf(weights) + 1);
      return Math.log(share / (1 - share));
    }
    default:
      return loss satisfies never;
  }
}

/**
 * Fills in the derivatives at the present sums (Friedman 2001, sections 4.1 to 4.5). Absolute error and pinball loss have no
 * curvature; there the weight stands for it, and the leaves get their quantile afterwards (`leafLevel`).
 */
export function derive(
  loss: Loss,
  sums: Float64Array,
  target: Float64Array,
  weights: Float64Array,
  { gradient, curvature }: Derivatives,
): void {
  switch (loss.name) {
    case 'l2':
      deriveSquared(sums, target, weights, gradient, curvature);
      break;
    case 'l1':
      derivePinball(0.5, 2, sums, target, weights, gradient, curvature);
      break;
    case 'quantile':
      derivePinball(loss.level, 1, sums, target, weights, gradient, curvature);
      break;
    case 'logistic':
      deriveLogistic(sums, target, weights, gradient, curvature);
      break;
    default:
      loss satisfies never;
  }
}

/** The quantile of what is left that a leaf adds; undefined where it adds a Newton step. */
export function leafLevel(loss: Loss): number | undefined {
  if (loss.name === 'l1') return 0.5;
  return loss.name === 'quantile' ? loss.level : undefined;
}

function deriveSquared(
  sums: Float64Array,
  target: Float64Array,
  weights: Float64Array,
  gradient: Float64Array,
  curvature: Float64Array,
): void {
  for (let row = 0; row < sums.length; row += 1) {
    const weight = weights[row] as number;
    gradient[row] = weight * ((sums[row] as number) - (target[row] as number));
    curvature[row] = weight;
  }
}

function deriveLogistic(
  sums: Float64Array,
  target: Float64Array,
  weights: Float64Array,
  gradient: Float64Array,
  curvature: Float64Array,
): void {
  for (let row = 0; row < sums.length; row += 1) {
    const weight = weights[row] as number;
    const p = probabilityOf(sums[row] as number);
    gradient[row] = weight * (p - (target[row] as number));
    curvature[row] = weight * p * (1 - p);
  }
}

function derivePinball(
  level: number,
  times: number,
  sums: Float64Array,
  target: Float64Array,
  weights: Float64Array,
  gradient: Float64Array,
  curvature: Float64Array,
): void {
  for (let row = 0; row < sums.length; row += 1) {
    const weight = weights[row] as number;
    const isBelow = (target[row] as number) <= (sums[row] as number);
    gradient[row] = times * weight * (isBelow ? 1 - level : -level);
    curvature[row] = weight;
  }
}
