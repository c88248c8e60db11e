import { ProjectError } from './errors.ts';
import { type SqlText, trailLines } from './sql-text.ts';
import { type SqlToken, sqlTokens } from './sql-tokens.ts';

/**
 * The SQL without a semicolon at its end.
 * @param subject what the SQL is, for messages: `a model`, `a test`; and what it must be, a select unless said otherwise.
 * @throws ProjectError if something follows the semicolon: a second statement would run outside the transaction's control;
 * or if a bracket, quote or comment is not closed: it would swallow what the runner puts behind the SQL, and PostgreSQL
 * would complain about something else.
 */
export function oneStatement(sql: SqlText, subject: string, kind: 'select' | 'statement' = 'select'): SqlText {
  const refuse = (token: SqlToken, what: string, hint: string) => {
    const origin = sql.originAt(token.start);
    return new ProjectError([{ what, place: origin?.place, detail: trailLines(origin).join('\n'), hint }]);
  };
  const open: SqlToken[] = [];
  let end: SqlToken | undefined;
  for (const token of sqlTokens(sql.text)) {
    if (token.kind === 'blank' || token.kind === 'comment' || token.text === ';') {
      if (token.text === ';') end ??= token;
      continue;
    }
    if (end !== undefined)
      throw refuse(
        end,
        `${subject} is one ${kind}; something follows its semicolon`,
        `Put the second statement into ${subject} of its own.`,
      );
    const unclosed = token.kind === 'sign' ? unclosedAt(sql.text, token.start) : undefined;
    if (unclosed !== undefined)
      throw refuse(token, `this ${unclosed} is not closed`, 'It opens something whose end is missing.');
    if (token.text === '(') open.push(token);
    if (token.text === ')' && open.pop() === undefined)
      throw refuse(token, 'this ) closes nothing', 'Take it out, or open it before.');
  }
  const bracket = open.pop();
  if (bracket !== undefined) throw refuse(bracket, 'this ( is not closed', 'Its ) is missing.');
  return end === undefined ? sql : sql.slice(0, end.start).trim();
}

/** What opens a string, name or comment at this sign: as a token of its own it is one that does not end. */
function unclosedAt(text: string, start: number): string | undefined {
  return /^(?:'|"|\/\*|\$(?:[\p{L}_][\p{L}\p{N}_]*)?\$)/u.exec(text.slice(start, start + 70))?.[0];
}
