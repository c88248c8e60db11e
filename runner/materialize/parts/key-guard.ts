import { identifier, identifiers } from '../../../warehouse/quote.ts';
import type { Row } from '../../../warehouse/warehouse.ts';
import { SqlText } from '../../text/sql-text.ts';
import type { Step } from './step.ts';

/**
 * Fails the model, naming the keys, if `unique_key` is NULL or not unique among the rows of `relation`:
 * ```sql
 * select <unique_key> from r where <unique_key> is null limit 3;  -- must return no row
 * select <unique_key>, count(*) from r group by <unique_key> having count(*) > 1 limit 3;  -- must return no row
 * ```
 */
export function guardKey(model: string, relation: string, uniqueKey: readonly string[]): Step[] {
  return [guardNulls(model, relation, uniqueKey), guardDuplicates(model, relation, uniqueKey)];
}

/**
 * Fails the model if a column of `unique_key` is NULL:
 * ```sql
 * select "room", "day" from r where "room" is null or "day" is null limit 3;  -- must return no row
 * ```
 */
export function guardNulls(model: string, relation: string, uniqueKey: readonly string[]): Step {
  const isNull = uniqueKey.map((name) => `${identifier(name)} is null`).join(' or ');
  return {
    kind: 'guard',
    sql: new SqlText(`select ${identifiers(uniqueKey)}\nfrom ${relation}\nwhere ${isNull}\nlimit 3`),
    setting: 'unique_key',
    complaint: (rows) => ({
      what: `unique_key of ${model} is NULL in ${describe(rows, uniqueKey)}`,
      hint: 'A row without its key can neither be found nor updated: leave such rows out, or give them a value.',
    }),
  };
}

/**
 * Fails the model if `unique_key` is not unique:
 * ```sql
 * select "room", count(*) as row_count from r group by "room" having count(*) > 1 limit 3;  -- must return no row
 * ```
 */
export function guardDuplicates(model: string, relation: string, uniqueKey: readonly string[]): Step {
  const list = identifiers(uniqueKey);
  return {
    kind: 'guard',
    sql: new SqlText(
      `select ${list}, count(*) as row_count\nfrom ${relation}\ngroup by ${list}\nhaving count(*) > 1\nlimit 3`,
    ),
    setting: 'unique_key',
    complaint: (rows) => ({
      what: `unique_key of ${model} is not unique: ${describe(rows, uniqueKey, 'is duplicated in')}`,
      hint: 'Group the rows by the key, or add the column in which they differ to unique_key.',
    }),
  };
}

/** Bad rows by their keys, as `(id=7); (id=8)`. @param joint comes between a key and its number of rows, where they were counted. */
export function describe(rows: readonly Row[], uniqueKey: readonly string[], joint = 'in'): string {
  return rows
    .map((row) => {
      const values = uniqueKey.map((name) => `${name}=${row[name] === null ? 'NULL' : String(row[name])}`).join(', ');
      const count = Number(row.row_count);
      return row.row_count === undefined ? `(${values})` : `(${values}) ${joint} ${count} row${count === 1 ? '' : 's'}`;
    })
    .join('; ');
}
