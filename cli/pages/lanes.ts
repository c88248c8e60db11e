/** Shorter gaps between two bars are rounding, in seconds. */
const slack = 0.0005;

/** Dozens of short tests may begin at once: more rows than that could not be looked at together. */
const mostLanes = 12;

/**
 * For each span, in the order of their starts, the row of a chart in which it overlaps no other: the first that is free; where a dozen
 * rows are taken, the one that is free soonest. Pure.
 * @example lanesOf([{ start: 0, seconds: 2 }, { start: 1, seconds: 2 }, { start: 2, seconds: 1 }]) // [0, 1, 0]
 */
export function lanesOf(spans: readonly { readonly start: number; readonly seconds: number }[]): number[] {
  const ends: number[] = [];
  return spans.map(({ start, seconds }) => {
    const free = ends.findIndex((end) => end <= start + slack);
    const lane = free !== -1 ? free : ends.length < mostLanes ? ends.length : ends.indexOf(Math.min(...ends));
    ends[lane] = Math.max(ends[lane] ?? 0, start + seconds);
    return lane;
  });
}
