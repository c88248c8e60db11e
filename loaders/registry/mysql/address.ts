import type { ConnectionOptions } from 'mysql2';
import { SourceError } from '../../landing/errors.ts';
import { type Tls, tlsOf } from './tls.ts';

/** Where the registry is and how to get in. */
export interface RegistryAddress {
  readonly connection: Pick<
    ConnectionOptions,
    'host' | 'port' | 'user' | 'password' | 'database' | 'socketPath' | 'ssl'
  >;
  readonly tls: Pick<Tls, 'optional' | 'waived'>;
  /** For messages: without the password. */
  readonly shown: string;
}

const parts =
  /^(?:mysql|mariadb)(?:\+\w+)?:\/\/(?:(?<user>[^:/@]*)(?::(?<password>.*))?@)?(?:\[(?<ipv6>[^\]/?]+)\]|(?<name>[^:/?@]*))(?::(?<port>\d+))?\/(?<database>[^/?@]+)(?:\?(?<query>[^@]*))?$/;

/**
 * Reads MYSQL_URL: `mysql://user:password@host:3306/pidb`, also in SQLAlchemy's style (`mysql+pymysql://`,
 * `mariadb+mariadbconnector://`) with its parameters `unix_socket` and those for TLS (tls.ts). Other parameters speak to other
 * drivers and are ignored.
 * @throws SourceError that never repeats it, since it holds a password.
 */
export function readAddress(url: string | undefined): RegistryAddress {
  if (url === undefined || url.trim() === '') {
    throw new SourceError({
      what: 'MYSQL_URL is not set: where the registry is is unknown',
      hint: 'Set MYSQL_URL (environment or .env): mysql://user:password@host:3306/pidb',
    });
  }
  const found = parts.exec(url.trim())?.groups;
  const port = found?.port === undefined ? 3306 : Number(found.port);
  if (found === undefined || port < 1 || port > 65_535) {
    throw new SourceError({
      what: 'MYSQL_URL is not the address of a MySQL or MariaDB database',
      hint: 'Write mysql://user:password@host:3306/pidb, special characters of the password percent-encoded.',
    });
  }
  const query = new URLSearchParams(found.query ?? '');
  const socketPath = query.get('unix_socket') ?? undefined;
  const host = found.ipv6 ?? (found.name === undefined || found.name === '' ? 'localhost' : decoded(found.name));
  const user = decoded(found.user ?? '');
  const database = decoded(found.database ?? '');
  const { ssl, ...tls } = tlsOf(query);
  return {
    connection: {
      ...(socketPath === undefined ? { host, port } : { socketPath }),
      user,
      password: decoded(found.password ?? ''),
      database,
      ...(ssl === undefined ? {} : { ssl }),
    },
    tls,
    shown: `mysql://${user === '' ? '' : `${user}@`}${socketPath ?? `${found.ipv6 === undefined ? host : `[${host}]`}:${port}`}/${database}`,
  };
}

/** Percent-decoded; a stray % is kept. */
function decoded(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (escaped) => {
    try {
      return decodeURIComponent(escaped);
    } catch {
      return escaped;
    }
  });
}
