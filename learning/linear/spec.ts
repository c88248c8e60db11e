/** Which inputs a linear model has, apart from numbers as they are. */
interface LinearInputs {
  /**
   * L2 penalty on the coefficients of standardised inputs, in units of weight (rows): the sum of squared errors, or twice the
   * log loss, plus lambda times the sum of squared coefficients is least. 0: none. The intercept is never penalised.
   */
  readonly lambda: number;
  /**
   * Columns whose values are names (of rooms, hours), not sizes: each value of training becomes an input of its own, 1 or 0.
   * Without a penalty the smallest value is the reference and has none.
   */
  readonly categories?: readonly string[];
}

/** Linear regression with an L2 penalty. */
export interface RidgeSpec extends LinearInputs {
  readonly kind: 'ridge';
  /** A column (a room, as a number): each of its values gets a model of its own. A value with few rows has the model of all. */
  readonly by?: string;
  /** The fewest rows of a value of `by` that make a model of its own; 50 where it is left out. */
  readonly minRows?: number;
}

/** Logistic regression with an L2 penalty: the probability that the target is 1; the target is 0 or 1. */
export interface LogisticSpec extends LinearInputs {
  readonly kind: 'logistic';
}

/**
 * One term of a linear model: `coefficient * (x - mean) / deviation`. x is the value of the column, or with a `level` 1 where
 * the value is that level and 0 elsewhere. A missing value counts as the mean, so it adds nothing. A value below `least` or above `greatest`
 * counts as that: a line says nothing of what is far from all that it was fitted to.
 */
export interface Term {
  readonly column: string;
  readonly level?: number;
  readonly mean: number;
  readonly deviation: number;
  /** The range of the values of training, wider by half of it on both sides; levels have none, nor have models stored before there was this. */
  readonly least?: number;
  readonly greatest?: number;
  readonly coefficient: number;
}

/** A linear model, trained: the sum of the intercept and the terms is the prediction; of logistic regression, its log odds. */
export interface FittedTerms {
  readonly intercept: number;
  readonly terms: readonly Term[];
}

/** Ridge regression, trained: the model of all rows, and those of the values of `by`. */
export interface FittedRidge {
  readonly kind: 'ridge';
  readonly all: FittedTerms;
  readonly groups: readonly { readonly level: number; readonly fit: FittedTerms }[];
}

/** Logistic regression, trained. */
export interface FittedLogistic {
  readonly kind: 'logistic';
  readonly all: FittedTerms;
}
