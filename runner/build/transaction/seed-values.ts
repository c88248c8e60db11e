import type { Column } from '../../database/catalog.ts';
import type { PartsOfType } from '../../database/parts-of-types.ts';
import { isPlainType, timeType } from '../../manifest/column-type.ts';
import { NodeError } from '../../text/errors.ts';
import { type SeedFile, spotOf } from './seed-place.ts';

/** A time of day, and the zone behind it: an offset, Z, AM or PM, a name. What follows an offset from a name is none: PostgreSQL takes UTC+2 for two hours west. */
const clock = String.raw`\d\d(?::?\d\d(?::?\d\d(?:[.,]\d+)?)?)?`;
const zone = String.raw` *[+-]\d\d(?::?\d\d){0,2}| *(?![A-Z]+[+-]\d)[A-Z][\w/+-]*`;

/** A date as ISO 8601 writes it, perhaps with a time and a time zone; their values are for PostgreSQL to judge. */
const isoTime = new RegExp(
  `^(?:[+-]?infinity|(?:\\d{4,}-\\d\\d-\\d\\d|\\d{8})(?:(?:T| +)(?<time>${clock}))?(?<zone>${zone})?(?: BC)?)$`,
  'i',
);

/** A time of day, perhaps with a time zone. */
const timeOfDay = new RegExp(`^(?<time>${clock})(?<zone>${zone})?$`, 'i');

/** What PostgreSQL would leave out of a value without a word; undefined if it is nothing. */
function leftOut(type: string, value: string): string | undefined {
  const { time, zone: given } = (/^time\b/.test(type) ? timeOfDay : isoTime).exec(value)?.groups ?? {};
  if (type === 'date' && time !== undefined && /[1-9]/.test(time)) return 'a time of day';
  const isOfZone = given !== undefined && !/^ *(?:Z|UTC|GMT|[AP]M|[+-]00(?::?00)*|BC)$/i.test(given);
  return isOfZone && /^time(?:stamp)?\b(?!.* with time zone)/.test(type) ? 'a time zone' : undefined;
}

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
 * setting DateStyle, times and time zones that the type does not hold, and amounts with a decimal comma.
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
    if (/^(?:date|time)/.test(type) && !type.endsWith('[]'))
      refuse(
        (value) => leftOut(type, value) !== undefined,
        'has more than the type can hold: PostgreSQL would leave it out',
        ofParts,
      );
    if (/^time\b/.test(type))
      refuse((value) => /now/i.test(value), 'is another time at each load', 'Write 12:30 or 12:30:00.');
    if (hasDays) refuse((value) => otherDay.test(value), 'has a date that is not as ISO 8601 writes it', ofDays);
    if (hasMoney) refuse(hasComma, 'has a comma that is taken for a separator of thousands', ofMoney);
  }
}

const ofDays =
  'Write 2023-08-31 or 2023-08-31 12:00: elsewhere, which number is the day and which the month depends on the server. In Excel, give the column the format yyyy-mm-dd before you save it as CSV.';
const ofParts =
  'Give the column the type timestamptz (for a time of day: timetz), or write 2023-08-31 in a date, 2023-08-31 12:00 in a timestamp.';
const ofMoney = 'Write 1234.50, with a decimal point and without separators.';

/** Whether an amount, or one within an array, has a comma that does not part thousands before a decimal point. */
function hasComma(value: string): boolean {
  const amounts = /^[{(]/.test(value) ? (value.match(/"[^"]*"/g) ?? []) : [value];
  return amounts.some((amount) => amount.includes(',') && !/^\D*\d{1,3}(?:,\d{3})+\.\d+\D*$/.test(amount));
}
