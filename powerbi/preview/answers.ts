import type { Exposure } from '../../runner/manifest/exposure.ts';
import { identifier, relation } from '../../warehouse/quote.ts';
import type { ModelExtras } from '../model/extras.ts';
import { fieldName } from '../model/fields.ts';
import type { PageVisual } from '../report/page-schema.ts';
import { parameterOf } from '../report/pages.ts';
import { type Answer, comparedItems, inWeek, newestWeek, withDifference, withWeekBefore } from './comparisons.ts';
import { formatNumber, isShare } from './format.ts';
import { measureQueries } from './measure-query.ts';
import type { Narrowing } from './measure-rows.ts';

/** A row of an answer: `by1`, ... as text, and `value1`, ..., or what other statements ask for. */
export type AnswerRow = Readonly<Record<string, unknown>>;

export interface Statement {
  readonly sql: string;
  readonly params: readonly (readonly string[])[];
}

export interface AnswerContext {
  readonly exposures: readonly Exposure[];
  readonly extras: ModelExtras;
  /** The filters of the page. */
  readonly where: readonly Narrowing[];
  /** Asks the database. */
  readonly ask: (query: Statement) => Promise<readonly AnswerRow[]>;
  /** An English name or title in the language of the preview. */
  readonly translate: (text: string) => string;
}

export interface Series {
  readonly name: string;
  /** One for each category; undefined where the measure is blank. */
  readonly values: readonly (number | undefined)[];
  readonly format: string | undefined;
  /** On the second axis of a combined chart. */
  readonly second: boolean;
  /** Predicted, or a bound of it, rather than measured. */
  readonly drawn: 'measured' | 'predicted' | 'bound';
}

/** What a visual shows, without its form. */
export type Shown =
  | { readonly kind: 'cards'; readonly cards: readonly { readonly label: string; readonly text: string }[] }
  | { readonly kind: 'chart'; readonly categories: readonly string[]; readonly series: readonly Series[] }
  | {
      readonly kind: 'table';
      /** Of which days it is. */
      readonly note?: string | undefined;
      readonly head: readonly string[];
      readonly rows: readonly (readonly { readonly text: string; readonly shade?: number | undefined }[])[];
    }
  | { readonly kind: 'nothing'; readonly why: string };

/** What a visual shows of the database. A measure without `sql` is left out. */
export async function shownBy(visual: PageVisual, context: AnswerContext): Promise<Shown> {
  const well = (name: string) => (visual.wells?.[name] ?? []).flatMap((field) => standIn(field, context.extras));
  const where = [
    ...context.where,
    ...Object.entries(visual.where ?? {}).map(([field, values]) => ({
      field: fieldName(field),
      values: values.map(String),
    })),
  ];
  const asking = { ...context, where };
  if (visual.visual === 'cardVisual') return cards(well('Data'), asking);
  if (visual.visual === 'tableEx') return columnsTable(well('Values'), asking);
  if (visual.visual === 'pivotTable') return matrix(well('Rows'), well('Columns'), well('Values'), visual, asking);
  return chart(well('Category'), well('Series'), well('Y'), well('Y2'), visual, asking);
}

/** A field parameter stands for its first field; a calculation group shows the measure as it is. */
function standIn(field: string, extras: ModelExtras): string[] {
  const parameter = parameterOf(field, extras);
  if (parameter !== undefined) return parameter.fields[0] === undefined ? [] : [parameter.fields[0].field];
  const { table } = fieldName(field);
  return extras.calculation_groups.some(({ name }) => name === table) ? [] : [field];
}

/** What the database says of measures by fields, and why it says nothing of those that are not there. */
async function answersTo(measures: readonly string[], by: readonly string[], context: AnswerContext) {
  const { exposures, where, ask } = context;
  const fields = measures.map(fieldName);
  const answers = new Map<string, Answer>();
  let why = 'there is no measure';
  for (const table of new Set(fields.map((field) => field.table))) {
    const own = fields.filter((field) => field.table === table).map(({ name }) => name);
    const { queries, refused } = measureQueries(exposures, { table, measures: own, by: by.map(fieldName), where });
    why = refused.at(-1)?.reason ?? why;
    const declared = exposures.find(({ name }) => name === table)?.measures ?? [];
    for (const query of queries) {
      const rows = await ask(query);
      for (const [place, name] of query.measures.entries()) {
        const { format, texts } = declared.find((one) => one.name === name) ?? {};
        answers.set(`${table}.${name}`, {
          measure: `${table}.${name}`,
          format,
          texts,
          rows: rows.flatMap((row) => {
            const value = row[`value${place + 1}`] ?? undefined;
            const cell = by.map((_, index) => String(row[`by${index + 1}`] ?? ''));
            return value === undefined ? [] : [{ by: cell, value: numberOf(value) }];
          }),
        });
      }
    }
  }
  return { found: measures.flatMap((measure) => answers.get(measure) ?? []), why };
}

