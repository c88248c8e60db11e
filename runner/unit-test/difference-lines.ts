import { count } from '../text/figures.ts';
import type { TextRow } from './compare.ts';
import type { UnitTestOutcome } from './unit-tester.ts';

const mostRows = 20;
const widest = 60;

interface Shown {
  /** `~` a row with other values, `-` one that is missing, `+` one that nobody expected. */
  readonly mark: '~' | '-' | '+';
  readonly cells: readonly string[];
}

/** In a few words, how many rows differ. */
export function differenceText(outcome: UnitTestOutcome): string {
  const { pairs, missing, surplus } = paired(outcome);
  const parts = [
    pairs.length > 0 ? `${count(pairs.length, 'row')} with other values` : '',
    missing.length > 0 ? `${count(missing.length, 'row')} missing` : '',
    surplus.length > 0 ? `${count(surplus.length, 'row')} not expected` : '',
  ].filter(Boolean);
  return `${outcome.run === undefined ? '' : `after run ${outcome.run}: `}${parts.join(', ')}`;
}

/** The differences row by row and cell by cell, as a small table. */
export function differenceLines(outcome: UnitTestOutcome): readonly string[] {
  const { columns, expected, actual } = outcome;
  const { pairs, missing, surplus } = paired(outcome);
  const rows: Shown[] = [
    ...pairs.map(
      ([wanted, got]): Shown => ({ mark: '~', cells: wanted.map((one, at) => changed(one, got[at] ?? null)) }),
    ),
    ...missing.map((row): Shown => ({ mark: '-', cells: row.map(cell) })),
    ...surplus.map((row): Shown => ({ mark: '+', cells: row.map(cell) })),
  ];
  const shown = rows.slice(0, mostRows);
  const widths = columns.map((name, at) =>
    Math.max(...[name, ...shown.map(({ cells }) => cells[at] ?? '')].map(width)),
  );
  const line = (mark: string, cells: readonly string[]) =>
    `  ${mark} ${cells.map((text, at) => text + ' '.repeat((widths[at] ?? 0) - width(text))).join(' | ')}`.trimEnd();
  return [
    `  expected ${count(expected, 'row')}, got ${count(actual, 'row')} (~ other values, - missing, + not expected):`,
    line(' ', columns),
    ...shown.map(({ mark, cells }) => line(mark, cells)),
    ...(rows.length > shown.length ? [`    ... ${rows.length - shown.length} more`] : []),
  ];
}

/** Pairs each missing row with the surplus row that is most like it, if more than half of its cells are the same. */
function paired({ missing, surplus, columns }: UnitTestOutcome): {
  readonly pairs: readonly (readonly [TextRow, TextRow])[];
  readonly missing: readonly TextRow[];
  readonly surplus: readonly TextRow[];
} {
  const left = [...surplus];
  const pairs: [TextRow, TextRow][] = [];
  const unpaired = missing.filter((wanted) => {
    const like = left.map((got) => wanted.filter((value, at) => value === got[at]).length);
    const best = Math.max(0, ...like);
    if (best * 2 < columns.length || best === 0) return true;
    const [got] = left.splice(like.indexOf(best), 1);
    if (got !== undefined) pairs.push([wanted, got]);
    return false;
  });
  return { pairs, missing: unpaired, surplus: left };
}

function changed(wanted: string | null, got: string | null): string {
  return wanted === got ? cell(got) : `${cell(got)} instead of ${cell(wanted)}`;
}

function cell(value: string | null): string {
  if (value === null) return 'NULL';
  const text = value === '' ? "''" : value.replace(/\p{Cc}/gu, ' ');
  return width(text) > widest ? `${[...text].slice(0, widest - 1).join('')}…` : text;
}

function width(text: string): number {
  return [...text].length;
}
