import type { Warehouse } from '../warehouse/warehouse.ts';
import type { Learners } from './candidates.ts';
import type { FeatureRelations } from './examples.ts';
import { compare } from './judge.ts';
import { keepStep } from './keep.ts';
import { type Measured, measured } from './measure.ts';
import { roomsOf } from './rows.ts';
import type { Horizon, Use } from './settings.ts';
import { type History, historiesOf, stepsOf, type Walk } from './walk.ts';

/** What is to be compared over a stretch of history. */
export interface BacktestRequest extends Walk {
  readonly relations: FeatureRelations;
  readonly uses: readonly Use[];
  readonly horizons: readonly Horizon[];
  /** Whether the forecasts are kept, for gold to evaluate. */
  readonly keeps: boolean;
  readonly learners?: Learners | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onDone?: ((done: Backtested) => void) | undefined;
}

/** A use and horizon over all steps: the same windows for all models, the best first. */
export interface Backtested {
  readonly use: Use;
  readonly horizon: Horizon;
  readonly models: readonly { readonly name: string; readonly evaluation: Measured }[];
  /** How many records of forecasts were kept. */
  readonly kept: number;
}

/**
 * Goes through history step by step: at each one all candidates are trained on what had ended by then, as training would have done, and
 * their forecasts until the next step are compared with what came true. Stores nothing, unless forecasts are to be kept.
 */
export async function backtest(warehouse: Warehouse, request: BacktestRequest): Promise<readonly Backtested[]> {
  const { relations, uses, horizons, onDone } = request;
  const all: Backtested[] = [];
  for (const history of await historiesOf(warehouse, relations, request, uses, horizons)) {
    const done = await compared(warehouse, request, history);
    onDone?.(done);
    all.push(done);
  }
  return all;
}

async function compared(warehouse: Warehouse, request: BacktestRequest, history: History): Promise<Backtested> {
  const { learners, signal } = request;
  const { use, horizon, codes } = history;
  const pooled = new Map<string, { readonly values: number[]; readonly labels: number[]; readonly rooms: string[] }>();
  let kept = 0;
  for (const step of stepsOf(history, request)) {
    signal?.throwIfAborted();
    const { before, test, learns } = step;
    const judged = await compare({ use, horizon, before, test, codes, learns, learners, signal });
    if (request.keeps) kept += await keepStep(warehouse, history, step, judged);
    for (const { name, values } of judged) {
      const pool = pooled.get(name) ?? { values: [], labels: [], rooms: [] };
      pooled.set(name, pool);
      for (const value of values) pool.values.push(value);
      for (const label of test.labels) pool.labels.push(label);
      for (const room of roomsOf(test)) pool.rooms.push(room);
    }
  }
  const models = [...pooled].map(([name, { values, labels, rooms }]) => ({
    name,
    evaluation: measured(use, Float64Array.from(values), Float64Array.from(labels), rooms),
  }));
  return { use, horizon, kept, models: models.sort((a, b) => a.evaluation.criterion - b.evaluation.criterion) };
}
