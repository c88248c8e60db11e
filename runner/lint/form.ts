import { incrementalSqlOf, type ModelNode } from '../manifest/manifest.ts';
import type { TestNode } from '../manifest/test-node.ts';
import type { SqlParser } from '../sql/parser.ts';
import { type PlacedQuery, placedQuery } from '../sql/placed-query.ts';
import type { SqlText } from '../text/sql-text.ts';

/** The SQL of a model or test, in one of its forms, as the parser reads it. */
export interface Form extends PlacedQuery {
  readonly name: string;
}

/** The full and the incremental SQL of a model, or the SQL of a test. @throws ProjectError where it cannot be parsed. */
export function formsOf(node: ModelNode | TestNode, parser: SqlParser): Form[] {
  const form = (sql: SqlText) => ({ name: node.name, ...placedQuery(sql, parser) });
  if (node.kind === 'test') return [form(node.sql)];
  const incremental = incrementalSqlOf(node);
  return [node.fullSql, ...(incremental === undefined ? [] : [incremental])].map(form);
}
