import { describe, expect, it } from 'vitest';
import { SourceError } from '../../../../../loaders/landing/errors.ts';
import { readAddress } from '../../../../../loaders/registry/mysql/address.ts';

describe('MYSQL_URL', () => {
  it.each([
    [
      'mysql://me:pw@db.example:3307/pidb',
      { host: 'db.example', port: 3307, user: 'me', password: 'pw', database: 'pidb' },
    ],
    ['mysql+pymysql://me:p%40w@h/pidb?charset=utf8mb4', { host: 'h', port: 3306, user: 'me', password: 'p@w' }],
    ['mariadb+mariadbconnector://me@h/pidb', { user: 'me', password: '' }],
    ['mariadb://[::1]:3306/pidb', { host: '::1', port: 3306, user: '' }],
    // SQLAlchemy takes these as they are.
    ['mysql+pymysql://me:a@b/c#d:e@h/pidb', { host: 'h', user: 'me', password: 'a@b/c#d:e' }],
    ['mysql://me:100%@h/pidb', { password: '100%' }],
    ['mysql://me:pw@localhost/pidb?unix_socket=/run/mysqld/s', { socketPath: '/run/mysqld/s' }],
    ['mysql://me:pw@h/pidb?ssl=true', { ssl: { rejectUnauthorized: true, verifyIdentity: true } }],
    [
      'mysql://me:pw@h/pidb?ssl=true&ssl_check_hostname=false',
      { ssl: { rejectUnauthorized: true, verifyIdentity: false } },
    ],
    [
      'mysql://me:pw@h/pidb?ssl_mode=VERIFY_CA&ssl_check_hostname=true',
      { ssl: { rejectUnauthorized: true, verifyIdentity: true } },
    ],
    ['mysql://me:pw@h/pidb?ssl-mode=REQUIRED', { ssl: { rejectUnauthorized: false, verifyIdentity: false } }],
    ['mysql://me:pw@h/pidb?ssl_mode=preferred', { ssl: { rejectUnauthorized: false } }],
    ['mysql://me:pw@h/pidb?ssl_mode=VERIFY_CA', { ssl: { rejectUnauthorized: true, verifyIdentity: false } }],
    ['mysql://me:pw@h/pidb?sslMode=VERIFY_IDENTITY', { ssl: { rejectUnauthorized: true, verifyIdentity: true } }],
    ['mysql://me:pw@h/pidb?ssl_verify_cert=true', { ssl: { rejectUnauthorized: true, verifyIdentity: true } }],
    [
      'mysql://me:pw@h/pidb?ssl=1&ssl_verify_cert=false&ssl_verify_identity=false',
      { ssl: { rejectUnauthorized: false, verifyIdentity: false } },
    ],
    [
      `mysql://me:pw@h/pidb?ssl_mode=REQUIRED&ssl_ca=${import.meta.filename}`,
      { ssl: { rejectUnauthorized: true, verifyIdentity: false } },
    ],
    [
      `mysql://me:pw@h/pidb?ssl_ca=${import.meta.filename}`,
      { ssl: { rejectUnauthorized: true, verifyIdentity: true } },
    ],
  ])('%s', (url, expected) => {
    const { connection, shown } = readAddress(url);
    expect(connection).toMatchObject(expected);
    expect(shown).not.toContain(connection.password === '' ? '\0' : String(connection.password));
  });

  it.each([
    ['ssl_disabled=True', true],
    ['ssl_disabled=1&ssl_ca=/nowhere/ca.pem', true],
    ['ssl_mode=DISABLED', true],
    ['ssl-mode=disabled', true],
    ['ssl=false', true],
    ['ssl_disabled=False', false],
    ['ssl_verify_cert=false&ssl_check_hostname=false', false],
    ['charset=utf8mb4', false],
  ])('no TLS with ?%s', (query, waived) => {
    const { connection, tls } = readAddress(`mysql+pymysql://me:pw@h/pidb?${query}`);
    expect(connection.ssl).toBeUndefined();
    expect(tls).toEqual({ optional: false, waived });
  });

  it('TLS where it is offered', () => {
    expect(readAddress('mysql://me:pw@h/pidb?ssl_mode=PREFERRED').tls).toEqual({ optional: true, waived: false });
  });

  it.each([
    ['ssl_mode=ON', /ssl_mode .* none of the modes/],
    ['ssl=required', /ssl in MYSQL_URL is neither true nor false/],
    ['ssl_disabled=maybe', /ssl_disabled in MYSQL_URL is neither/],
    ['ssl_unknown=1', /the parameter ssl_unknown/],
    ['ssl_ca=/nowhere/ca.pem', /names \/nowhere\/ca\.pem as ssl_ca/],
  ])('names what is wrong with ?%s', (query, message) => {
    expect(() => readAddress(`mysql://me:pw@h/pidb?${query}`)).toThrow(message);
  });

  it.each([
    'postgres://me:the-secret@h/pidb',
    'mysql:me:the-secret@h/pidb',
    'mysql://me:the-secret@h',
    'mysql://me:the-secret@h/',
    'mysql://me:the-secret@h:0/pidb',
    'mysql://me:the-secret@h:port/pidb',
    'mysql://me:the-secret@h/pidb?ssl_ca=/nowhere/ca.pem',
  ])('an error that does not repeat %s', (url) => {
    try {
      readAddress(url);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(SourceError);
      expect(`${String(error)} ${JSON.stringify(error)}`).not.toContain('the-secret');
      expect((error as SourceError).hint).toBeTruthy();
    }
  });
});
