import type { Summary } from '../data/summary.ts';
import type { FittedLogistic, FittedRidge, LogisticSpec, RidgeSpec } from '../linear/spec.ts';
import type { FittedTrees, TreesSpec } from '../trees/spec.ts';

/**
 * Ridge regression, then boosted trees on what it leaves: a line follows what lies outside of all that was seen (a winter after
 * an autumn), trees follow what is no line. The prediction is `ridge + scale * trees`.
 */
export interface ResidualSpec {
  readonly kind: 'residual';
  readonly base: RidgeSpec;
  readonly trees: TreesSpec;
  /**
   * What is left is divided by a column that says how large the target usually is in its row (a room's mean of 7 days), so that
   * small rooms and large ones share trees. Below `atLeast`, or missing, the column counts as `atLeast`, which is above 0.
   */
  readonly scale?: { readonly column: string; readonly atLeast: number };
}

/**
 * Logistic regression and boosted trees side by side, each trained on its own: the log odds are the mean of theirs. They err for
 * different reasons, so the mean errs by less than either where there is little to learn from.
 */
export interface LogisticTreesSpec {
  readonly kind: 'logistic-trees';
  readonly logistic: LogisticSpec;
  /** Of log loss. */
  readonly trees: TreesSpec;
}

/** How a model is trained. */
export type ModelSpec = TreesSpec | RidgeSpec | LogisticSpec | ResidualSpec | LogisticTreesSpec;

/** Ridge and trees on its rest, trained. */
export interface FittedResidual {
  readonly kind: 'residual';
  readonly base: FittedRidge;
  readonly trees: FittedTrees;
}

/** Logistic regression and trees side by side, trained. */
export interface FittedLogisticTrees {
  readonly kind: 'logistic-trees';
  readonly logistic: FittedLogistic;
  readonly trees: FittedTrees;
}

/** What training yields, by the kind of the model. */
export type Fitted = FittedTrees | FittedRidge | FittedLogistic | FittedResidual | FittedLogisticTrees;

/** A correction of probabilities: the log odds become `slope * log odds + offset`. */
export interface Calibration {
  readonly slope: number;
  readonly offset: number;
}

/** How much the splits on a column gained, as a share of what all splits gained: 0 to 1. */
export interface Gain {
  readonly column: string;
  readonly gain: number;
}

/**
 * A trained model as plain JSON. It holds no time and no name of a machine: the same specification and examples give the same
 * bytes (`canonicalJson`), so `checksum` is a version.
 */
export interface Artefact {
  readonly format: 1;
  readonly spec: ModelSpec;
  /** The columns that it was trained on; scoring finds them by name. */
  readonly columns: readonly string[];
  /** How many rows it was trained on. */
  readonly rows: number;
  readonly model: Fitted;
  /** Of trees, alone or beside another model: the columns that were used, the largest gain first. Else empty. */
  readonly gains: readonly Gain[];
  /** How the values of each column were spread, by which drift is measured. */
  readonly inputs: readonly Summary[];
  readonly calibration?: Calibration;
  /** SHA-256 of the canonical JSON of everything else. */
  readonly checksum: string;
}

/** Why a row was predicted as it was. `base` and all contributions add up to `sum`; for a probability these are log odds. */
export interface Explanation {
  readonly base: number;
  readonly sum: number;
  /** What `score` says of the row: `sum`, or the probability of these log odds. */
  readonly prediction: number;
  /** What each column added or took away, the largest first; `value` is the row's, NaN where it is missing. */
  readonly contributions: readonly { readonly column: string; readonly value: number; readonly contribution: number }[];
}
