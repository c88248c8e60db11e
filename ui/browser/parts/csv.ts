import type { Explored } from '../../data/explore.ts';

/** What is seen as CSV: a line for each time in UTC, a column for each room. Pure. */
export function csvOf({
  times,
  series,
}: Pick<Explored, 'times'> & {
  readonly series: readonly Pick<Explored['series'][number], 'title' | 'values'>[];
}): string {
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
  const head = ['time_utc', ...series.map(({ title }) => quoted(title))].join(',');
  const lines = times.map((seconds, at) =>
    [new Date(seconds * 1000).toISOString(), ...series.map(({ values }) => values[at] ?? '')].join(','),
  );
  return `${[head, ...lines].join('\n')}\n`;
}
