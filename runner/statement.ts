import { StatementError } from '../warehouse/errors.ts';
import type { Queryable, Result } from '../warehouse/warehouse.ts';
import { NodeError } from './errors.ts';
import { excerpt, formatPlace } from './place.ts';
import type { SqlText } from './sql-text.ts';

/** Carries the generated SQL's origins with the error of a failed statement. */
class PlacedStatementError extends StatementError {
  readonly source: SqlText;

  constructor(error: StatementError, source: SqlText) {
    super({
      what: error.message,
      detail: error.detail,
      hint: error.hint,
      code: error.code,
      position: error.position,
      context: error.context,
      sql: error.sql,
      cause: error,
    });
    this.source = source;
  }
}

/** Runs generated SQL; an error knows where in the templates it comes from once {@link explain} is asked. */
export async function statement(on: Queryable, sql: SqlText): Promise<Result> {
  try {
    return await on.query(sql.text);
  } catch (error) {
    throw error instanceof StatementError ? new PlacedStatementError(error, sql) : error;
  }
}

export interface Subject {
  readonly name: string;
  /** The file to name when PostgreSQL gives no position. */
  readonly file: string;
  readonly sourceText: (file: string) => string | undefined;
  readonly hint?: (error: StatementError) => string | undefined;
}

/** Turns PostgreSQL's position in the compiled SQL into file, line and column of the template, its line quoted. */
export function explain(error: unknown, subject: Subject): Error {
  if (!(error instanceof StatementError)) return error instanceof Error ? error : new Error(String(error));
  const place = error instanceof PlacedStatementError ? placeOf(error) : undefined;
  if (place === undefined && error.code === '42601' && error instanceof PlacedStatementError)
    return endsTooEarly(error, subject);
  const quoted = place === undefined ? undefined : excerpt(subject.sourceText(place.file) ?? '', place);
  return new NodeError({
    what: `${subject.name}: ${error.message.replaceAll('"datacycle_new"', 'its new rows')}`,
    where: place === undefined ? subject.file : formatPlace(place),
    detail: [quoted, error.detail].filter(Boolean).join('\n') || undefined,
    hint: error.hint ?? subject.hint?.(error),
    cause: error,
  });
}

/** Some faults, e.g. a foreign key between unlike types, have no position: then a statement made for one place has that. */
function placeOf({ position, source }: PlacedStatementError) {
  return position === undefined ? source.wholePlace() : source.placeAtPosition(position);
}

/** A syntax error behind the template's text: the parser met what the runner put after it, of which the user knows nothing. */
function endsTooEarly(error: PlacedStatementError, subject: Subject): Error {
  const place = error.source.end();
  return new NodeError({
    what: `${subject.name}: syntax error: the query ends too early`,
    where: place === undefined ? subject.file : formatPlace(place),
    detail: place === undefined ? undefined : excerpt(subject.sourceText(place.file) ?? '', place),
    hint: 'Something is missing behind this: a comma, `union` or operator too many, or a bracket or quote that is not closed.',
    cause: error,
  });
}
