import { valuesAt } from '../../learning/data/matrix.ts';
import { accuracy, areaUnderCurve, brierScore, calibrationError } from '../../learning/measure/classification.ts';
import { rootMeanSquaredError } from '../../learning/measure/regression.ts';
import { type Examples, quarterMs } from '../../predictions/examples.ts';
import { grouped, positions, roomsOf } from '../../predictions/rows.ts';
import type { Forecasts } from './forecasts.ts';

/** The parts of a horizon that are measured apart: the days ahead. */
export type Part = 'quarter' | 'hour' | 'day 1' | 'day 2' | 'day 3';

/** How good the probabilities of a model were. */
export interface OccupiedScore {
  readonly model: string;
  readonly part: Part;
  readonly rows: number;
  readonly auc: number;
  readonly brier: number;
  readonly accuracy: number;
  readonly ece: number;
}

/** How good the watts of a model were. */
export interface PowerScore {
  readonly model: string;
  readonly part: Part;
  readonly rows: number;
  /** Mean of the RMSE of the meters of whole apartments, W. */
  readonly houseRmse: number;
  /** RMSE over the mean, averaged over rooms. */
  readonly relativeRmse: number;
  /** Predicted less measured as a share of what was measured, averaged over rooms; and the same without its sign. */
  readonly bias: number;
  readonly absoluteBias: number;
}

/** The error of the energy of the 24 hours that follow, by the meters of whole apartments. */
export interface DayScore {
  readonly model: string;
  readonly days: number;
  readonly maeKwh: number;
  readonly meanKwh: number;
}

/** The rows of each part of a horizon. */
export function partsOf({ horizon, test }: Forecasts): ReadonlyMap<Part, readonly number[]> {
  if (horizon !== 'day') return new Map([[horizon, positions(test, () => true)]]);
  const dayOf = (row: number) => Math.ceil((aheadOf(test, row) || 1) / 96);
  return new Map(
    ([1, 2, 3] as const).map((day) => [`day ${day}` as Part, positions(test, (row) => dayOf(row) === day)]),
  );
}

function aheadOf({ origins, targets }: Examples, row: number): number {
  return ((targets[row] ?? 0) - (origins[row] ?? 0)) / quarterMs;
}

export function occupiedScores(forecasts: Forecasts): readonly OccupiedScore[] {
  return [...partsOf(forecasts)].flatMap(([part, rows]) =>
    [...forecasts.values].map(([model, values]) => {
      const [predicted, measured] = [valuesAt(values, rows), valuesAt(forecasts.test.labels, rows)];
      return {
        model,
        part,
        rows: rows.length,
        auc: areaUnderCurve(predicted, measured) ?? Number.NaN,
        brier: brierScore(predicted, measured) ?? Number.NaN,
        accuracy: accuracy(predicted, measured) ?? Number.NaN,
        ece: calibrationError(predicted, measured) ?? Number.NaN,
      };
    }),
  );
}

export function powerScores(forecasts: Forecasts): readonly PowerScore[] {
  const { test, values } = forecasts;
  const rooms = roomsOf(test);
  return [...partsOf(forecasts)].flatMap(([part, rows]) =>
    [...values].map(([model, of]) => {
      const each = [...grouped(rows.length, (place) => rooms[rows[place] ?? 0] ?? '')].map(([room, places]) => {
        const at = places.map((place) => rows[place] ?? 0);
        const [predicted, measured] = [valuesAt(of, at), valuesAt(test.labels, at)];
        const mean = meanOf(measured);
        const rmse = rootMeanSquaredError(predicted, measured) ?? Number.NaN;
        return { room, rmse, relative: rmse / mean, bias: (meanOf(predicted) - mean) / mean };
      });
      return {
        model,
        part,
        rows: rows.length,
        houseRmse: meanOf(each.flatMap(({ room, rmse }) => (isHouse(room) ? [rmse] : []))),
        relativeRmse: meanOf(each.map(({ relative }) => relative)),
        bias: meanOf(each.map(({ bias }) => bias)),
        absoluteBias: meanOf(each.map(({ bias }) => Math.abs(bias))),
      };
    }),
  );
}

/** Of days whose 96 quarters were all measured. */
export function dayScores({ test, values }: Forecasts): readonly DayScore[] {
  const houses = positions(test, (row) => test.rooms[row] === 'House' && aheadOf(test, row) <= 96);
  const days = [
    ...grouped(
      houses.length,
      (place) => `${test.origins[houses[place] ?? 0]} ${test.apartments[houses[place] ?? 0]}`,
    ).values(),
  ]
    .map((places) => places.map((place) => houses[place] ?? 0))
    .filter((rows) => rows.length === 96);
  const kwh = (of: Float64Array, rows: readonly number[]) => rows.reduce((sum, row) => sum + (of[row] ?? 0) / 4000, 0);
  return [...values].map(([model, of]) => ({
    model,
    days: days.length,
    maeKwh: meanOf(days.map((rows) => Math.abs(kwh(of, rows) - kwh(test.labels, rows)))),
    meanKwh: meanOf(days.map((rows) => kwh(test.labels, rows))),
  }));
}

function isHouse(room: string): boolean {
  return room.endsWith('/House');
}

export function meanOf(values: ArrayLike<number>): number {
  return Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
}
