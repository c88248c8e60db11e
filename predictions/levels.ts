import { score } from '../learning/model/score.ts';
import type { Artefact } from '../learning/model/spec.ts';
import type { Examples } from './examples.ts';

/** Fewer windows of a room say nothing of its level. */
const fewestRows = 100;
/** What is further off is no matter of level. */
const [least, most] = [0.5, 2];

/**
 * What the forecasts of each room, by its code, are multiplied by. A line that falls below zero counts as 0, which makes the forecasts of a
 * room whose devices seldom run too large on the whole; with these factors they add up to what was measured, over all that was learnt.
 */
export function levelsOf(artefact: Artefact, { matrix, labels }: Examples, codes: number): readonly number[] {
  const rooms = matrix.values[matrix.columns.indexOf('room')];
  const sums = Array.from({ length: codes }, () => ({ measured: 0, predicted: 0, rows: 0 }));
  score(artefact, matrix).forEach((value, row) => {
    const sum = sums[rooms?.[row] ?? -1];
    if (sum === undefined) return;
    sum.measured += labels[row] ?? 0;
    sum.predicted += Math.max(value, 0);
    sum.rows += 1;
  });
  return sums.map(({ measured, predicted, rows }) =>
    rows < fewestRows || predicted === 0 ? 1 : Math.min(Math.max(measured / predicted, least), most),
  );
}

/** Forecasts of power: never below 0, at the level of their rooms. */
export function levelled(
  values: Float64Array,
  { matrix }: Examples,
  levels: readonly number[] | undefined,
): Float64Array {
  const rooms = matrix.values[matrix.columns.indexOf('room')];
  return values.map((value, row) => Math.max(value, 0) * (levels?.[rooms?.[row] ?? -1] ?? 1));
}
