import { ConnectionError, StatementError } from '../../warehouse/errors.ts';
import { Refused } from '../keys/keys.ts';
import { BadRequest } from '../query/bad-request.ts';

/** What a request that failed is answered. */
export interface Failure {
  readonly status: number;
  readonly what: string;
  readonly hint?: string | undefined;
}

/** An answer for an error; nothing of the server's own is in it: no SQL, no address. */
export function failureOf(error: unknown): Failure {
  if (error instanceof BadRequest) return { status: 400, what: error.message, hint: error.hint };
  if (error instanceof Refused) return { status: error.status, what: error.message };
  if (error instanceof ConnectionError)
    return { status: 503, what: 'The database cannot be reached.', hint: 'Try again in a moment.' };
  if (error instanceof StatementError) return ofStatement(error);
  const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500;
  if (status >= 400 && status < 500 && error instanceof Error) return { status, what: error.message };
  return { status: 500, what: 'The program failed where it should not.' };
}

/** https://www.postgresql.org/docs/current/errcodes-appendix.html */
function ofStatement({ code, message }: StatementError): Failure {
  if (code.startsWith('22')) return { status: 400, what: `A value cannot be used: ${message}` };
  switch (code) {
    case '42501':
      return { status: 403, what: 'This key may not read that.' };
    case '42P01':
    case '3F000':
    case '42703':
      return {
        status: 503,
        what: 'What this address shows is not built yet.',
        hint: 'Run datacycle build, and start the server again.',
      };
    case '57014':
      return { status: 503, what: 'The answer took too long.', hint: 'Ask for less: filter by a time, or by the key.' };
    default:
      return { status: 500, what: 'The database could not answer.' };
  }
}