/** Databases send exact numbers as text. */
function numberOf(value: unknown): number | string {
  const text = String(value);
  return text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text;
}

async function cards(measures: readonly string[], context: AnswerContext): Promise<Shown> {
  const { found, why } = await answersTo(measures, [], context);
  if (found.length === 0) return { kind: 'nothing', why };
  return {
    kind: 'cards',
    cards: found.map((answer) => ({
      label: context.translate(fieldName(answer.measure).name),
      text: answer.rows[0] === undefined ? '–' : textOf(answer.rows[0].value, answer, context),
    })),
  };
}

async function chart(
  categories: readonly string[],
  series: readonly string[],
  first: readonly string[],
  second: readonly string[],
  visual: PageVisual,
  context: AnswerContext,
): Promise<Shown> {
  const ordered = withOrder(categories, context.exposures);
  const by = [...ordered, ...series];
  const { found, why } = await answersTo([...first, ...second], by, context);
  if (found.every(({ rows }) => rows.length === 0))
    return { kind: 'nothing', why: found.length === 0 ? why : 'no rows' };
  const keyOf = (row: { readonly by: readonly string[] }) => row.by.slice(0, ordered.length);
  const keys = distinct(found.flatMap(({ rows }) => rows.map(keyOf))).sort(
    inOrderOf(ordered.length, categories.length),
  );
  const sorted = bySort(keys, visual, found, ordered.length);
  const all = found.flatMap((answer) => {
    const names = distinct(answer.rows.map((row) => row.by.slice(ordered.length))).sort(
      inOrderOf(series.length, series.length),
    );
    return names.map((name): Series => {
      const values = new Map(
        answer.rows
          .filter((row) => same(row.by.slice(ordered.length), name))
          .map((row) => [keyOf(row).join('\u0000'), row.value] as const),
      );
      const own = context.translate(fieldName(answer.measure).name);
      return {
        name: series.length === 0 ? own : found.length === 1 ? name.join(' ') : `${own} ${name.join(' ')}`,
        values: sorted.map((key) => {
          const value = values.get(key.join('\u0000'));
          return typeof value === 'number' ? value : undefined;
        }),
        format: answer.format,
        second: second.includes(answer.measure),
        drawn: visual.predicted?.includes(answer.measure)
          ? 'predicted'
          : visual.bounds?.includes(answer.measure)
            ? 'bound'
            : 'measured',
      };
    });
  });
  return { kind: 'chart', categories: sorted.map((key) => key.slice(0, categories.length).join(' ')), series: all };
}

async function matrix(
  rows: readonly string[],
  columns: readonly string[],
  measures: readonly string[],
  visual: PageVisual,
  context: AnswerContext,
): Promise<Shown> {
  const [rowFields, columnFields] = [withOrder(rows, context.exposures), withOrder(columns, context.exposures)];
  const by = [...rowFields, ...columnFields];
  const items = comparedItems(visual, context.extras);
  const week = items.some(({ drawn_as }) => drawn_as !== 'difference_from_mean')
    ? newestWeek((await answersTo(measures, ['Date.Date'], context)).found)
    : undefined;
  const asked = week === undefined ? context : { ...context, where: [...context.where, inWeek(week)] };
  const { found: answers, why } = await answersTo(measures, by, asked);
  if (answers.every((answer) => answer.rows.length === 0))
    return { kind: 'nothing', why: answers.length === 0 ? why : 'no rows' };
  const before =
    week === undefined
      ? []
      : (await answersTo(measures, by, { ...context, where: [...context.where, inWeek(week, 7)] })).found;
  const found =
    week === undefined
      ? answers.flatMap((answer) => (items.length === 0 ? [answer] : withDifference(answer)))
      : answers.flatMap((answer) => withWeekBefore(answer, before, items, context.translate));
  const keysOf = (from: number, to: number, shown: number) =>
    distinct(found.flatMap((answer) => answer.rows.map(({ by }) => by.slice(from, to)))).sort(
      inOrderOf(to - from, shown),
    );
  const rowKeys = bySort(keysOf(0, rowFields.length, rows.length), visual, found, rowFields.length);
  const columnKeys = keysOf(rowFields.length, rowFields.length + columnFields.length, columns.length);
  const largest = Math.max(
    ...found
      .filter(({ measure }) => measure === visual.heat)
      .flatMap((answer) => answer.rows.map(({ value }) => (typeof value === 'number' ? value : 0))),
  );
  const name = (field: string) => context.translate(fieldName(field).name);
  const head = columnKeys.flatMap((key) =>
    found.map(({ measure, label = name(measure) }) =>
      columns.length === 0
        ? label
        : [...key.slice(0, columns.length), ...(found.length === 1 ? [] : [label])].join(' '),
    ),
  );
  return {
    kind: 'table',
    note: week && `${week[0]} – ${week.at(-1)}`,
    head: [...rows.map(name), ...head],
    rows: rowKeys.map((rowKey) => [
      ...rowKey.slice(0, rows.length).map((text, index) => ({ text: written(rows[index] ?? '', text, context) })),
      ...columnKeys.flatMap((columnKey) =>
        found.map((answer) => {
          const { measure, format } = answer;
          const value = answer.rows.find(({ by }) => same(by, [...rowKey, ...columnKey]))?.value;
          if (value === undefined) return { text: '' };
          const shade =
            measure === visual.heat && typeof value === 'number' && largest > 0 ? value / largest : undefined;
          // The colour says enough for less digits.
          const short = shade !== undefined && isShare(format ?? '') ? '0%' : format;
          return { text: textOf(value, { ...answer, format: short }, context), shade };
        }),
      ),
    ]),
  };
}

