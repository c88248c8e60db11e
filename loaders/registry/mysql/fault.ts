import { LoadFailedError, SourceError, SourceLostError } from '../../landing/errors.ts';
import type { RegistryAddress } from './address.ts';

/** What went wrong, in words, and what to do about it where that is not the usual. */
interface Explanation {
  readonly reason: string;
  readonly hint?: string;
}

/** Why the registry cannot be read. Shown to people as what {@link RegistryFault.report} makes of it. */
export class RegistryFault extends Error {
  /** Whether the next attempt may succeed. */
  readonly mayPass: boolean;
  readonly #address: RegistryAddress;
  readonly #hint: string | undefined;

  constructor(address: RegistryAddress, { reason, hint }: Explanation, mayPass: boolean, cause?: unknown) {
    super(`cannot read the registry at ${address.shown}: ${reason}`, cause === undefined ? undefined : { cause });
    this.mayPass = mayPass;
    this.#address = address;
    this.#hint = hint;
  }

  /** From the driver's error, without the password, wherever the error quotes it. */
  static from(error: unknown, address: RegistryAddress): RegistryFault {
    if (error instanceof RegistryFault) return error;
    const code = codeOf(error);
    const { password } = address.connection;
    const conceal = (text: string) =>
      typeof password === 'string' && password !== '' ? text.replaceAll(password, '***') : text;
    const message = error instanceof Error && error.message !== '' ? error.message : String(error);
    const cause = conceal(message) === message ? error : undefined;
    const lasting = lastingOf(code, message);
    if (lasting !== undefined) return new RegistryFault(address, lasting, false, cause);
    const reason = passing[code] ?? `${conceal(message)}${code === '' ? '' : ` (${code})`}`;
    return new RegistryFault(address, { reason }, true, cause);
  }

  /** Whether the server does not offer TLS. */
  static isWithoutTls(error: unknown): boolean {
    return error instanceof RegistryFault && codeOf(error.cause) === 'HANDSHAKE_NO_SSL_SUPPORT';
  }

  /** The server wants the password itself, over a connection on which anybody may listen or answer. */
  static unsafeLogin(address: RegistryAddress): RegistryFault {
    const reason = 'the server asks for the password itself, and the connection is not encrypted: it was not given';
    const hint =
      'Add ssl_mode=REQUIRED (or ssl_ca=... to check the server) to MYSQL_URL. Where the network is to be trusted, ssl_mode=DISABLED says so.';
    return new RegistryFault(address, { reason, hint }, false);
  }

