// What PostgreSQL's own parser makes of SQL. It is compiled to WebAssembly (libpg-query), so it needs no server and nothing native.
//
//   parser.ts        SQL -> parse tree, with places as offsets in the SQL
//   placed-query.ts  the same of a project's SQL, with places in the template
//   tree.ts          the nodes of a tree, and the texts and constants in it
//
// The parser is loaded by the first that asks for it: 2 MB and some 30 ms that most commands do without. Everything after that
// is synchronous. A tree says what is written, not what it means: no catalog is asked, so a name may stand for anything.

import type { ParseResult, SelectStmt } from 'libpg-query';
import { DatacycleError } from '../../warehouse/errors.ts';

/** SQL that PostgreSQL's parser does not accept. */
export class SqlSyntaxError extends DatacycleError {
  override readonly exitCode = 2;
  /** Where in the SQL, from 0. */
  readonly offset: number;

  constructor(what: string, offset: number) {
    super({ what });
    this.offset = offset;
  }
}

/** A query that has been parsed. */
export interface ParsedQuery {
  readonly select: SelectStmt;
  /**
   * The offset in the SQL, from 0 and in UTF-16 units as in every string, of a `location` of the tree. Those count bytes from 0,
   * and the tree leaves out a 0.
   */
  readonly offsetOf: (location: number | undefined) => number;
}

export interface SqlParser {
  /** Any statements. @throws SqlSyntaxError */
  readonly parse: (sql: string) => ParseResult;
  /** One select. @throws SqlSyntaxError, also for a statement of another kind. */
  readonly query: (sql: string) => ParsedQuery;
}

/**
 * Loads the parser; the second call finds it loaded.
 * @example const { select } = (await loadSqlParser()).query('select 1 as one');
 */
export async function loadSqlParser(): Promise<SqlParser> {
  const { hasSqlDetails, loadModule, parseSync } = await import('libpg-query');
  await loadModule();
  const parse = (sql: string) => {
    if (sql.trim() === '') throw new SqlSyntaxError('this SQL is empty', 0);
    try {
      return parseSync(sql);
    } catch (error) {
      if (!hasSqlDetails(error)) throw error;
      // A position of an error counts characters, other than those of the tree.
      const before = [...sql].slice(0, error.sqlDetails?.cursorPosition ?? 0).join('');
      throw new SqlSyntaxError(error.message, before.length);
    }
  };
  return {
    parse,
    query: (sql) => {
      const [statement, second] = parse(sql).stmts ?? [];
      const node = statement?.stmt;
      if (node === undefined || !('SelectStmt' in node) || second !== undefined)
        throw new SqlSyntaxError('this is not one select', 0);
      return { select: node.SelectStmt, offsetOf: offsets(sql) };
    },
  };
}

function offsets(sql: string): ParsedQuery['offsetOf'] {
  if (Buffer.byteLength(sql) === sql.length) return (location = 0) => location;
  const bytes = Buffer.from(sql);
  return (location = 0) => bytes.toString('utf8', 0, location).length;
}
