import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { ConnectionOptions, SecureVersion } from 'node:tls';
import { ConnectionError } from './errors.ts';

/** Whether a connection is encrypted, with the meaning that libpq gives to `sslmode`. */
export type SslMode = 'disable' | 'allow' | 'prefer' | 'require' | 'verify-ca' | 'verify-full';

export interface Tls {
  /** Undefined where nothing says it: encrypted wherever the server can, except on this machine. */
  readonly mode: SslMode | undefined;
  /** Without the question that the protocol asks first. */
  readonly direct: boolean;
  /** Certificates, keys and what is verified of the server. */
  readonly options: ConnectionOptions;
}

const modes: readonly SslMode[] = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'];

/** What stands for a mode elsewhere: the JDBC driver's `ssl`, and the word of node-postgres for `require`. */
const otherNames: Readonly<Record<string, SslMode>> = {
  true: 'require',
  '1': 'require',
  'no-verify': 'require',
  false: 'disable',
  '0': 'disable',
};

/** The parameters of a URL that this file reads, each with the environment variable that stands for it. */
const variables: Readonly<Record<string, string>> = {
  sslmode: 'PGSSLMODE',
  sslrootcert: 'PGSSLROOTCERT',
  sslcert: 'PGSSLCERT',
  sslkey: 'PGSSLKEY',
  sslcrl: 'PGSSLCRL',
  sslnegotiation: 'PGSSLNEGOTIATION',
  ssl_min_protocol_version: 'PGSSLMINPROTOCOLVERSION',
  ssl_max_protocol_version: 'PGSSLMAXPROTOCOLVERSION',
};

/**
 * Reads how connections are encrypted, as libpq does: from the parameters of a URL, the environment, and the files that lie in
 * `~/.postgresql`.
 * @throws ConnectionError that names the parameter.
 */
export function readTls(params: URLSearchParams, env: Readonly<Record<string, string | undefined>>): Tls {
  const said = (name: string) => params.get(name) || env[variables[name] ?? ''] || undefined;
  const rootCert = said('sslrootcert') ?? ownFile('root.crt', env);
  const written = said('sslmode') ?? params.get('ssl') ?? undefined;
  const isVerified = written !== 'no-verify';
  const mode = readMode(written, said('sslrootcert'));
  const direct = said('sslnegotiation') === 'direct';
  if (direct && (mode === undefined || modes.indexOf(mode) < modes.indexOf('require')))
    throw wrong('sslnegotiation=direct needs sslmode=require or stronger', 'Add sslmode=require (or verify-full).');
  if (mode === 'verify-ca' && rootCert === undefined)
    throw wrong(
      'sslmode=verify-ca needs the certificate of the authority that signed the server',
      'Name its file: sslrootcert=/path/to/root.crt. With a public authority use sslmode=verify-full.',
    );
  const hasAuthority = isVerified && rootCert !== undefined;
  // With an authority, libpq verifies by it what `require` alone leaves open.
  const isChecked = mode === 'verify-full' || mode === 'verify-ca' || (mode === 'require' && hasAuthority);
  const cert = said('sslcert') ?? ownFile('postgresql.crt', env);
  const key = said('sslkey') ?? (cert === undefined ? undefined : ownFile('postgresql.key', env));
  const options: ConnectionOptions = {
    rejectUnauthorized: isChecked,
    ...(isChecked && rootCert !== undefined && rootCert !== 'system' ? { ca: read('sslrootcert', rootCert) } : {}),
    ...(isChecked && mode !== 'verify-full' ? { checkServerIdentity: () => undefined } : {}),
    ...(cert === undefined ? {} : { cert: read('sslcert', cert) }),
    ...(key === undefined ? {} : { key: read('sslkey', key) }),
    ...optional('passphrase', params.get('sslpassword')),
    ...optional('crl', said('sslcrl') === undefined ? undefined : read('sslcrl', said('sslcrl') ?? '')),
    ...optional('minVersion', version('ssl_min_protocol_version', said('ssl_min_protocol_version'))),
    ...optional('maxVersion', version('ssl_max_protocol_version', said('ssl_max_protocol_version'))),
  };
  return { mode, direct, options };
}

function readMode(written: string | undefined, named: string | undefined): SslMode | undefined {
  // Whoever names an authority wants the server verified; libpq does so for `system` only.
  if (written === undefined) return named === undefined ? undefined : 'verify-full';
  const mode = otherNames[written] ?? modes.find((name) => name === written);
  if (mode === undefined) throw wrong(`sslmode=${written} is not known`, `Write one of ${modes.join(', ')}.`);
  if (named === 'system' && mode !== 'verify-full')
    throw wrong(
      `sslrootcert=system does not go with sslmode=${mode}: anybody can have a certificate of a public authority`,
      'Write sslmode=verify-full.',
    );
  return mode;
}

function version(parameter: string, text: string | undefined): SecureVersion | undefined {
  if (text === undefined) return undefined;
  const known = (['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const).find((name) => name === text);
  if (known === undefined) throw wrong(`${parameter}=${text} is not known`, 'Write TLSv1.2 or TLSv1.3.');
  return known;
}

function optional<K extends keyof ConnectionOptions>(name: K, value: ConnectionOptions[K] | null | undefined) {
  return value === undefined || value === null ? {} : { [name]: value };
}

/** The file of this name that libpq takes if it is there. */
function ownFile(name: string, env: Readonly<Record<string, string | undefined>>): string | undefined {
  const folder = process.platform === 'win32' ? join(env.APPDATA ?? '', 'postgresql') : join(homedir(), '.postgresql');
  const file = join(folder, name);
  return existsSync(file) ? file : undefined;
}

function read(parameter: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new ConnectionError({
      what: `${parameter} names a file that cannot be read: ${file} (${code})`,
      hint: `Check ${parameter} in DB_URL, or the environment variable ${variables[parameter]}.`,
      cause: error,
    });
  }
}

function wrong(what: string, hint: string): ConnectionError {
  return new ConnectionError({ what: `the parameters of DB_URL cannot be used: ${what}`, hint });
}

/** What to do about a TLS handshake that failed, by the code of Node's error. */
export function tlsHint(code: string): string {
  if (/^(DEPTH_ZERO_)?SELF_SIGNED|^SELF_SIGNED_CERT_IN_CHAIN|^UNABLE_TO_|^CERT_UNTRUSTED|^CERT_SIGNATURE/.test(code))
    return 'Name the authority that signed the server: sslrootcert=/path/to/root.crt in DB_URL. sslmode=require encrypts without asking who the server is.';
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return "Use the server's name as its certificate has it. sslmode=verify-ca in DB_URL leaves the name unchecked.";
  if (code.startsWith('CERT_')) return "Renew the server's certificate, and check the clock of this machine.";
  return 'Check sslmode, sslrootcert, sslcert and sslkey in DB_URL.';
}
