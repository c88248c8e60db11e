import type { Env } from '../settings/environment.ts';

/** Shorter values are no secrets; taking every "on" or "5432" out would destroy the log and protect nothing. */
const leastLength = 4;

/**
 * Variables that are secrets themselves by their names. Fewer than those that a model may not write into its SQL: a path to a key or the
 * fingerprint of one belongs into a message.
 */
const secretName =
  /SECRET|(?:PASSWORD|PASSWD|PASSPHRASE|PASSCODE|TOKEN|CREDENTIAL|API_KEY|ACCOUNT_KEY|PSEUDONYM_KEY|_PASS|_PWD|_SALT|_PEPPER)S?$/i;

/** Takes every secret of the environment out of a text. */
export type Redact = (text: string) => string;

/**
 * A function that replaces by `***`: the password in every variable that is an address with one (DB_URL, a proxy's), PSEUDONYM_KEY, every
 * variable called a password, secret or token, and what `names` (the `secrets:` of project.yml) lists. Each is found as it stands,
 * percent-encoded, percent-decoded and as JSON writes it.
 */
export function redactor(env: Env, names: readonly string[]): Redact {
  const found = new Set<string>();
  const add = (value: string | undefined) => {
    if (value === undefined) return;
    for (const form of formsOf(value)) if (form.length >= leastLength) found.add(form);
  };
  for (const [name, value] of Object.entries(env)) {
    for (const password of passwordsIn(value ?? '')) add(password);
    if (secretName.test(name) || names.includes(name)) add(value);
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
