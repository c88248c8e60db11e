import type { ModelExtras } from '../model/extras.ts';
import { fieldName } from '../model/fields.ts';
import type { PageVisual } from '../report/page-schema.ts';
import type { Narrowing } from './measure-rows.ts';

/** What the database says of a measure by the fields of a visual. */
export interface Answer {
  readonly measure: string;
  /** What stands above its values, if not the measure's name. */
  readonly label?: string;
  readonly format: string | undefined;
  /** The texts that it yields, if it yields such. */
  readonly texts?: readonly string[] | undefined;
  readonly rows: readonly { readonly by: readonly string[]; readonly value: number | string }[];
}

type Item = ModelExtras['calculation_groups'][number]['items'][number];

/** The items of calculation groups in the columns of a visual that are drawn beside the measure itself. */
export function comparedItems({ wells }: PageVisual, { calculation_groups }: ModelExtras): readonly Item[] {
  const tables = (wells?.Columns ?? []).map((field) => fieldName(field).table);
  return calculation_groups
    .filter(({ name }) => tables.includes(name))
    .flatMap(({ items }) => items.filter(({ drawn_as }) => drawn_as !== undefined));
}

/** A measure, and beside it how far each of its values is from their mean, with its sign. */
export function withDifference(answer: Answer): readonly Answer[] {
  const { rows, format = '0.00' } = answer;
  const numbers = rows.flatMap(({ value }) => (typeof value === 'number' ? [value] : []));
  const mean = numbers.reduce((sum, value) => sum + value, 0) / Math.max(numbers.length, 1);
  const apart = rows.map(({ by, value }) => ({ by, value: typeof value === 'number' ? value - mean : '' }));
  return [answer, { ...answer, label: '±', format: `+${format};-${format};${format}`, rows: apart }];
}

/**
 * The seven days up to the newest on which any of the measures has a value, as ISO dates; undefined if none has one.
 * @param answers measures by Date.
 */
export function newestWeek(answers: readonly Answer[]): readonly string[] | undefined {
  const days = answers.flatMap(({ rows }) => rows.map(({ by: [day = ''] }) => day)).sort();
  const newest = days.at(-1);
  return newest === undefined ? undefined : [6, 5, 4, 3, 2, 1, 0].map((back) => daysBefore(newest, back));
}

/** The filter of a week, or of as many days before it. */
export function inWeek(week: readonly string[], back = 0): Narrowing {
  return { field: { table: 'Date', name: 'Date' }, values: week.map((day) => daysBefore(day, back)) };
}

function daysBefore(day: string, back: number): string {
  const at = new Date(`${day}T00:00:00Z`);
  at.setUTCDate(at.getUTCDate() - back);
  return at.toISOString().slice(0, 10);
}

/**
 * A measure of a week, and beside it what the items of a calculation group draw: its values of the week before, or by which share it has
 * changed, empty where one of both is.
 * @param before the measures in the week before.
 */
export function withWeekBefore(
  answer: Answer,
  before: readonly Answer[],
  items: readonly Item[],
  translate: (text: string) => string,
): readonly Answer[] {
  const earlier = before.find(({ measure }) => measure === answer.measure)?.rows ?? [];
  const own = translate(fieldName(answer.measure).name);
  const change = answer.rows.flatMap(({ by, value }) => {
    const then = earlier.find((row) => row.by.join('\u0000') === by.join('\u0000'))?.value;
    if (typeof value !== 'number' || typeof then !== 'number' || then === 0) return [];
    return [{ by, value: (value - then) / then }];
  });
  return [
    answer,
    ...items.map(({ name, drawn_as, format }): Answer => {
      const label = `${own}, ${translate(name)}`;
      return drawn_as === 'previous_week'
        ? { ...answer, label, rows: earlier }
        : { ...answer, label, format, rows: change };
    }),
  ];
}
