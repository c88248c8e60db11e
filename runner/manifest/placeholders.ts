import { identifier } from '../../warehouse/quote.ts';
import type { SqlText } from '../text/sql-text.ts';

/*
 * What only the run knows stands in the compiled SQL as a value that makes the SQL runnable by hand, with a comment by
 * which the plan finds and replaces it.
 */
export const highWaterMark = (id: string) => `0 /* high_water ${id} */`;

export const runStartedMark = 'current_timestamp /* run_started_at */';

const placeholder = /0 \/\* high_water (.+?) \*\/|current_timestamp \/\* run_started_at \*\//g;

/** Finds the placeholders of {@link modelHelpers} in compiled SQL; group 1 is the upstream's id of a high-water mark. */
export function placeholders(): RegExp {
  return new RegExp(placeholder);
}

/*
 * In compiled SQL a batch is all there is, so that it can be run by hand: a filter is a comment, and the bounds are farther than any time.
 * The run puts each batch's own in.
 */
export const batchStart = `timestamptz '0001-01-01 00:00:00+00' /* batch_start */`;

export const batchEnd = `timestamptz '9999-12-31 00:00:00+00' /* batch_end */`;

export const mark =
  /timestamptz '[-:+\d ]+' \/\* batch_(?:start|end) \*\/|\/\* batch of (.+?) by "((?:[^"]|"")+)" \*\//g;

/** The rows of a relation that lie in the batch. @param id of the node that it is. */
export function inBatch(relation: string, id: string, eventTime: string): string {
  return `(select * from ${relation} /* batch of ${id} by ${identifier(eventTime)} */)`;
}

const gap = String.raw`(?:\s|--[^\n]*(?:\n|$)|/\*(?:(?!\*/)[\s\S])*\*/)*`;

const words =
  'where|join|inner|left|right|full|cross|natural|on|using|group|having|order|window|limit|offset|fetch|for|union|except|intersect|tablesample';

const unnamed = new RegExp(
  String.raw`"((?:[^"]|"")+)" /\* batch of .+? by "(?:[^"]|"")+" \*/\)(?=${gap}(?:$|[,);]|(?:${words})\b))`,
  'gi',
);

/** Gives a filtered relation that has no alias the name that it would have without the filter. */
export function nameTables(sql: SqlText): SqlText {
  return sql.replace(unnamed, ([whole, name]) => `${whole} as "${name}"`);
}

/** The upstreams that a query reads batch by batch, and by which column. */
export function filtersOf(sql: SqlText): { readonly id: string; readonly column: string; readonly at: number }[] {
  return [...sql.text.matchAll(mark)].flatMap(({ 1: id, 2: column, index }) =>
    id === undefined || column === undefined ? [] : [{ id, column: column.replaceAll('""', '"'), at: index }],
  );
}
