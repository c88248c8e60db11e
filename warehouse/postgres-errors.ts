import pg from 'pg';
import type { Conceal } from './conceal.ts';
import { ConnectionError, DatacycleError, StatementError } from './errors.ts';

const unreachable: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there: is PostgreSQL running, and do host and port fit?',
  ENOTFOUND: 'the host name cannot be resolved',
  EAI_AGAIN: 'the host name cannot be resolved at the moment',
  ETIMEDOUT: 'the host does not answer: is a firewall in between?',
  EHOSTUNREACH: 'there is no way to the host at the moment',
  ENETUNREACH: 'there is no way to the host at the moment',
  EHOSTDOWN: 'the host does not answer',
  ECONNRESET: 'the server closed the connection',
  ECONNABORTED: 'the connection was broken off',
  EPIPE: 'the server closed the connection',
  ENOENT: 'the socket does not exist: is PostgreSQL running?',
  '28P01': 'the password is wrong for this user',
  '28000': 'the server refuses this user (pg_hba.conf)',
  '3D000': 'the database does not exist; create it, or name another one',
  '53300': 'the server has no connection left for this user',
  '57P01': 'the server closed the connection (an administrator, or it is shutting down)',
  '57P02': 'the server crashed while this connection was open',
  '57P03': 'the server is starting up or shutting down; try again in a moment',
  '57P05': 'the server closed the connection because it was idle (idle_session_timeout)',
  '25P03': 'the server closed the connection because its transaction was idle (idle_in_transaction_session_timeout)',
};

/** The system's code or SQLSTATE of an error; empty if it has none. */
export function codeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** An error of the driver as one of the port. @param threads how many sessions may work at once. */
export function translated(
  error: unknown,
  sql: string,
  { address, threads, conceal }: { address: string; threads: number; conceal: Conceal },
): Error {
  if (error instanceof DatacycleError) return error;
  const code = codeOf(error);
  const message = error instanceof Error && error.message !== '' ? error.message : String(error);
  const reason = unreachable[code];
  if (error instanceof pg.DatabaseError && reason === undefined) return StatementError.from(error, sql, conceal);
  return new ConnectionError({
    what: `cannot work with ${address}: ${reason ?? conceal(message)}`,
    detail: code === '53300' ? conceal(message) : undefined,
    hint:
      code === '53300'
        ? `Up to ${threads + 1} connections are asked for, threads and one more: run it with --threads 1 (or threads of the target in project.yml), or raise the limit (alter role ... connection limit, max_connections).`
        : 'Check DB_URL (environment or .env).',
    cause: error,
  });
}
