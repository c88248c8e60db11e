import { score } from '../../learning/model/score.ts';
import { train } from '../../learning/model/train.ts';
import { dayMs, type Examples } from '../../predictions/examples.ts';
import { compare, predictedWithin } from '../../predictions/judge.ts';
import { at } from '../../predictions/rows.ts';
import type { Horizon, Use } from '../../predictions/settings.ts';
import { type History, stepsOf, type Walk } from '../../predictions/walk.ts';
import { knimeMatrix, knimeSpec } from './as-in-knime.ts';

/** The forecasts of all models of a use and horizon over all steps, and what came true: the same rows for all. */
export interface Forecasts {
  readonly use: Use;
  readonly horizon: Horizon;
  readonly test: Examples;
  readonly values: ReadonlyMap<string, Float64Array>;
}

export const asInKnime = 'as-in-knime';

/** The walk of the measurement: four weeks, each predicted by what was learnt before it began. */
export function walkOf(last: Date, settings: Walk['settings']): Walk {
  return { settings, from: new Date(last.getTime() - 28 * dayMs), to: last, stepMs: 7 * dayMs };
}

/** Trains and predicts step by step: what the program has, and what it replaces. */
export async function forecastsOf(history: History, walk: Walk): Promise<Forecasts> {
  const { use, horizon, known, codes } = history;
  const parts = new Map<string, Float64Array[]>();
  const add = (name: string, values: Float64Array) => parts.set(name, [...(parts.get(name) ?? []), values]);
  for (const { before, test, learns } of stepsOf(history, walk)) {
    for (const { name, values } of await compare({ use, horizon, before, test, codes, learns })) add(name, values);
    const learnt = at(known, [...before.rows]);
    const knime = train(knimeSpec(use), knimeMatrix(use, learnt), learnt.labels);
    add(asInKnime, score(knime, knimeMatrix(use, test)));
  }
  const values = new Map([...parts].map(([name, each]) => [name, joined(each)]));
  return { use, horizon, test: predictedWithin(known, walk.from.getTime(), walk.to.getTime()), values };
}

function joined(parts: readonly Float64Array[]): Float64Array {
  const whole = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
