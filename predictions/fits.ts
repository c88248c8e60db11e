import type { ModelSpec } from '../learning/model/spec.ts';
import { type Learners, learnersOf } from './candidates.ts';
import { dayMs, type Examples, quarterMs } from './examples.ts';
import { compare, isLearnt, type Judged, type Learned, learn, meansOf, pastOf } from './judge.ts';
import { forecastsOf } from './models.ts';
import { at, positions } from './rows.ts';
import type { Horizon, Use } from './settings.ts';
import { type Turns, together } from './turns.ts';

/** What the models of a use and horizon learn from. */
export interface Fitting {
  readonly use: Use;
  readonly horizon: Horizon;
  /** All of it. */
  readonly known: Examples;
  readonly codes: readonly string[];
  /** What is compared had ended by then; milliseconds. */
  readonly cut: number;
  /** What came after: what models are compared on. */
  readonly test: Examples;
  /** Whether there is enough to learn from; else only baselines are compared. */
  readonly learns: boolean;
  /** What is trained; that of candidates.ts if not given. */
  readonly learners?: Learners | undefined;
  /** When each may be trained. */
  readonly turns: Turns;
  readonly signal?: AbortSignal | undefined;
}

/** What was trained of a use and horizon. */
export interface Fits {
  /** Baselines, and models of what had ended by the cut, beside their forecasts of the test. */
  readonly judged: readonly Judged[];
  /** Models of everything, by name. */
  readonly whole: ReadonlyMap<string, Learned>;
  /**
   * Forecasts of the test by models that learn again a week after the cut, by name. They are a week old at most, as all that predict are younger than a
   * day: bounds made of the errors of one that is two weeks old would be too wide. Of power only: probabilities have no bounds.
   */
  readonly renewed: ReadonlyMap<string, Float64Array>;
}

/** Trains the models of a use and horizon three times. None needs another one, so they are trained side by side, as turns allow. */
export async function fitsOf(fitting: Fitting): Promise<Fits> {
  const { use, horizon, known, codes, cut, test, learners = learnersOf, turns } = fitting;
  const learns =
    fitting.learns && known.targets.some((_, row) => isEnded(known, row, cut) && isLearnt(horizon, known, row));
  const specs = learns ? Object.entries(learners(use, horizon)) : [];
  let judged: readonly Judged[] = [];
  const whole = new Map<string, Learned>();
  const late = new Map<string, Late>();
  // What each learns from is picked when its turn has come, and let go of after it.
  const trainings = [
    async (signal: AbortSignal) => {
      judged = await compare({
        use,
        horizon,
        before: pastOf(horizon, known, cut),
        test,
        codes,
        learns,
        learners,
        signal,
      });
    },
    ...specs.map(([name, spec]) => async (signal: AbortSignal) => {
      const past = pastOf(horizon, known, Number.POSITIVE_INFINITY);
      whole.set(name, await learn({ use, horizon, codes, spec }, past, signal));
    }),
    ...(use === 'occupied' ? [] : specs).map(([name, spec]) => async (signal: AbortSignal) => {
      late.set(name, await lateForecasts(fitting, spec, signal));
    }),
  ];
  await together(
    trainings.map((training) => (signal) => turns.take(signal, () => training(signal))),
    fitting.signal,
  );
  const renewed = new Map(judged.flatMap(({ name, values }) => replaced(name, values, late.get(name))));
  return { judged, whole, renewed };
}

function isEnded({ targets }: Examples, row: number, time: number): boolean {
  return (targets[row] ?? 0) + quarterMs <= time;
}

/** Forecasts of some rows of the test. */
interface Late {
  readonly rows: readonly number[];
  readonly values: Float64Array;
}

async function lateForecasts(fitting: Fitting, spec: ModelSpec, signal: AbortSignal): Promise<Late> {
  const { use, horizon, known, codes, cut, test } = fitting;
  const time = cut + 7 * dayMs;
  const rows = positions(test, (row) => (test.origins[row] ?? 0) + quarterMs >= time);
  if (rows.length === 0) return { rows, values: new Float64Array(0) };
  const past = pastOf(horizon, known, time);
  const learned = await learn({ use, horizon, codes, spec }, past, signal);
  const content = { kind: 'learned', codes, means: meansOf(past.ended, codes.length), ...learned } as const;
  return { rows, values: forecastsOf(use, content, at(test, rows)).values };
}

function replaced(
  name: string,
  values: Float64Array,
  late: Late | undefined,
): readonly (readonly [string, Float64Array])[] {
  if (late === undefined) return [];
  const all = values.slice();
  for (const [place, row] of late.rows.entries()) all[row] = late.values[place] ?? 0;
  return [[name, all]];
}
