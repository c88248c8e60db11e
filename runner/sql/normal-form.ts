import { literal } from '../../warehouse/quote.ts';
import type { Hole } from '../text/hole.ts';
import type { SqlText } from '../text/sql-text.ts';
import type { SqlParser } from './parser.ts';

/**
 * A text that two pieces of SQL share exactly if PostgreSQL's parser reads the same in them: formatting, comments and the case of
 * unquoted names make no difference, constants do, and so does what a run puts in ({@link Hole}).
 * @throws SqlSyntaxError
 * @example normalForm(parser, sqlOf('SELECT a FROM t -- all')) === normalForm(parser, sqlOf('select a from t'))
 */
export function normalForm(parser: SqlParser, sql: SqlText): string {
  const { stmts } = parser.parse(sql.fill(standIn).text);
  return JSON.stringify(
    (stmts ?? []).map(({ stmt }) => stmt),
    (key, value: unknown) => (places.has(key) ? undefined : value),
  );
}

/** What a tree says about where it was written. */
const places = new Set(['location', 'list_start', 'list_end', 'rexpr_list_start', 'rexpr_list_end', 'stmt_location']);

/** A call that says what a run would put in: two holes that compiled SQL writes alike are not the same. */
function standIn(hole: Hole): string {
  const call = `datacycle_hole(${literal(JSON.stringify(hole))})`;
  return hole.kind === 'batch_filter' ? `where ${call}` : call;
}
