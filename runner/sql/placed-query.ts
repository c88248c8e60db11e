import type { SelectStmt } from 'libpg-query';
import { ProjectError } from '../text/errors.ts';
import type { Place } from '../text/place.ts';
import type { Origin, SqlText } from '../text/sql-text.ts';
import { type SqlParser, SqlSyntaxError } from './parser.ts';

/** A query of a project that has been parsed. */
export interface PlacedQuery {
  readonly select: SelectStmt;
  /** Where something of the tree comes from; undefined for what the runner wrote. */
  readonly originOf: (location: number | undefined) => Origin | undefined;
  readonly placeOf: (location: number | undefined) => Place | undefined;
}

/** Parses the SQL of a node. @throws ProjectError where it cannot be parsed. */
export function placedQuery(sql: SqlText, parser: SqlParser): PlacedQuery {
  try {
    const { select, offsetOf } = parser.query(sql.text);
    return {
      select,
      originOf: (location) => sql.originAt(offsetOf(location)),
      placeOf: (location) => sql.placeAt(offsetOf(location)),
    };
  } catch (error) {
    if (!(error instanceof SqlSyntaxError)) throw error;
    throw new ProjectError([{ what: error.message, place: sql.placeAt(error.offset) }]);
  }
}
