import type { Column } from '../../database/catalog.ts';
import type { PartsOfType } from '../../database/parts-of-types.ts';
import { isPlainType, timeType } from '../../manifest/column-type.ts';
import { NodeError } from '../../text/errors.ts';
import { type SeedFile, spotOf } from './seed-place.ts';

/** A date as ISO 8601 writes it, perhaps with a time and a time zone; their values are for PostgreSQL to judge. */
const isoTime =
  /^(?:[+-]?infinity|(?:\d{4,}-\d\d-\d\d|\d{8})(?:(?:T| +)\d\d(?::?\d\d(?::?\d\d(?:[.,]\d+)?)?)?)?(?: *[+-]\d\d(?::?\d\d){0,2}| *[A-Z][\w/+-]*)?(?: BC)?)$/i;

/** A date within a range, an array or a row whose year does not come first, or not in full. */
const otherDay = /(?<![\d./-])\d{1,2}([./-])\d{1,2}\1\d{2}(?:\d{2})?(?![\d./-])/;

/** The types of columns whose parts have to be known: those that PostgreSQL has no name of its own for, and composed ones. */
export function composedTypes(columns: readonly Column[]): readonly string[] {
  return columns.flatMap(({ type }) => (timeType(type) === undefined && !isPlainType(bare(type)) ? [type] : []));
}

/** Arrays of days are composed of days; of what else there are arrays is plain. */
function bare(type: string): string {
  return /^(?:date|timestamp)\b.*\[\]$/.test(type) ? '' : type;
}

/**
 * Refuses values that PostgreSQL would take for others than those that are meant: dates whose day and month it tells apart by its
 * setting DateStyle, and amounts with a decimal comma.
 * @param parts of {@link composedTypes}.
 * @throws NodeError with the place of the first such value.
 */
export function checkValues(
  file: SeedFile,
  columns: readonly Column[],
  parts: ReadonlyMap<string, PartsOfType> = new Map(),
): void {
  const [, ...rows] = file.records;
  for (const [index, { name, type }] of columns.entries()) {
    const refuse = (isWrong: (value: string) => boolean, what: string, hint: string) => {
      const wrong = rows.find(({ record }) => isWrong(record[index] ?? ''));
      if (wrong === undefined) return;
      const value = `"${wrong.record[index] ?? ''}" in column "${name}" (${type})`;
      throw new NodeError({ what: `${file.path}: ${value} ${what}`, ...spotOf(file, wrong, index), hint });
    };
    const { hasDays, hasMoney } = parts.get(type) ?? {};
    if (timeType(type) !== undefined)
      refuse((value) => value !== '' && !isoTime.test(value), 'is not a date as ISO 8601 writes it', ofDays);
    if (hasDays) refuse((value) => otherDay.test(value), 'has a date that is not as ISO 8601 writes it', ofDays);
    if (hasMoney) refuse(hasComma, 'has a comma that is taken for a separator of thousands', ofMoney);
  }
}

const ofDays =
  'Write 2023-08-31 or 2023-08-31 12:00: elsewhere, which number is the day and which the month depends on the server. In Excel, give the column the format yyyy-mm-dd before you save it as CSV.';
const ofMoney = 'Write 1234.50, with a decimal point and without separators.';

/** Whether an amount, or one within an array, has a comma that does not part thousands before a decimal point. */
function hasComma(value: string): boolean {
  const amounts = /^[{(]/.test(value) ? (value.match(/"[^"]*"/g) ?? []) : [value];
  return amounts.some((amount) => amount.includes(',') && !/^\D*\d{1,3}(?:,\d{3})+\.\d+\D*$/.test(amount));
}
