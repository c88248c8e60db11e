import { columnsNamed, type Matrix, valuesAt } from '../data/matrix.ts';
import { inOneOrder } from '../data/order.ts';
import { randomOf, shuffled } from '../data/random.ts';
import { predictsProbability, score } from '../model/score.ts';
import type { Artefact } from '../model/spec.ts';
import { logLoss, meanOf } from './classification.ts';

/** How much larger the loss gets when the values of a column are exchanged among rows. */
export interface Importance {
  readonly column: string;
  /** Log loss of probabilities, else squared error in the target's unit squared. Below 0 the column does harm. */
  readonly increase: number;
}

/**
 * Permutation importance, the largest first (Breiman, "Random forests", Machine Learning 45(1), 2001, section 10): on rows that
 * the model was not trained on, what the column is worth for predictions. Columns that say the same share their worth.
 * @param seed the same seed and rows give the same figures, whatever the order of the rows.
 */
export function permutationImportance(
  artefact: Artefact,
  matrix: Matrix,
  target: Float64Array,
  seed = 1,
): readonly Importance[] {
  const weights = new Float64Array(matrix.rows).fill(1);
  const examples = inOneOrder({ matrix, target, weights });
  const values = columnsNamed(examples.matrix, artefact.columns);
  const rows = matrix.rows;
  const lossWith = (columns: readonly Float64Array[]) => {
    const predicted = score(artefact, { columns: artefact.columns, rows, values: columns });
    const loss = predictsProbability(artefact)
      ? logLoss(predicted, examples.target)
      : meanOf(predicted, examples.target, (p, y) => (p - y) ** 2);
    return loss ?? 0;
  };
  const before = lossWith(values);
  const random = randomOf(seed);
  return artefact.columns
    .map((column, at) => {
      const mixed = valuesAt(values[at] ?? new Float64Array(0), shuffled(random, rows));
      return { column, increase: lossWith(values.with(at, mixed)) - before };
    })
    .sort((one, other) => other.increase - one.increase || (one.column < other.column ? -1 : 1));
}
