import pg from 'pg';
import { parseIntoClientConfig } from 'pg-connection-string';
import type { Peer } from './dial.ts';
import { ConnectionError, DatacycleError } from './errors.ts';
import { readTls, type Tls } from './tls.ts';

/** What a URL says, and the environment where the URL says nothing. */
export interface AddressFields {
  /** What pg takes. TLS is not its business. */
  readonly driver: pg.ClientConfig;
  readonly tls: Tls;
  /** `connect_timeout`, in milliseconds. */
  readonly connectMs: number | undefined;
  /** `tcp_user_timeout`: after how many milliseconds without an answer a connection counts as lost. */
  readonly patienceMs: number;
}

const defaultPatienceMs = 30_000;

/** Parameters that are read here and mean something else to pg, or nothing. */
const ownParameters =
  /^ssl|^(connect_timeout|tcp_user_timeout|keepalives\w*|uselibpqcompat|channel_binding|gssencmode)$/;

/**
 * Reads a `postgres://` URL. pg decodes the name of the database so that `+`, `@`, `/`, `%`, `&`, `,`, `;`, `$` and `:` do not survive, and
 * the user and password wrongly where a space or a lone `%` stands elsewhere; those are decoded here.
 * @throws ConnectionError that never repeats the URL, since it may hold a password.
 */
export function connectionFields(url: string): AddressFields {
  try {
    const parsed = new URL(url);
    // Without them nothing of the URL can be decoded in the wrong way, and nothing fails that is right.
    const rest = Object.assign(new URL(url), { pathname: '/' });
    for (const name of [...rest.searchParams.keys()]) if (ownParameters.test(name)) rest.searchParams.delete(name);
    if (rest.host !== '') Object.assign(rest, { username: '', password: '' });
    const fields = parseIntoClientConfig(rest.href);
    const { searchParams } = parsed;
    return {
      driver: {
        ...fields,
        ssl: false,
        user: fields.user || decodeURIComponent(parsed.username) || undefined,
        password: fields.password || decodeURIComponent(parsed.password) || undefined,
        database: decodeURIComponent(parsed.pathname.slice(1)) || undefined,
      },
      tls: readTls(searchParams, process.env),
      connectMs: positive(searchParams.get('connect_timeout') ?? process.env.PGCONNECT_TIMEOUT, 1000),
      patienceMs: positive(searchParams.get('tcp_user_timeout'), 1) ?? defaultPatienceMs,
    };
  } catch (error) {
    if (error instanceof DatacycleError) throw error;
    if (
      error instanceof URIError ||
      (error instanceof TypeError && 'code' in error && error.code === 'ERR_INVALID_URL')
    )
      throw new ConnectionError({
        what: 'DB_URL cannot be read; perhaps its password holds characters that must be percent-encoded',
        hint: 'Write %40 for @, %2F for /, %23 for #, %3A for :, %3F for ?, %25 for %.',
      });
    // A certificate that cannot be read, or TLS settings that make no sense: pg says which, without the URL.
    throw new ConnectionError({
      what: `the parameters of DB_URL cannot be used: ${error instanceof Error ? error.message : String(error)}`,
      hint: 'Check what follows the question mark in DB_URL, such as sslmode or sslrootcert.',
      cause: error,
    });
  }
}

/** A number above zero times `unit`; libpq takes zero and less for no limit, which leaves ours. */
function positive(text: string | null | undefined, unit: number): number | undefined {
  const number = Number(text ?? '');
  return Number.isFinite(number) && number > 0 ? number * unit : undefined;
}

/** The server that a URL names, with the parts that pg takes from the environment (PGHOST, PGPORT) or by default. */
export function serverOf(url: string): { readonly host: string; readonly port: number } {
  const { host, port } = peerOf(connectionFields(url));
  return { host, port };
}

/** The same with how to speak with it. */
export function peerOf({ driver, tls }: AddressFields): Peer {
  const { host, port } = new pg.Client(driver);
  return { host, port, tls };
}
