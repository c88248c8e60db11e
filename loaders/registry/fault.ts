import { LoadFailedError, SourceError } from '../landing/errors.ts';
import type { RegistryAddress } from './address.ts';

/** Why the registry cannot be read. Shown to people as what {@link RegistryFault.report} makes of it. */
export class RegistryFault extends Error {
  /** Whether the next attempt may succeed. */
  readonly mayPass: boolean;
  readonly #address: RegistryAddress;

  constructor(address: RegistryAddress, reason: string, mayPass: boolean, cause?: unknown) {
    super(`cannot read the registry at ${address.shown}: ${reason}`, cause === undefined ? undefined : { cause });
    this.mayPass = mayPass;
    this.#address = address;
  }

  /** From the driver's error, without the password, wherever the error quotes it. */
  static from(error: unknown, address: RegistryAddress): RegistryFault {
    if (error instanceof RegistryFault) return error;
    const code = codeOf(error);
    const conceal = (text: string) => {
      const { password } = address.connection;
      return typeof password === 'string' && password !== '' ? text.replaceAll(password, '***') : text;
    };
    const message = error instanceof Error && error.message !== '' ? error.message : String(error);
    const known = permanent[code] ?? passing[code];
    const reason = known ?? `${conceal(message)}${code === '' ? '' : ` (${code})`}`;
    const cause = conceal(message) === message ? error : undefined;
    return new RegistryFault(address, reason, permanent[code] === undefined, cause);
  }

  /** The error for the caller once no further try is made. @param attempts how many there were. */
  report(attempts: number): SourceError | LoadFailedError {
    const hint =
      'Check MYSQL_URL (environment or .env) and that user, password and database are as the server has them.';
    if (!this.mayPass) return new SourceError({ what: this.message, hint, cause: this.cause });
    return new LoadFailedError({
      what: `${this.message}${attempts > 1 ? `; tried ${attempts} times` : ''}`,
      hint: `Nothing was landed, the last snapshot stays. Check that the server of ${this.#address.shown} is running and can be reached from here, then load again.`,
      cause: this.cause,
    });
  }
}

/** Whether a table is not there (any more), or may not be read by this user. */
export function isMissingTable(error: unknown): boolean {
  return ['ER_NO_SUCH_TABLE', 'ER_TABLEACCESS_DENIED_ERROR', 'ER_COLUMNACCESS_DENIED_ERROR'].includes(codeOf(error));
}

/** What another try would not change. */
const permanent: Readonly<Record<string, string>> = {
  ER_ACCESS_DENIED_ERROR: 'the server refuses this user or the password',
  ER_ACCESS_DENIED_NO_PASSWORD_ERROR: 'the server refuses this user',
  ER_DBACCESS_DENIED_ERROR: 'this user may not use the database',
  ER_BAD_DB_ERROR: 'the database does not exist',
  ER_HOST_NOT_PRIVILEGED: 'the server lets nobody in from this machine',
  ER_NOT_SUPPORTED_AUTH_MODE: 'the server wants a way of logging in that is not supported',
  HANDSHAKE_NO_SSL_SUPPORT: 'the server does not offer TLS, which MYSQL_URL asks for',
  SELF_SIGNED_CERT_IN_CHAIN: 'the certificate of the server is not trusted; name its authority by ssl_ca',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the certificate of the server is not trusted; name its authority by ssl_ca',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the certificate of the server is not trusted; name its authority by ssl_ca',
};

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
  ER_SERVER_SHUTDOWN: 'the server is shutting down',
  ER_TABLE_DEF_CHANGED: 'a table was altered while it was being read',
};

function codeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