/** Columns of one table, each combination of values once. */
async function columnsTable(fields: readonly string[], context: AnswerContext): Promise<Shown> {
  const { table } = fieldName(fields[0] ?? '');
  const exposure = context.exposures.find(({ name }) => name === table);
  const names = fields.map(fieldName).filter((field) => field.table === table);
  if (exposure === undefined || names.length < fields.length)
    return { kind: 'nothing', why: 'a table of columns is drawn of one table alone' };
  const list = names.map(({ name }, index) => `${identifier(name)}::text as by${index + 1}`).join(', ');
  const order = names.map((_, index) => index + 1).join(', ');
  const sql = `select distinct ${list} from ${relation(exposure.view)} order by ${order}`;
  const rows = await context.ask({ sql, params: [] });
  return {
    kind: 'table',
    head: names.map(({ name }) => context.translate(name)),
    rows: rows.map((row) => names.map((_, index) => ({ text: String(row[`by${index + 1}`] ?? '') }))),
  };
}

/** The value of a column: true and false as its format writes them, anything else as it is. */
function written(field: string, text: string, { exposures }: AnswerContext): string {
  const { table, name } = fieldName(field);
  const column = exposures.find((one) => one.name === table)?.columns.find((one) => one.name === name);
  if (column?.type !== 'boolean' || column.format === undefined || text === '') return text;
  return formatNumber(text === 'true' ? 1 : 0, column.format);
}

/** Of a text of the database only what the measure's `texts` say is translated, as in Power BI. */
function textOf(value: number | string, { format, texts }: Answer, { translate }: AnswerContext): string {
  if (typeof value === 'number') return formatNumber(value, format);
  return texts?.includes(value) === true ? translate(value) : value;
}

/** The fields, and behind them those whose order they have. */
function withOrder(fields: readonly string[], exposures: readonly Exposure[]): string[] {
  const orders = fields.flatMap((field) => {
    const { table, name } = fieldName(field);
    const sortBy = exposures.find((one) => one.name === table)?.columns.find((one) => one.name === name)?.sortBy;
    return sortBy === undefined ? [] : [`${table}.${sortBy}`];
  });
  return [...fields, ...orders];
}

/** Compares keys by the columns that others are sorted by, if there are any, then by the shown ones. */
function inOrderOf(length: number, shown: number) {
  const places = [...Array(length).keys()];
  const order = [...places.slice(shown), ...places.slice(0, shown)];
  return (one: readonly string[], other: readonly string[]): number => {
    for (const place of order) {
      const [a = '', b = ''] = [one[place], other[place]];
      const numbers = a !== '' && b !== '' ? Number(a) - Number(b) : Number.NaN;
      const difference = Number.isNaN(numbers) ? a.localeCompare(b, 'en') : numbers;
      if (difference !== 0) return difference;
    }
    return 0;
  };
}

/** The keys in the order of a measure, where the visual has one. */
function bySort(
  keys: readonly string[][],
  visual: PageVisual,
  found: readonly Answer[],
  length: number,
): readonly string[][] {
  const answer = found.find(({ measure }) => measure === visual.sort?.by);
  if (answer === undefined) return keys;
  const totals = new Map<string, number>();
  for (const { by, value } of answer.rows) {
    const key = by.slice(0, length).join('\u0000');
    if (typeof value === 'number') totals.set(key, (totals.get(key) ?? 0) + value);
  }
  const of = (key: readonly string[]) => totals.get(key.join('\u0000')) ?? Number.NEGATIVE_INFINITY;
  const sign = visual.sort?.descending === true ? -1 : 1;
  return [...keys].sort((one, other) => sign * (of(one) - of(other)) || 0);
}

function distinct(keys: readonly (readonly string[])[]): string[][] {
  return [...new Map(keys.map((key) => [key.join('\u0000'), [...key]])).values()];
}

function same(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((part, index) => part === other[index]);
}
