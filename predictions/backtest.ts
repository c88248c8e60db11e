import type { Warehouse } from '../warehouse/warehouse.ts';
import { dayMs, dropFeatures, type Examples, examplesOf, type FeatureRelations, prepareFeatures } from './examples.ts';
import { compare, endedBy, predictedWithin } from './judge.ts';
import { type Measured, measured } from './measure.ts';
import { onlyKnown, roomsOf } from './rows.ts';
import type { Horizon, PredictionSettings, Use } from './settings.ts';
import { roomCodes } from './train.ts';

/** What is to be compared over a stretch of history. */
export interface BacktestRequest {
  readonly relations: FeatureRelations;
  readonly settings: PredictionSettings;
  readonly uses: readonly Use[];
  readonly horizons: readonly Horizon[];
  /** The first forecast is made then, the last before the end. */
  readonly from: Date;
  readonly to: Date;
  /** How often models are trained again: milliseconds. */
  readonly stepMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly onDone?: ((done: Backtested) => void) | undefined;
}

/** A use and horizon over all steps: the same windows for all models, the best first. */
export interface Backtested {
  readonly use: Use;
  readonly horizon: Horizon;
  readonly models: readonly { readonly name: string; readonly evaluation: Measured }[];
}

/**
 * Goes through history step by step: at each one all candidates are trained on what had ended by then, as training would have done, and
 * their forecasts until the next step are compared with what came true. Stores nothing.
 */
export async function backtest(warehouse: Warehouse, request: BacktestRequest): Promise<readonly Backtested[]> {
  const { relations, settings, from, to, uses, horizons, onDone } = request;
  const begin = from.getTime() - settings.historyDays * dayMs;
  const all: Backtested[] = [];
  for (const use of uses)
    for (const horizon of horizons) {
      const { known, codes } = await warehouse.session(async (session) => {
        try {
          await prepareFeatures(session, relations, begin, to.getTime() + 4 * dayMs);
          const codes = await roomCodes(session);
          const wanted = { use, horizon, from: begin, to: to.getTime(), codes };
          return { known: onlyKnown(await examplesOf(session, settings, wanted)), codes };
        } finally {
          await dropFeatures(session);
        }
      });
      const done = await steps(request, use, horizon, known, codes);
      onDone?.(done);
      all.push(done);
    }
  return all;
}

async function steps(
  { settings, from, to, stepMs, signal }: BacktestRequest,
  use: Use,
  horizon: Horizon,
  known: Examples,
  codes: readonly string[],
): Promise<Backtested> {
  const pooled = new Map<string, { readonly values: number[]; readonly labels: number[]; readonly rooms: string[] }>();
  for (let start = from.getTime(); start < to.getTime(); start += stepMs) {
    signal?.throwIfAborted();
    const before = endedBy(known, start);
    const test = predictedWithin(known, start, Math.min(start + stepMs, to.getTime()));
    if (before.matrix.rows === 0 || test.matrix.rows === 0) continue;
    const learns = (start - (known.origins[0] ?? start)) / dayMs >= settings.minDays;
    for (const { name, values } of await compare({ use, horizon, before, test, codes, learns, signal })) {
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
  return { use, horizon, models: models.sort((a, b) => a.evaluation.criterion - b.evaluation.criterion) };
}
