import { UsageError } from '../../runner/text/errors.ts';
import { serverOf } from '../../warehouse/postgres-address.ts';
import type { Address } from './address.ts';
import { readerOf } from './schemas.ts';

/** Databases of the server itself: the templates of all others, and where administrators log in. */
const ofTheServer = ['template0', 'template1', 'postgres'];

/** Words that PostgreSQL takes for something else than a role. */
const noRoles = ['public', 'none'];

/** PostgreSQL silently cuts longer names, in bytes of UTF-8. */
const mostBytes = 63;

/**
 * Checks, before anything is asked of a server, that all names which init would make can be made.
 * @throws UsageError
 */
export function checkNames(app: Address): void {
  const { user, database } = app;
  checkReserved(`user ${user}, which DB_URL names,`, user, 'Choose another user in DB_URL, e.g. datacycle.');
  if (ofTheServer.includes(database)) {
    throw new UsageError({
      what: `DB_URL names the database ${database}, which belongs to the server itself`,
      hint: 'Name a database of its own in DB_URL, e.g. datacycle; init creates it.',
    });
  }
  for (const [what, name] of [
    ['user', user],
    ['database', database],
    ['group of readers', readerOf(user)],
  ] as const) {
    checkText(
      what,
      name,
      `Choose shorter names in DB_URL; the group of readers is called ${readerOf('<user>')}.`,
      'Correct it in DB_URL.',
    );
  }
}

/** The same for a role that vars.access names. @throws UsageError */
export function checkRoleName(what: string, name: string, hint: string): void {
  checkReserved(what, name, hint);
  checkText(what, name, hint, hint);
}

function checkReserved(what: string, name: string, hint: string): void {
  const why = name.startsWith('pg_')
    ? 'PostgreSQL keeps names with pg_ for itself'
    : noRoles.includes(name)
      ? 'to PostgreSQL the word means something else'
      : undefined;
  if (why !== undefined) throw new UsageError({ what: `the ${what} cannot be made: ${why}`, hint });
}

function checkText(what: string, name: string, tooLong: string, wrong: string): void {
  const bytes = Buffer.byteLength(name);
  if (bytes > mostBytes) {
    throw new UsageError({
      what: `the name of the ${what} is too long: ${name} has ${bytes} bytes, of ${mostBytes} at most`,
      hint: tooLong,
    });
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
  if (/[\u0000-\u001f\u007f]/.test(name) || name.trim() !== name) {
    throw new UsageError({
      what: `the name of the ${what} holds a control character, or begins or ends with a space: ${JSON.stringify(name)}`,
      hint: wrong,
    });
  }
}

/**
 * Checks that both addresses lead to one server, as far as their texts tell: what init makes on the one would be missing
 * on the other.
 * @throws UsageError
 */
export function checkSameServer(app: Address, admin: Address): void {
  const [ours, theirs] = [serverOf(app.url), serverOf(admin.url)];
  const sameHost = ours.host.toLowerCase() === theirs.host.toLowerCase() || (isHere(ours.host) && isHere(theirs.host));
  if (sameHost && ours.port === theirs.port) return;
  throw new UsageError({
    what: `DB_URL and DB_ADMIN_URL do not name the same server: ${ours.host}:${ours.port} and ${theirs.host}:${theirs.port}`,
    hint: 'Write the same host and port into both. Nothing was changed.',
  });
}

/** This machine, by its loopback names or through a socket in a folder. */
function isHere(host: string): boolean {
  return ['localhost', '127.0.0.1', '::1'].includes(host.toLowerCase()) || host.startsWith('/');
}
