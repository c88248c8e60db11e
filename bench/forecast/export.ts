import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { quarterMs } from '../../predictions/examples.ts';
import { isLearnt } from '../../predictions/judge.ts';
import type { History, Walk } from '../../predictions/walk.ts';
import { chosen } from './bars.ts';
import type { Forecasts } from './forecasts.ts';

/**
 * Writes the examples of a history, and what the program's model said of those that were predicted, for compare_lightgbm.py: `<use>-<horizon>.f64`, one
 * column after the other as doubles, and `.json` beside it with their names and the walk. Times are milliseconds since 1970: `made`, from when on the
 * forecast could be made; `ended`, from when on it is known what came true; `learnt` is 1 where models learn from the example.
 */
export function exportExamples(folder: string, history: History, walk: Walk, forecasts: Forecasts): void {
  const { use, horizon, known, codes } = history;
  const { matrix, labels } = known;
  const made = known.origins.map((origin) => origin + quarterMs);
  const said = forecasts.values.get(chosen[use]) ?? new Float64Array(0);
  let next = 0;
  const forecast = made.map((time) => {
    if (time < walk.from.getTime() || time >= walk.to.getTime()) return Number.NaN;
    next += 1;
    return said[next - 1] ?? Number.NaN;
  });
  const others: Readonly<Record<string, Float64Array>> = {
    label: labels,
    forecast,
    made,
    ended: known.targets.map((target) => target + quarterMs),
    learnt: labels.map((_, row) => Number(isLearnt(horizon, known, row))),
  };
  const file = join(folder, `${use}-${horizon}`);
  mkdirSync(folder, { recursive: true });
  const columns = [...matrix.values, ...Object.values(others)];
  writeFileSync(
    `${file}.f64`,
    Buffer.concat(columns.map((one) => Buffer.from(one.buffer, one.byteOffset, one.byteLength))),
  );
  const description = {
    use,
    horizon,
    inputs: matrix.columns,
    columns: [...matrix.columns, ...Object.keys(others)],
    rows: matrix.rows,
    rooms: codes,
    from: walk.from.getTime(),
    to: walk.to.getTime(),
    step: walk.stepMs,
  };
  writeFileSync(`${file}.json`, JSON.stringify(description));
}
