import { identifier, literal } from '../../warehouse/quote.ts';
import { holeText } from '../template/marks.ts';
import type { SqlText } from '../text/sql-text.ts';
import { type SqlToken, sqlTokens } from '../text/sql-tokens.ts';

/*
 * Placeholders for values that only a run knows: SQL that can be run by hand, with a comment that names the value. The planner
 * finds them by the holes around them, not by their text.
 */

export function highWater(id: string): string {
  return holeText({ kind: 'high_water', id }, `0 /* high_water ${id} */`);
}

export const runStartedAt = holeText({ kind: 'run_started_at' }, 'current_timestamp /* run_started_at */');

/** In compiled SQL a batch covers all rows: its bounds lie beyond any time. */
const bounds = { start: '0001-01-01', end: '9999-12-31' } as const;

/** The run's id. Without quotes, since as in dbt it is used as `'{{invocation_id}}'`. */
export const invocationId = holeText({ kind: 'invocation_id' }, '00000000-0000-0000-0000-000000000000');

export function batchBound(which: 'start' | 'end'): string {
  const text = `timestamptz '${bounds[which]} 00:00:00+00' /* batch_${which} */`;
  return holeText({ kind: 'batch_bound', which }, text);
}

/**
 * The rows of a relation that lie in the batch; in compiled SQL all of them.
 * @param sql how the relation is referred to; `name` is its own.
 * @param id of the node that it is.
 */
export function inBatch(sql: string, { id, name, column }: { id: string; name: string; column: string }): string {
  const filter = holeText({ kind: 'batch_filter', id, name, column }, `/* batch of ${id} by ${identifier(column)} */`);
  return `(select * from ${sql} ${filter})`;
}

/** Which rows models read of their upstreams, where not all: none, or those whose event_time is in a span of time. */
export type RowLimit =
  | { readonly kind: 'empty' }
  /** ISO times in UTC; without an end it has none. */
  | { readonly kind: 'sample'; readonly from: string; readonly to: string | undefined };

/**
 * The rows of a relation that a limit leaves.
 * @param sql how the relation is referred to; `name` is its own.
 * @param column its event_time; without one a sample has all rows.
 */
export function limitRows(
  sql: string,
  { name, column }: { readonly name: string; readonly column: string | undefined },
  limit: RowLimit,
): string {
  if (limit.kind === 'empty') return limited(sql, name, 'where false limit 0');
  if (column === undefined) return sql;
  // Constants without a type are read as whatever type the column has.
  const end = limit.to === undefined ? '' : ` and ${identifier(column)} < ${literal(limit.to)}`;
  return limited(sql, name, `where ${identifier(column)} >= ${literal(limit.from)}${end}`);
}

function limited(sql: string, name: string, condition: string): string {
  return `(select * from ${sql} ${holeText({ kind: 'row_limit', name }, condition)})`;
}

/** Words that may follow a relation which has no alias. */
const following = new Set(
  'where join inner left right full cross natural on using group having order window limit offset fetch for union except intersect tablesample'.split(
    ' ',
  ),
);

/** Gives a filtered or limited relation that has no alias the name that it would have otherwise. */
export function nameTables(sql: SqlText): SqlText {
  return sql.put(
    sql.holes.flatMap(({ hole, end }) => {
      // After the hole comes the bracket that inBatch or limitRows closes.
      const at = end + 1;
      if ((hole.kind !== 'batch_filter' && hole.kind !== 'row_limit') || !hasNoAlias(sql.text.slice(at))) return [];
      return [{ start: at, end: at, text: ` as ${identifier(hole.name)}` }];
    }),
  );
}

/** @param rest what follows a relation in brackets. */
function hasNoAlias(rest: string): boolean {
  const next = firstCode(rest);
  return next === undefined || [',', ')', ';'].includes(next.text) || following.has(next.text.toLowerCase());
}

function firstCode(text: string): SqlToken | undefined {
  for (const token of sqlTokens(text)) if (token.kind !== 'blank' && token.kind !== 'comment') return token;
  return undefined;
}

/** The upstreams that a query reads batch by batch, and by which column. */
export function filtersOf(sql: SqlText): { readonly id: string; readonly column: string }[] {
  return sql.holes.flatMap(({ hole }) => (hole.kind === 'batch_filter' ? [{ id: hole.id, column: hole.column }] : []));
}
