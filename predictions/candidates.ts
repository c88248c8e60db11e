import { columnNamed, columnsNamed, type Matrix } from '../learning/data/matrix.ts';
import type { ModelSpec } from '../learning/model/spec.ts';
import type { Horizon, Use } from './settings.ts';

/** What needs no training, best first where none is known to be better. */
export const baselines = ['hour-of-week', 'last-week', 'yesterday', 'persistence', 'hour-of-day', 'mean'] as const;
export type Baseline = (typeof baselines)[number];

/** The columns whose first known value is the prediction of a baseline. */
const readBy: Readonly<Record<Baseline, (use: Use) => readonly string[]>> = {
  'hour-of-week': () => ['ph', 'pt', 'pd', 'dn'],
  'last-week': () => ['w1', 'pd', 'dn'],
  yesterday: () => ['dn', 'pd'],
  persistence: (use) => (use === 'occupied' ? ['m0'] : ['p0']),
  'hour-of-day': () => [],
  mean: () => [],
};

/** The baselines of a horizon: what happens now says nothing of days ahead. */
export function baselinesOf(horizon: Horizon): readonly Baseline[] {
  return horizon === 'day' ? baselines.filter((name) => name !== 'persistence') : baselines;
}

/** What is predicted where nothing else is known: means of what was learnt from, those of rooms by their code. */
export interface Means {
  readonly rooms: readonly (number | null)[];
  readonly all: number;
  /** By the hour of the local day, 0 to 23; models that were stored before there was this have none. */
  readonly hours?: readonly (readonly (number | null)[])[];
  /** When the first window of each room begins that was learnt from; milliseconds. */
  readonly since?: readonly (number | null)[];
}

/** The predictions of a baseline, one a row. */
export function baselinePredictions(use: Use, name: Baseline, matrix: Matrix, means: Means): Float64Array {
  const columns = columnsNamed(matrix, readBy[name](use));
  const [rooms, hours] = [columnNamed(matrix, 'room'), columnNamed(matrix, 'hour')];
  return Float64Array.from({ length: matrix.rows }, (_, row) => {
    const room = rooms[row] ?? -1;
    const ofHour = name === 'hour-of-day' ? means.hours?.[room]?.[hours[row] ?? -1] : null;
    const fallback = ofHour ?? means.rooms[room] ?? means.all;
    const value = columns.map((column) => column[row] ?? Number.NaN).find((one) => !Number.isNaN(one)) ?? fallback;
    return use === 'occupied' ? Math.min(value, 1) : value;
  });
}

/** Below this many watts all rooms count as equally large: what intervals and the rest of the ridge are divided by. */
export const smallestScale = 5;

/**
 * Within hours there is much to learn: of power, what each of many devices does next after what it did, which takes many leaves; of presence, whose
 * derivatives are small, many trees. Each tree sees some of the columns and of the rows and adds little, so that what is there by chance is learnt by few.
 */
const soon = {
  occupied: { rounds: 500, rate: 0.05, leaves: 31, minRows: 20, columnShare: 0.4, rowShare: 0.6, lambda: 5 },
  mean_power_w: { rounds: 150, rate: 0.04, leaves: 127, minRows: 20, columnShare: 0.3, rowShare: 0.5, lambda: 20 },
} as const;

/**
 * Days ahead little is certain, and all windows of a day were forecast from one origin: trees that may learn less are wrong by less, and so
 * is the mean of them and of a line.
 */
const daysAhead = {
  occupied: { rounds: 80, rate: 0.05, leaves: 15, minRows: 100, columnShare: 0.6, rowShare: 0.8, lambda: 20 },
  mean_power_w: { rounds: 60, rate: 0.05, leaves: 63, minRows: 50, columnShare: 0.3, rowShare: 0.5, lambda: 40 },
} as const;

/** What is trained for a use, by the name of the model. */
export type Learners = (use: Use, horizon: Horizon) => Readonly<Record<string, ModelSpec>>;

/** What the program trains. */
export const learnersOf: Learners = (use, horizon) => {
  const settings = horizon === 'day' ? daysAhead : soon;
  switch (use) {
    case 'occupied': {
      const trees = { kind: 'trees', loss: { name: 'logistic' }, ...settings.occupied } as const;
      if (horizon !== 'day') return { trees };
      const logistic = { kind: 'logistic', lambda: 30, categories: ['hour', 'room', 'dow'] } as const;
      return { trees: { kind: 'logistic-trees', logistic, trees } };
    }
    case 'mean_power_w':
      return {
        'ridge-trees': {
          kind: 'residual',
          base: { kind: 'ridge', lambda: horizon === 'day' ? 30 : 10, by: 'room', categories: ['hour'] },
          trees: { kind: 'trees', loss: { name: 'l2' }, ...settings.mean_power_w },
          scale: { column: 'p_7d', atLeast: smallestScale },
        },
      };
    default:
      return use satisfies never;
  }
};
