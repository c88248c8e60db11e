import type { SelectStmt } from 'libpg-query';
import { incrementalSqlOf, type ModelNode } from '../manifest/manifest.ts';
import type { TestNode } from '../manifest/test-node.ts';
import { type SqlParser, SqlSyntaxError } from '../sql/parser.ts';
import { ProjectError } from '../text/errors.ts';
import type { Place } from '../text/place.ts';
import type { Origin, SqlText } from '../text/sql-text.ts';

/** The SQL of a model or test, in one of its forms, as the parser reads it. */
export interface Form {
  readonly name: string;
  readonly select: SelectStmt;
  /** Where something of the tree comes from; undefined for what the runner wrote. */
  readonly originOf: (location: number | undefined) => Origin | undefined;
  readonly placeOf: (location: number | undefined) => Place | undefined;
}

/** The full and the incremental SQL of a model, or the SQL of a test. @throws ProjectError where it cannot be parsed. */
export function formsOf(node: ModelNode | TestNode, parser: SqlParser): Form[] {
  if (node.kind === 'test') return [form(node.name, node.sql, parser)];
  const incremental = incrementalSqlOf(node);
  return [node.fullSql, ...(incremental === undefined ? [] : [incremental])].map((sql) => form(node.name, sql, parser));
}

function form(name: string, sql: SqlText, parser: SqlParser): Form {
  try {
    const { select, offsetOf } = parser.query(sql.text);
    return {
      name,
      select,
      originOf: (location) => sql.originAt(offsetOf(location)),
      placeOf: (location) => sql.placeAt(offsetOf(location)),
    };
  } catch (error) {
    if (!(error instanceof SqlSyntaxError)) throw error;
    throw new ProjectError([{ what: error.message, place: sql.placeAt(error.offset) }]);
  }
}
