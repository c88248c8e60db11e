import { ConnectionError } from './errors.ts';

/** A server takes no more than 10,000 bytes when a connection begins; the rest is left to the other parameters. */
const mostBytes = 9000;

/**
 * Session settings as the startup parameter `options`, which no statement carries: a server that logs statements (and
 * their parameters) does not log these.
 * @throws ConnectionError if they are too long for that; it does not repeat them.
 */
export function startupOptions(settings: Readonly<Record<string, string>>): string {
  const options = Object.entries(settings)
    // The server splits at white space; a backslash escapes the next character.
    .map(([name, value]) => `-c ${`${name}=${value}`.replace(/[\s\\]/g, '\\$&')}`)
    .join(' ');
  const bytes = Buffer.byteLength(options);
  if (bytes > mostBytes) {
    throw new ConnectionError({
      what: `the secrets of the project are too long for PostgreSQL: ${bytes} bytes together, of ${mostBytes} at most`,
      hint: 'Name fewer of them in project.yml (secrets), or shorter ones.',
    });
  }
  return options;
}