  /** The error for the caller once no further try is made. @param attempts how many there were. */
  report(attempts: number): SourceError | LoadFailedError {
    if (!this.mayPass) {
      const usual =
        'Check MYSQL_URL (environment or .env) and that user, password and database are as the server has them.';
      return new SourceError({ what: this.message, hint: this.#hint ?? usual, cause: this.cause });
    }
    // A server that answers says so with an SQLSTATE.
    const isLost = !(this.cause instanceof Error && 'sqlState' in this.cause);
    return new (isLost ? SourceLostError : LoadFailedError)({
      what: `${this.message}${attempts > 1 ? `; tried ${attempts} times` : ''}`,
      hint: `Nothing was landed, the last snapshot stays. Check that the server of ${this.#address.shown} is running and can be reached from here, then load again.`,
      cause: this.cause,
    });
  }
}

/** One table cannot be read; others may. The message says why, without its content. */
export class TableFault extends Error {}

/** Whether a table is not there (any more), or may not be read by this user. */
export function isMissingTable(error: unknown): boolean {
  return ['ER_NO_SUCH_TABLE', 'ER_TABLEACCESS_DENIED_ERROR', 'ER_COLUMNACCESS_DENIED_ERROR'].includes(codeOf(error));
}

/** What the server says of one table: every error that it answers with and that is not about the connection or the moment. */
export function tableFault(error: unknown): TableFault | undefined {
  const code = codeOf(error);
  if (!(error instanceof Error) || !('sqlState' in error) || ('fatal' in error && error.fatal === true))
    return undefined;
  // Of the connection, interrupted, a deadlock.
  const isOfMoment = passing[code] !== undefined || /^(?:08|70100|40)/.test(String(error.sqlState));
  if (isOfMoment || lastingOf(code, error.message) !== undefined) return undefined;
  return new TableFault(`the server cannot read it: ${error.message.slice(0, 300)}${code === '' ? '' : ` (${code})`}`);
}

const trust =
  'Name the authority that signed it by ssl_ca=/path/ca.pem in MYSQL_URL; ssl_mode=REQUIRED encrypts without checking the server.';
const login =
  'Let its administrator set a new password or unlock the account, then correct MYSQL_URL (environment or .env).';

/** What another try would not change, by the error's code. */
const lasting: Readonly<Record<string, Explanation>> = {
  ER_ACCESS_DENIED_ERROR: { reason: 'the server refuses this user or the password' },
  ER_ACCESS_DENIED_NO_PASSWORD_ERROR: { reason: 'the server refuses this user' },
  ER_DBACCESS_DENIED_ERROR: { reason: 'this user may not use the database' },
  ER_BAD_DB_ERROR: { reason: 'the database does not exist' },
  ER_NO_DB_ERROR: { reason: 'no database is named' },
  ER_HOST_NOT_PRIVILEGED: { reason: 'the server lets nobody in from this machine' },
  ER_HOST_IS_BLOCKED: {
    reason: 'the server has blocked this machine after many connections that failed',
    hint: 'Its administrator lifts that with `flush hosts`; then check MYSQL_URL (environment or .env).',
  },
  ER_NOT_SUPPORTED_AUTH_MODE: { reason: 'the server wants a way of logging in that is not supported' },
  ER_SECURE_TRANSPORT_REQUIRED: {
    reason: 'the server lets nobody in without TLS',
    hint: 'Add ssl_mode=REQUIRED (or ssl_ca=/path/ca.pem) to MYSQL_URL (environment or .env).',
  },
  ER_UNKNOWN_CHARACTER_SET: { reason: 'the server does not know utf8mb4, so it is older than MySQL 5.5' },
  HANDSHAKE_NO_SSL_SUPPORT: {
    reason: 'the server does not offer TLS, which MYSQL_URL asks for',
    hint: 'Switch TLS on at the server, or take the parameters that begin with ssl out of MYSQL_URL.',
  },
  MYSQL_CLEAR_PASSWORD_NOT_ENABLED: { reason: 'the server asks for the password in clear' },
  SELF_SIGNED_CERT_IN_CHAIN: { reason: 'the certificate of the server is not trusted', hint: trust },
  DEPTH_ZERO_SELF_SIGNED_CERT: { reason: 'the certificate of the server is not trusted', hint: trust },
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: { reason: 'the certificate of the server is not trusted', hint: trust },
  UNABLE_TO_GET_ISSUER_CERT: { reason: 'the certificate of the server is not trusted', hint: trust },
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: { reason: 'the certificate of the server is not trusted', hint: trust },
  CERT_HAS_EXPIRED: { reason: 'the certificate of the server has expired', hint: trust },
  CERT_NOT_YET_VALID: { reason: 'the certificate of the server is not valid yet: do the clocks agree?', hint: trust },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    reason: 'the certificate of the server is for another host name',
    hint: 'Correct the host in MYSQL_URL (environment or .env), or say ssl_mode=VERIFY_CA there to check the authority only.',
  },
};

/** By the message, since MySQL and MariaDB have different numbers for them. */
const lastingByMessage: readonly (readonly [RegExp, Explanation])[] = [
  [
    /password has expired|must SET PASSWORD|must reset your password|must change it/i,
    { reason: 'the password has expired', hint: login },
  ],
  [/account is locked|Account is locked/i, { reason: 'the account is locked', hint: login }],
  [
    /blocked because of too many credential errors|consecutive failed logins/i,
    { reason: 'the account is blocked after wrong passwords', hint: login },
  ],
];

function lastingOf(code: string, message: string): Explanation | undefined {
  const known = lasting[code] ?? lastingByMessage.find(([pattern]) => pattern.test(message))?.[1];
  if (known !== undefined) return known;
  const [, plugin] = /unknown plugin ([\w.-]+?)\.?(?:\s|$)/.exec(message) ?? [];
  if (plugin !== undefined) {
    return {
      reason: `the server wants this user to log in by ${plugin}, which is not supported`,
      hint: 'Let the user of MYSQL_URL log in by mysql_native_password or caching_sha2_password, as `create user ... identified via` (or `with`) sets it.',
    };
  }
  if (!/^ERR_SSL_|^EPROTO$|^ERR_OSSL_/.test(code)) return undefined;
  return {
    reason: `TLS with the server fails (${code})`,
    hint: 'Check the files and the parameters that begin with ssl in MYSQL_URL, and the versions of TLS that the server takes.',
  };
}

const passing: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there: is the server running, and do host and port fit?',
  ENOTFOUND: 'the host name cannot be resolved',
  EAI_AGAIN: 'the host name cannot be resolved at the moment',
  ETIMEDOUT: 'the host does not answer: is a firewall in between?',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  ECONNRESET: 'the connection was lost',
  EPIPE: 'the connection was lost',
  PROTOCOL_CONNECTION_LOST: 'the connection was lost',
  ENOENT: 'the socket does not exist: is the server running?',
  ER_CON_COUNT_ERROR: 'the server has no connection left',
  ER_USER_LIMIT_REACHED: 'this user has no connection left at the server',
  ER_TOO_MANY_USER_CONNECTIONS: 'this user has no connection left at the server',
  ER_SERVER_SHUTDOWN: 'the server is shutting down',
  ER_NORMAL_SHUTDOWN: 'the server is shutting down',
  ER_CONNECTION_KILLED: 'the connection was ended at the server',
  ER_QUERY_INTERRUPTED: 'the query was interrupted at the server',
  ER_QUERY_TIMEOUT: 'the server ended the query after its limit of time',
  ER_STATEMENT_TIMEOUT: 'the server ended the query after its limit of time',
  ER_LOCK_WAIT_TIMEOUT: 'another session holds a lock on a table',
  ER_LOCK_DEADLOCK: 'the server ended the query because of a deadlock',
  ER_OUT_OF_RESOURCES: 'the server has no memory left',
  ER_OUTOFMEMORY: 'the server has no memory left',
  ER_DISK_FULL: 'the disk of the server is full',
  ER_TABLE_DEF_CHANGED: 'a table was altered while it was being read',
  ER_MALFORMED_PACKET: 'the connection was disturbed',
};

function codeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
