import { columnsNamed, type Matrix } from '../data/matrix.ts';
import { logOddsOf, probabilityOf } from '../data/numbers.ts';
import type { FittedRidge, FittedTerms, RidgeSpec } from '../linear/spec.ts';
import { sumTerms } from '../linear/terms.ts';
import { sumsOfTrees } from '../trees/predict.ts';
import type { Artefact, Calibration, ResidualSpec } from './spec.ts';

/**
 * The predictions of a model, one for each row of the matrix in its order: probabilities of 1, or values in the target's unit.
 * Columns are found by name; others do no harm.
 * @throws LearningError if a column is not there.
 */
export function score(artefact: Artefact, matrix: Matrix): Float64Array {
  const sums = sumsOf(artefact, matrix);
  if (!predictsProbability(artefact)) return sums;
  const { calibration } = artefact;
  return sums.map((sum) =>
    probabilityOf(calibration === undefined ? sum : calibration.slope * sum + calibration.offset),
  );
}

/** Whether the sums of the model are log odds. */
export function predictsProbability({ model }: Artefact): boolean {
  return (
    model.kind === 'logistic' || model.kind === 'logistic-trees' || (model.kind === 'trees' && model.link === 'logit')
  );
}

/** A probability, corrected. */
export function corrected(calibration: Calibration, probability: number): number {
  return probabilityOf(calibration.slope * logOddsOf(probability) + calibration.offset);
}

/** The sums of the model before calibration: of probabilities, log odds. */
function sumsOf({ model, columns, spec }: Artefact, matrix: Matrix): Float64Array {
  const used = { columns, rows: matrix.rows, values: columnsNamed(matrix, columns) };
  switch (model.kind) {
    case 'trees':
      return sumsOfTrees(model, used.values, used.rows);
    case 'logistic':
      return termsOfRows(used, () => model.all);
    case 'ridge':
      return ridgePredictions(model, spec as RidgeSpec, used);
    case 'residual': {
      const rest = sumsOfTrees(model.trees, used.values, used.rows);
      const scales = scalesOf(spec as ResidualSpec, used);
      return ridgePredictions(model.base, (spec as ResidualSpec).base, used).map(
        (value, row) => value + (scales[row] as number) * (rest[row] as number),
      );
    }
    case 'logistic-trees': {
      const ofTrees = sumsOfTrees(model.trees, used.values, used.rows);
      return termsOfRows(used, () => model.logistic.all).map((sum, row) => (sum + (ofTrees[row] as number)) / 2);
    }
    default:
      return model satisfies never;
  }
}

/** The predictions of ridge regression, one a row. */
export function ridgePredictions(model: FittedRidge, spec: RidgeSpec, matrix: Matrix): Float64Array {
  return termsOfRows(matrix, fitOfRow(model, spec, matrix));
}

/** Which terms apply to a row: those of its value of `by`, or of all where that value had too few rows. */
export function fitOfRow(model: FittedRidge, spec: RidgeSpec, matrix: Matrix): (row: number) => FittedTerms {
  const by = matrix.values[matrix.columns.indexOf(spec.by ?? '')];
  if (by === undefined) return () => model.all;
  const fits = new Map(model.groups.map(({ level, fit }) => [level, fit]));
  return (row) => fits.get(by[row] as number) ?? model.all;
}

function termsOfRows(matrix: Matrix, fitOf: (row: number) => FittedTerms): Float64Array {
  const columns = new Map(matrix.columns.map((name, index) => [name, matrix.values[index] as Float64Array]));
  const rowsOf = new Map<FittedTerms, number[]>();
  for (let row = 0; row < matrix.rows; row += 1) {
    const fit = fitOf(row);
    const rows = rowsOf.get(fit);
    if (rows === undefined) rowsOf.set(fit, [row]);
    else rows.push(row);
  }
  const sums = new Float64Array(matrix.rows);
  for (const [fit, rows] of rowsOf) sumTerms(fit, (column) => columns.get(column), Int32Array.from(rows), sums);
  return sums;
}

/** What the rest of each row is divided by. */
export function scalesOf({ scale }: ResidualSpec, matrix: Matrix): Float64Array {
  const scales = new Float64Array(matrix.rows).fill(1);
  if (scale === undefined) return scales;
  const column = matrix.values[matrix.columns.indexOf(scale.column)] ?? scales;
  // A missing value is no number, and compares as false.
  return column.map((value) => (value > scale.atLeast ? value : scale.atLeast));
}
