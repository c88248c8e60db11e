import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { ConnectionOptions } from 'mysql2';
import { SourceError } from '../../landing/errors.ts';

/**
 * Whether and how the connection is encrypted. `optional`: without TLS if the server offers none. `waived`: the address says in so
 * many words that there is to be no TLS.
 */
export interface Tls {
  readonly ssl: Exclude<ConnectionOptions['ssl'], string>;
  readonly optional: boolean;
  readonly waived: boolean;
}

type Mode = 'DISABLED' | 'PREFERRED' | 'REQUIRED' | 'VERIFY_CA' | 'VERIFY_IDENTITY';
const modes: readonly Mode[] = ['DISABLED', 'PREFERRED', 'REQUIRED', 'VERIFY_CA', 'VERIFY_IDENTITY'];

/** The parameters with which a file or a detail of TLS is given; any of them asks for TLS. */
const details = ['ssl_ca', 'ssl_capath', 'ssl_cert', 'ssl_key', 'ssl_key_password', 'ssl_cipher'];
const switches = ['ssl', 'ssl_disabled', 'ssl_verify_cert', 'ssl_verify_identity', 'ssl_check_hostname'];

/**
 * Reads the parameters for TLS of MYSQL_URL with the meaning that they have for PyMySQL, MySQL Connector and mysqlclient (`ssl_disabled`,
 * `ssl_mode`, `ssl_verify_cert`, `ssl_ca`, ...), or `ssl=true`. Without any of them TLS is off. `ssl-mode` is `ssl_mode`.
 * @throws SourceError naming the parameter that is wrong.
 */
export function tlsOf(query: URLSearchParams): Tls {
  const given = new Map([...query].map(([name, value]) => [name.toLowerCase().replaceAll('-', '_'), value]));
  const mode = modeOf(given.get('ssl_mode') ?? given.get('sslmode'));
  const unknown = [...given.keys()].find((name) => name.startsWith('ssl_') && !isKnown(name));
  if (unknown !== undefined) {
    throw new SourceError({
      what: `MYSQL_URL has the parameter ${unknown}, whose meaning is not known`,
      hint: `Take it out, or use one of ${['ssl_mode', ...switches, ...details].join(', ')}.`,
    });
  }
  const on = (name: string) => flagOf(name, given.get(name));
  if (mode === 'DISABLED' || on('ssl_disabled') === true || (on('ssl') === false && mode === undefined)) {
    return { ssl: undefined, optional: false, waived: true };
  }
  const asks =
    mode !== undefined ||
    on('ssl') === true ||
    on('ssl_verify_cert') === true ||
    on('ssl_verify_identity') === true ||
    details.some((name) => given.has(name));
  if (!asks) return { ssl: undefined, optional: false, waived: false };
  const ca = [...fileOf('ssl_ca', given), ...filesOf('ssl_capath', given)];
  // As MySQL's own client: who names an authority wants it to be asked.
  const verified = mode === undefined || mode.startsWith('VERIFY') || (mode === 'REQUIRED' && ca.length > 0);
  const rejectUnauthorized = on('ssl_verify_cert') ?? verified;
  const anyHost = mode !== undefined && mode !== 'VERIFY_IDENTITY';
  const verifyIdentity = on('ssl_verify_identity') ?? on('ssl_check_hostname') ?? !anyHost;
  const [cert, key] = [fileOf('ssl_cert', given), fileOf('ssl_key', given)];
  const [passphrase, ciphers] = [given.get('ssl_key_password'), given.get('ssl_cipher')];
  return {
    ssl: {
      ...(ca.length === 0 ? {} : { ca }),
      ...(cert.length === 0 ? {} : { cert: cert[0] }),
      ...(key.length === 0 ? {} : { key: key[0] }),
      ...(passphrase === undefined ? {} : { passphrase }),
      ...(ciphers === undefined ? {} : { ciphers }),
      rejectUnauthorized,
      verifyIdentity: rejectUnauthorized && verifyIdentity,
    },
    optional: mode === 'PREFERRED',
    waived: false,
  };
}

function isKnown(name: string): boolean {
  return name === 'ssl_mode' || switches.includes(name) || details.includes(name);
}

function modeOf(value: string | undefined): Mode | undefined {
  if (value === undefined || value === '') return undefined;
  const mode = modes.find((one) => one === value.toUpperCase().replaceAll('-', '_'));
  if (mode !== undefined) return mode;
  throw new SourceError({
    what: 'ssl_mode in MYSQL_URL is none of the modes of MySQL',
    hint: `Write one of ${modes.join(', ')}.`,
  });
}

function flagOf(name: string, value: string | undefined): boolean | undefined {
  if (value === undefined || value === '') return undefined;
  const text = value.toLowerCase();
  if (['true', '1', 'yes', 'on'].includes(text)) return true;
  if (['false', '0', 'no', 'off'].includes(text)) return false;
  throw new SourceError({
    what: `${name} in MYSQL_URL is neither true nor false`,
    hint: `Write ${name}=true or ${name}=false.`,
  });
}

/** The content of the file that a parameter names; nothing if it is not given. */
function fileOf(name: string, given: ReadonlyMap<string, string>): Buffer[] {
  const path = given.get(name);
  return path === undefined || path === '' ? [] : [reading(name, path, () => readFileSync(path))];
}

/** The content of each file in the folder that a parameter names. */
function filesOf(name: string, given: ReadonlyMap<string, string>): Buffer[] {
  const folder = given.get(name);
  if (folder === undefined || folder === '') return [];
  return reading(name, folder, () =>
    readdirSync(folder)
      .map((file) => join(folder, file))
      .filter((path) => statSync(path).isFile())
      .map((path) => readFileSync(path)),
  );
}

function reading<T>(name: string, path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new SourceError({
      what: `MYSQL_URL names ${path} as ${name}, which cannot be read`,
      hint: 'Correct the path in MYSQL_URL, or the permissions.',
      cause: error,
    });
  }
}
