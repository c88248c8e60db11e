import type { StatementError } from '../../warehouse/errors.ts';
import { formatPlace } from '../text/place.ts';
import type { SqlText } from '../text/sql-text.ts';
import { type SqlToken, sqlTokens } from '../text/sql-tokens.ts';

/** The expressions of a query that an error without a position can come from. */
export interface LikelyPlace {
  /** Its offset in the query, from 0, if there is just one. */
  readonly offset: number | undefined;
  readonly note: string;
}

/** What people write for a type whose name PostgreSQL prints. */
const shortNames: Readonly<Record<string, readonly string[]>> = {
  integer: ['int', 'int4'],
  bigint: ['int8'],
  smallint: ['int2'],
  'double precision': ['double', 'float8', 'float'],
  real: ['float4'],
  numeric: ['decimal'],
  boolean: ['bool'],
  json: ['jsonb'],
  'timestamp with time zone': ['timestamptz', 'timestamp'],
};

/** Functions that cast without a cast being written. */
const hiddenCasts = /^(?:jsonb?_(?:to_record|to_recordset|populate_record|populate_recordset|table)|xmltable)$/i;

/** The most places that are worth listing. */
const few = 4;

/**
 * PostgreSQL names no position for what fails on a row's value: a division, a cast. Where the query's own text has just one
 * of them it most likely is that one; a view that it reads may have others.
 */
export function likelyPlaceOf(sql: SqlText, error: StatementError): LikelyPlace | undefined {
  if (error.context !== undefined && /function/i.test(error.context)) return undefined;
  const code = [...sqlTokens(sql.text)].filter(({ kind }) => kind !== 'blank' && kind !== 'comment');
  if (error.code === '22012') {
    const divisions = code.filter(({ text }) => ['/', '%', 'mod', 'div'].includes(text.toLowerCase()));
    return onlyOneAmong(divisions, 'division', sql);
  }
  const [, type] =
    /^invalid input syntax for type ([a-z ]+?)(?::|$)/.exec(error.message) ??
    / is out of range for type ([a-z ]+)$/.exec(error.message) ??
    [];
  if (type === undefined || code.some(({ text }) => hiddenCasts.test(text))) return undefined;
  const names = [type.split(' ')[0] ?? type, ...(shortNames[type] ?? [])];
  return onlyOneAmong(castsTo(code, names), `cast to ${type}`, sql);
}

function onlyOneAmong(found: readonly SqlToken[], what: string, sql: SqlText): LikelyPlace | undefined {
  const places = found.flatMap(({ start }) => sql.placeAt(start) ?? []);
  if (places.length === 0 || places.length > few) return undefined;
  if (places.length > 1)
    return {
      offset: undefined,
      note: `  PostgreSQL does not say where. Each ${what} in the query: ${places.map(formatPlace).join(', ')}.`,
    };
  return {
    offset: found.find(({ start }) => sql.placeAt(start) !== undefined)?.start,
    note: `  PostgreSQL does not say where; this is the only ${what} in the query itself.`,
  };
}

/**
 * PostgreSQL gives no position for a name in a constraint's expression that it does not know (class 42), but says the name.
 * @returns its first offset in the user's own text, from 0.
 */
export function namedIn(sql: SqlText, error: StatementError): number | undefined {
  const name = /^(?:column|type) "?([^" ]+)"? does not exist|^function ([^(]+)\(/.exec(error.message);
  const wanted = name?.[1] ?? name?.[2];
  if (!error.code.startsWith('42') || wanted === undefined) return undefined;
  return [...sqlTokens(sql.text)].find(
    ({ kind, start, text }) =>
      (kind === 'word' || kind === 'name') &&
      (text.toLowerCase() === wanted || text === `"${wanted}"`) &&
      sql.originAt(start)?.verbatim === true,
  )?.start;
}

/** The beginnings of `::type` and of `cast(... as type`. */
function castsTo(code: readonly SqlToken[], names: readonly string[]): SqlToken[] {
  const opened: SqlToken[] = [];
  const found: SqlToken[] = [];
  for (const [index, token] of code.entries()) {
    const [before, beforeThat] = [code[index - 1], code[index - 2]];
    if (token.text === '(') opened.push(before?.text.toLowerCase() === 'cast' ? before : token);
    if (token.text === ')') opened.pop();
    if (!names.includes(token.text.toLowerCase())) continue;
    if (before?.text === ':' && beforeThat?.text === ':') found.push(beforeThat);
    const inside = opened.at(-1);
    if (before?.text.toLowerCase() === 'as' && inside?.text.toLowerCase() === 'cast') found.push(inside);
  }
  return found;
}
