import { columnsNamed, type Matrix, rowsAt } from '../data/matrix.ts';
import { probabilityOf } from '../data/numbers.ts';
import type { FittedTerms, RidgeSpec } from '../linear/spec.ts';
import { addedByColumns } from '../linear/terms.ts';
import { pathContributions } from '../trees/contributions.ts';
import type { FittedTrees } from '../trees/spec.ts';
import { fitOfRow, predictsProbability, scalesOf } from './score.ts';
import type { Artefact, Explanation, ResidualSpec } from './spec.ts';

/**
 * Why one row of a matrix is predicted as it is: exact terms of a linear model (against a row of means), path contributions of
 * trees (against the mean of the rows of training). Of a probability everything is in log odds, after calibration.
 * @throws LearningError if a column is not there.
 */
export function explain(artefact: Artefact, matrix: Matrix, row = 0): Explanation {
  const values = columnsNamed(rowsAt(matrix, [row]), artefact.columns);
  const added = new Float64Array(artefact.columns.length);
  const uncorrected = addContributions(artefact, { columns: artefact.columns, rows: 1, values }, added);
  const { slope, offset } = artefact.calibration ?? { slope: 1, offset: 0 };
  const base = slope * uncorrected + offset;
  const contributions = artefact.columns
    .map((column, at) => ({
      column,
      value: values[at]?.[0] ?? Number.NaN,
      contribution: slope * (added[at] as number),
    }))
    .filter(({ contribution }) => contribution !== 0)
    .sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution) || (a.column < b.column ? -1 : 1));
  const sum = contributions.reduce((total, { contribution }) => total + contribution, base);
  return { base, sum, prediction: predictsProbability(artefact) ? probabilityOf(sum) : sum, contributions };
}

/** Adds what each column of the only row contributes, and returns what is left without any. */
function addContributions({ model, spec, columns }: Artefact, matrix: Matrix, added: Float64Array): number {
  const addTerms = (fit: FittedTerms, share = 1) => {
    const valueIn = (column: string) => matrix.values[columns.indexOf(column)]?.[0] ?? Number.NaN;
    for (const [column, value] of addedByColumns(fit, valueIn)) add(added, columns.indexOf(column), share * value);
    return share * fit.intercept;
  };
  const addPaths = (trees: FittedTrees, share: number) => {
    const paths = pathContributions(trees, matrix.values, 0);
    paths.added.forEach((value, at) => {
      add(added, at, share * value);
    });
    return share * paths.base;
  };
  switch (model.kind) {
    case 'logistic':
      return addTerms(model.all);
    case 'ridge':
      return addTerms(fitOfRow(model, spec as RidgeSpec, matrix)(0));
    case 'trees':
      return addPaths(model, 1);
    case 'residual': {
      const intercept = addTerms(fitOfRow(model.base, (spec as ResidualSpec).base, matrix)(0));
      return intercept + addPaths(model.trees, scalesOf(spec as ResidualSpec, matrix)[0] as number);
    }
    case 'logistic-trees':
      return addTerms(model.logistic.all, 0.5) + addPaths(model.trees, 0.5);
    default:
      return model satisfies never;
  }
}

function add(to: Float64Array, at: number, value: number): void {
  to[at] = (to[at] as number) + value;
}
