import { columnNamed, type Matrix } from '../../learning/data/matrix.ts';
import type { ModelSpec } from '../../learning/model/spec.ts';
import type { Examples } from '../../predictions/examples.ts';
import type { Use } from '../../predictions/settings.ts';

/*
 * The models of the KNIME workflows that the program replaces, on the same rows: hour and weekday as plain numbers, the lags that
 * they had, one-hot apartments and rooms, no penalty. Better than the originals, whose split was not in time and whose lags ran from one
 * room into the next.
 */

const weather = ['temperature_c', 'humidity_pct', 'precipitation_mm', 'radiation_wm2'];

/** The program's inputs that those of the workflow are made of. */
export function knimeInputs(use: Use): readonly string[] {
  switch (use) {
    case 'occupied':
      return ['apartment', 'hour', 'dow', 'm0', 'door0', 'win0'];
    case 'mean_power_w':
      return ['apartment', 'hour', 'dow', 'p0', 'p3', 'dn', 'w1', ...weather];
    default:
      return use satisfies never;
  }
}

/** How the workflow of a use trained. */
export function knimeSpec(use: Use): ModelSpec {
  const categories = ['apartment', 'room_name'];
  switch (use) {
    case 'occupied':
      return { kind: 'logistic', lambda: 0, categories };
    case 'mean_power_w':
      return { kind: 'ridge', lambda: 0, categories };
    default:
      return use satisfies never;
  }
}

/** The inputs of the workflow of a use, made of those of the program. */
export function knimeMatrix(use: Use, { matrix, rooms, targets }: Examples): Matrix {
  const column = (name: string) => columnNamed(matrix, name);
  const common: readonly [string, Float64Array][] = [
    ['apartment', column('apartment')],
    ['room_name', Float64Array.from(rooms, (room) => numberOf(room))],
    ['hour', column('hour')],
    ['dow', column('dow')],
    ['is_weekend', column('dow').map((day) => Number(day >= 6))],
  ];
  const lags: readonly [string, Float64Array][] =
    use === 'occupied'
      ? [
          ['occupied_lag_1', column('m0').map((minutes) => Number(minutes > 0))],
          ...['m0', 'door0', 'win0'].map((name): [string, Float64Array] => [name, orZero(column(name))]),
        ]
      : [
          ['month', targets.map((target) => new Date(target).getUTCMonth() + 1)],
          ...['p0', 'p3', 'dn', 'w1', ...weather].map((name): [string, Float64Array] => [name, column(name)]),
        ];
  const columns = [...common, ...lags];
  const { rows, keys } = matrix;
  return {
    columns: columns.map(([name]) => name),
    rows,
    values: columns.map(([, values]) => values),
    ...(keys === undefined ? {} : { keys }),
  };
}

/** By its name, so that a room is the same number in what is learnt and in what is predicted. */
function numberOf(room: string): number {
  return [...room].reduce((sum, letter) => (sum * 31 + (letter.codePointAt(0) ?? 0)) % 1_000_003, 7);
}

/** What was not read counted as nothing. */
function orZero(values: Float64Array): Float64Array {
  return values.map((value) => (Number.isNaN(value) ? 0 : value));
}
