import { afterEach, describe, expect, it, vi } from 'vitest';
import { ConnectionError } from '../../../warehouse/errors.ts';
import { connectionFields, serverOf } from '../../../warehouse/postgres-address.ts';
import { startupOptions } from '../../../warehouse/startup-options.ts';

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
    ['postgres://h/d?sslmode=no-verify', { ssl: { rejectUnauthorized: false } }],
    ['postgres://h/d?ssl=true&options=-c%20x%3Dy', { ssl: true, options: '-c x=y' }],
    ['postgres://h', { host: 'h', database: undefined, user: undefined }],
  ])('%s', (url, expected) => expect(connectionFields(url)).toMatchObject(expected));

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

describe('startup options', () => {
  it('escape white space and backslashes', () => {
    expect(startupOptions({ 'a.b': 'x y\\z\t', c: "'é" })).toBe("-c a.b=x\\ y\\\\z\\\t -c c='é");
  });

  it('refuse what a server would not take, without repeating it', () => {
    expect(() => startupOptions({ a: 'hush'.repeat(3000) })).toThrow(/12005 bytes together, of 9000 at most/);
    expect(() => startupOptions({ a: 'hush'.repeat(3000) })).not.toThrow(/hush/);
  });
});
