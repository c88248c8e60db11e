import { afterEach, describe, expect, it, vi } from 'vitest';
import { ConnectionError } from '../../../warehouse/errors.ts';
import { connectionFields, serverOf } from '../../../warehouse/postgres-address.ts';

afterEach(() => vi.unstubAllEnvs());

describe('the fields of an address', () => {
  it.each([
    ['postgres://u:p%40%2F%25@h:1/d', { user: 'u', password: 'p@/%', host: 'h', port: 1, database: 'd' }],
    ['postgres://u@h/a+b%40c%25d%2Fe%26%2C%3B%24%3A', { user: 'u', host: 'h', database: 'a+b@c%d/e&,;$:' }],
    ['postgres://u:%C3%A9%2F@h/x y', { password: 'é/', database: 'x y' }],
    ['postgres:///d?host=/tmp', { host: '/tmp', database: 'd', user: undefined }],
    ['postgres://u%2F@%2Fvar%2Frun/d', { host: '/var/run', user: 'u/', database: 'd' }],
    ['postgres://u@[::1]:3/d', { host: '::1', port: 3 }],
    ['postgres://h/d?user=q&password=w', { user: 'q', password: 'w', host: 'h' }],
    ['postgres://h/d?ssl=true&options=-c%20x%3Dy', { options: '-c x=y' }],
    ['postgres://h', { host: 'h', database: undefined, user: undefined }],
  ])('%s', (url, expected) => expect(connectionFields(url).driver).toMatchObject(expected));

  it.each(['postgres://u:hush%zz@h/d', 'postgres://u:hush@h/d%', 'postgres://u:hush@h/d?sslrootcert=/no/such/file'])(
    'refuses what cannot be read without repeating it: %s',
    (url) => {
      expect(() => connectionFields(url)).toThrow(ConnectionError);
      expect(() => connectionFields(url)).not.toThrow(/hush/);
    },
  );

  it('leave the rest to the environment, as pg does', () => {
    vi.stubEnv('PGHOST', '/run/postgresql');
    vi.stubEnv('PGPORT', '5433');
    expect(serverOf('postgres://u@%2Ftmp/d')).toEqual({ host: '/tmp', port: 5433 });
    expect(serverOf('postgres:///d')).toEqual({ host: '/run/postgresql', port: 5433 });
  });
});

describe('TLS, as libpq understands it', () => {
  const tls = (parameters: string) => connectionFields(`postgres://h/d?${parameters}`).tls;

  it.each([
    ['', undefined, false],
    ['sslmode=disable', 'disable', false],
    ['sslmode=prefer', 'prefer', false],
    ['sslmode=require', 'require', false],
    ['ssl=true', 'require', false],
    ['sslmode=no-verify', 'require', false],
    ['sslmode=verify-full', 'verify-full', true],
    ['sslrootcert=system', 'verify-full', true],
    ['sslmode=require&uselibpqcompat=true', 'require', false],
  ])('%s', (parameters, mode, isVerified) => {
    expect(tls(parameters)).toMatchObject({ mode, options: { rejectUnauthorized: isVerified } });
  });

  it('is verified by the authority that is named, and by the name only where that is asked for', () => {
    const file = new URL(import.meta.url).pathname;
    expect(tls(`sslmode=require&sslrootcert=${file}`).options).toMatchObject({ rejectUnauthorized: true });
    expect(tls(`sslmode=verify-ca&sslrootcert=${file}`).options.checkServerIdentity).toBeDefined();
    expect(tls(`sslmode=verify-full&sslrootcert=${file}`).options.checkServerIdentity).toBeUndefined();
  });

  it.each([
    ['sslmode=requiere', /sslmode=requiere is not known.*/],
    ['sslmode=verify-ca', /sslmode=verify-ca needs the certificate/],
    ['sslmode=require&sslrootcert=system', /sslrootcert=system does not go with sslmode=require/],
    ['sslcert=/no/such/file', /sslcert names a file that cannot be read: \/no\/such\/file \(ENOENT\)/],
    ['sslnegotiation=direct', /sslnegotiation=direct needs sslmode=require/],
    ['sslmode=require&ssl_min_protocol_version=3', /ssl_min_protocol_version=3 is not known/],
  ])('refuses %s by the name of the parameter', (parameters, message) => {
    expect(() => tls(parameters)).toThrow(message);
  });

  it('reads the environment where the URL says nothing', () => {
    vi.stubEnv('PGSSLMODE', 'require');
    expect(tls('').mode).toBe('require');
    expect(tls('sslmode=disable').mode).toBe('disable');
  });
});
