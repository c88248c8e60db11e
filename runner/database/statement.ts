import { StatementError } from '../../warehouse/errors.ts';
import type { Queryable, Result, Values } from '../../warehouse/warehouse.ts';
import { NodeError, type SourceTexts } from '../text/errors.ts';
import { excerpt, formatPlace } from '../text/place.ts';
import { type Origin, type SqlText, trailLines } from '../text/sql-text.ts';
import { likelyPlaceOf, namedIn } from './likely-place.ts';

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
export async function statement(on: Queryable, sql: SqlText, values?: Values): Promise<Result> {
  try {
    return await on.query(sql.text, [], values);
  } catch (error) {
    throw error instanceof StatementError ? new PlacedStatementError(error, sql) : error;
  }
}

export interface Subject {
  readonly name: string;
  /** The file to name when nothing tells the place. */
  readonly file: string;
  readonly sourceText: SourceTexts;
  readonly hint?: (error: StatementError) => string | undefined;
}

/**
 * Turns PostgreSQL's position in the compiled SQL into file, line and column of the template, its line quoted. Without a
 * position it is what the statement was written for (a constraint, a test), or what in the query can only be meant.
 */
export function explain(error: unknown, subject: Subject): Error {
  if (!(error instanceof StatementError)) return placed(error, subject);
  const { origin, note, what, hint } = originOf(error);
  const place = origin?.place;
  const quoted = place === undefined ? undefined : excerpt(subject.sourceText(place.file) ?? '', place);
  return new NodeError({
    what: `${subject.name}: ${what ?? error.message.replaceAll('"datacycle_new"', 'its new rows')}`,
    where: place === undefined ? subject.file : formatPlace(place),
    detail:
      [quoted, ...trailLines(origin), note, ...contextLines(error), error.detail].filter(Boolean).join('\n') ||
      undefined,
    hint: hint ?? error.hint ?? subject.hint?.(error),
    cause: error,
  });
}

/** An error of our own names at least the file, and quotes its place. */
function placed(error: unknown, { file, sourceText }: Subject): Error {
  if (!(error instanceof NodeError)) return error instanceof Error ? error : new Error(String(error));
  const { message: what, where = file, place, detail, hint, cause } = error;
  const quoted = place && excerpt(sourceText(place.file) ?? '', place);
  return new NodeError({ what, where, detail: [quoted, detail].filter(Boolean).join('\n') || undefined, hint, cause });
}

interface Explanation {
  readonly origin: Origin | undefined;
  /** Why it is this place, where PostgreSQL does not say so. */
  readonly note?: string | undefined;
  readonly what?: string;
  readonly hint?: string;
}

function originOf(error: StatementError): Explanation {
  if (!(error instanceof PlacedStatementError)) return { origin: undefined };
  const { source, position, code } = error;
  const framePlace = source.frameOf(quotedNames(error.message));
  const frame = framePlace && { place: framePlace, verbatim: false };
  if (position === undefined) {
    const named = frame === undefined ? undefined : namedIn(source, error);
    const suspect = frame === undefined ? likelyPlaceOf(source, error) : undefined;
    const offset = suspect?.offset ?? named;
    return { origin: offset === undefined ? frame : source.originAt(offset), note: suspect?.note };
  }
  const offset = source.offsetOf(position);
  const origin = source.originAt(offset);
  const isInside = origin !== undefined && origin.frame !== true && offset < source.text.length;
  if (code !== '42601' || isInside) return { origin: origin ?? frame };
  // The parser stopped at the end, or in text that the runner appended, which the user does not know.
  return {
    origin: source.lastCodeBefore(offset) ?? frame,
    what: 'syntax error: the query ends too early',
    hint: 'Something is missing behind this: a comma, `union` or operator too many, or a bracket or quote that is not closed.',
  };
}

/** The names in a message, e.g. `column "floor" of relation "rooms" contains null values`. */
function quotedNames(message: string): string[] {
  return [...message.matchAll(/"[^"]+"/g)].map(([name]) => name);
}

/** What PostgreSQL says of the functions in which it happened, the nearest first; a few lines, none of them long. */
function contextLines({ context, position }: StatementError): string[] {
  if (context === undefined || position !== undefined) return [];
  const lines = context.split('\n').filter((line) => /\S/.test(line) && line !== 'parallel worker');
  return lines.slice(0, 3).map((line) => `  ${line.length > 160 ? `${line.slice(0, 160)}…` : line}`);
}
