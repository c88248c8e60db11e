import type { Explored } from '../../ui/data/explore.ts';

interface Point {
  /** The minute, YYYYMMDDHHMM in UTC. */
  readonly key: string;
  readonly title: string;
  readonly value: number | string | null;
  readonly isPredicted?: boolean;
}

/** Points of several lines as lines over the same times, what was predicted apart from what was measured; a line without any value is left out. Pure. */
export function aligned(points: readonly Point[]): Pick<Explored, 'times' | 'series'> {
  const keys = [...new Set(points.map(({ key }) => key))].sort();
  const places = new Map(keys.map((key, place) => [key, place]));
  const lines = new Map<string, { title: string; isPredicted: boolean; values: (number | null)[] }>();
  for (const { key, title, value, isPredicted = false } of points) {
    if (value === null) continue;
    const name = `${title}\n${isPredicted}`;
    const line = lines.get(name) ?? { title, isPredicted, values: new Array<number | null>(keys.length).fill(null) };
    line.values[places.get(key) ?? 0] = Number(value);
    lines.set(name, line);
  }
  return {
    times: keys.map(secondsOf),
    series: [...lines].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, line]) => line),
  };
}

function secondsOf(key: string): number {
  const part = (from: number, to: number) => Number(key.slice(from, to));
  return Date.UTC(part(0, 4), part(4, 6) - 1, part(6, 8), part(8, 10), part(10, 12)) / 1000;
}
