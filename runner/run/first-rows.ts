import type { FirstRows } from '../data-test/bad-rows.ts';
import { thousands } from '../text/figures.ts';

const mostColumns = 8;
const widest = 32;

/** The first bad rows of a test as a small table; long values and rows of many columns are cut. */
export function firstRowLines(
  { columns, cells }: FirstRows,
  failures: number | undefined,
): { tone: 'plain' | 'faint'; text: string }[] {
  if (cells.length === 0) return [];
  const shown = columns.slice(0, mostColumns);
  const rows = cells.map((row) => shown.map((_, index) => cell(row[index])));
  const widths = shown.map((name, index) => Math.max(...[name, ...rows.map((row) => row[index] ?? '')].map(width)));
  const line = (row: readonly string[]) =>
    `    ${row.map((text, index) => text + ' '.repeat((widths[index] ?? 0) - width(text))).join(' | ')}`.trimEnd();
  const left = [
    failures !== undefined && failures > cells.length ? `${thousands(failures - cells.length)} more` : '',
    columns.length > shown.length ? `${columns.length - shown.length} more columns` : '',
  ].filter(Boolean);
  return [
    { tone: 'faint', text: line(shown.map(cell)) },
    ...rows.map((row) => ({ tone: 'plain' as const, text: line(row) })),
    ...(left.length > 0 ? [{ tone: 'faint' as const, text: `    ... ${left.join(', ')}` }] : []),
  ];
}

/** A value on one line, without what a terminal would act on; NULL as psql's users set it. */
function cell(value: unknown): string {
  if (value === null || value === undefined) return 'NULL';
  const text = String(value).replace(/\p{Cc}/gu, ' ');
  return width(text) > widest ? `${[...text].slice(0, widest - 1).join('')}…` : text;
}

/** Characters, not UTF-16 units, so that names with rare characters keep the columns straight. */
function width(text: string): number {
  return [...text].length;
}
