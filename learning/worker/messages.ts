import type { Matrix } from '../data/matrix.ts';
import type { Artefact, ModelSpec } from '../model/spec.ts';

/** What a training thread is to do: the arguments of `train`. */
export interface TrainingJob {
  readonly spec: ModelSpec;
  readonly matrix: Matrix;
  readonly target: Float64Array;
  readonly weights?: Float64Array;
}

/** What a training thread reports. The last one is `trained` or `refused`. */
export type TrainingMessage =
  | { readonly kind: 'progress'; readonly done: number; readonly total: number }
  | { readonly kind: 'trained'; readonly artefact: Artefact }
  /** A LearningError: an error loses its class on the way between threads. */
  | { readonly kind: 'refused'; readonly message: string; readonly remedy: string };
