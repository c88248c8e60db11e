import pg from 'pg';
import { parseIntoClientConfig } from 'pg-connection-string';
import { ConnectionError } from './errors.ts';

/**
 * A `postgres://` URL as the fields that pg takes. pg reads TLS and other settings from the parameters of a URL as it
 * should, but decodes the name of the database so that `+`, `@`, `/`, `%`, `&`, `,`, `;`, `$` and `:` do not survive, and
 * the user and password wrongly where a space or a lone `%` stands elsewhere; those are decoded here.
 * @throws ConnectionError that never repeats the URL, since it may hold a password.
 */
export function connectionFields(url: string): pg.ClientConfig {
  try {
    const parsed = new URL(url);
    // Without them nothing of the URL can be decoded in the wrong way, and nothing fails that is right.
    const rest = Object.assign(new URL(url), { pathname: '/' });
    if (rest.host !== '') Object.assign(rest, { username: '', password: '' });
    const fields = parseIntoClientConfig(rest.href);
    return {
      ...fields,
      user: fields.user || decodeURIComponent(parsed.username) || undefined,
      password: fields.password || decodeURIComponent(parsed.password) || undefined,
      database: decodeURIComponent(parsed.pathname.slice(1)) || undefined,
    };
  } catch (error) {
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

/** The server that a URL names, with the parts that pg takes from the environment (PGHOST, PGPORT) or by default. */
export function serverOf(url: string): { readonly host: string; readonly port: number } {
  const { host, port } = new pg.Client(connectionFields(url));
  return { host, port };
}
