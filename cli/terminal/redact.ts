import type { Env } from '../settings/environment.ts';

/** Shorter values are no secrets; taking every "on" or "5432" out would destroy the log and protect nothing. */
const leastLength = 4;

/** Variables whose value is an address that may hold a password. */
const addresses = ['DB_URL', 'DB_ADMIN_URL', 'MYSQL_URL'];

const secretName = /(?:PASSWORD|PASSPHRASE|SECRET|TOKEN|SECRET_ACCESS_KEY)$/i;

/** Takes every secret of the environment out of a text. */
export type Redact = (text: string) => string;

/**
 * A function that replaces by `***`: the passwords in DB_URL, DB_ADMIN_URL and MYSQL_URL, PSEUDONYM_KEY, every variable
 * called a password or passphrase, and what `names` (the `secrets:` of project.yml) lists. Each is found as it stands,
 * percent-encoded, percent-decoded and as JSON writes it.
 */
export function redactor(env: Env, names: readonly string[]): Redact {
  const found = new Set<string>();
  const add = (value: string | undefined) => {
    if (value === undefined) return;
    for (const form of formsOf(value)) if (form.length >= leastLength) found.add(form);
  };
  for (const name of addresses) for (const password of passwordsIn(env[name] ?? '')) add(password);
  for (const [name, value] of Object.entries(env)) {
    if (name === 'PSEUDONYM_KEY' || secretName.test(name) || names.includes(name)) add(value);
  }
  // The longest first, since one may be part of another.
  const secrets = [...found].sort((a, b) => b.length - a.length);
  return (text) => secrets.reduce((shown, secret) => shown.replaceAll(secret, '***'), text);
}

/** The same for a value of any shape: only the strings in it change. */
export function redactDeep(value: unknown, redact: Redact): unknown {
  if (typeof value === 'string') return redact(value);
  if (Array.isArray(value)) return value.map((one) => redactDeep(one, redact));
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Date) return value.toISOString();
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, redactDeep(one, redact)]));
}

/** The password before the host and the one among the parameters. By hand: an address that is wrong holds one, too. */
function passwordsIn(address: string): string[] {
  const [, login] = /^[^:/]+:\/\/[^:/@]*:(.*)@/s.exec(address) ?? [];
  const [, first] = /^[^:/]+:\/\/[^:/@]*:([^@]*)@/s.exec(address) ?? [];
  const parameters = [...address.matchAll(/[?&](?:password|sslpassword)=([^&#]*)/gi)].map(([, value]) => value);
  return [login, first, ...parameters].flatMap((value) => (value === undefined || value === '' ? [] : [value]));
}

function formsOf(value: string): string[] {
  const trimmed = value.trim();
  const decoded = decodedOf(trimmed);
  return [trimmed, decoded].flatMap((one) => [one, encodeURIComponent(one), JSON.stringify(one).slice(1, -1)]);
}

function decodedOf(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
