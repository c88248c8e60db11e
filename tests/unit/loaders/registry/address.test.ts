import { describe, expect, it } from 'vitest';
import { SourceError } from '../../../../loaders/landing/errors.ts';
import { readAddress } from '../../../../loaders/registry/address.ts';

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
  ])('%s', (url, expected) => {
    const { connection, shown } = readAddress(url);
    expect(connection).toMatchObject(expected);
    expect(shown).not.toContain(connection.password === '' ? '\0' : String(connection.password));
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
