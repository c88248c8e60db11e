/** Shorter gaps between two bars are rounding, in seconds. */
const slack = 0.0005;

/**
 * For each span, in the order of their starts, the row of a chart in which it overlaps no other: the first that is free. Pure.
 * @example lanesOf([{ start: 0, seconds: 2 }, { start: 1, seconds: 2 }, { start: 2, seconds: 1 }]) // [0, 1, 0]
 */
export function lanesOf(spans: readonly { readonly start: number; readonly seconds: number }[]): number[] {
  const ends: number[] = [];
  return spans.map(({ start, seconds }) => {
    const free = ends.findIndex((end) => end <= start + slack);
    const lane = free === -1 ? ends.length : free;
    ends[lane] = start + seconds;
    return lane;
  });
}
