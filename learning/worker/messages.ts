import type { Matrix } from '../data/matrix.ts';
import type { Artefact, ModelSpec } from '../model/spec.ts';

/** What a training thread is to do: the arguments of `train`. */
export interface TrainingJob {
  readonly spec: ModelSpec;
  readonly matrix: Matrix;
  /** The rows of the matrix that are learnt from, by position; all of them if it is not given. */
  readonly rows?: Int32Array;
  /** One value a row that is learnt from; so are the weights. */
  readonly target: Float64Array;
  readonly weights?: Float64Array;
  /** Whether it is asked for what the model says of the rows that it has learnt from. */
  readonly predicts?: boolean;
}

/** What a training thread has made. */
export interface TrainingResult {
  readonly artefact: Artefact;
  /** What `score` says of the rows, if it was asked for. */
  readonly predictions?: Float64Array;
}

/** What a training thread reports. The last one is `trained` or `refused`. */
export type TrainingMessage =
  | { readonly kind: 'progress'; readonly done: number; readonly total: number }
  | ({ readonly kind: 'trained' } & TrainingResult)
  /** A LearningError: an error loses its class on the way between threads. */
  | { readonly kind: 'refused'; readonly message: string; readonly remedy: string };
