import fc from 'fast-check';
import { expect, it } from 'vitest';
import { redactDeep, redactor } from '../../../../cli/terminal/redact.ts';

it.each([
  [{ DB_URL: 'postgres://bob:s3cr%40t!@host:5432/db' }, 'with s3cr%40t! and s3cr@t! in it', 'with *** and *** in it'],
  [{ DB_ADMIN_URL: 'postgresql+psycopg2://root:hush-hush@h/d' }, 'hush-hush', '***'],
  [{ MYSQL_URL: 'mysql+pymysql://pi:pass%2Fword@h/pidb?ssl=1' }, 'pass/word pass%2Fword', '*** ***'],
  [{ DB_URL: 'postgres://bob:un@encoded@host/db' }, 'un@encoded', '***'],
  [{ DB_URL: 'postgres://host/db?user=bob&password=param-secret' }, 'param-secret', '***'],
  [{ SFTP_PASSWORD: 'say "hi"' }, JSON.stringify({ text: 'say "hi"' }), '{"text":"***"}'],
  [{ SFTP_PASSPHRASE: 'open sesame', PSEUDONYM_KEY: 'pseudo' }, 'open sesame open%20sesame pseudo', '*** *** ***'],
  [{ MINE: 'listed-in-project', OTHER: 'harmless' }, 'listed-in-project harmless', '*** harmless'],
  [
    { HTTPS_PROXY: 'http://bob:proxy-word@proxy:3128' },
    'http://bob:proxy-word@proxy:3128',
    'http://bob:***@proxy:3128',
  ],
  [{ AWS_ENDPOINT_URL_S3: 'https://k:s3-word@minio' }, 's3-word', '***'],
  [{ AWS_SECRET_ACCESS_KEY: 'wJalr/XUtn+F', AWS_ACCESS_KEY_ID: 'AKIAEX' }, 'wJalr/XUtn+F AKIAEX', '*** AKIAEX'],
  [
    { DBT_ENV_SECRET_GIT: 'gitty', MYSQL_PWD: 'my-word', MAIL_API_KEY: 'k-1234' },
    'gitty my-word k-1234',
    '*** *** ***',
  ],
  // What a message has to name.
  [
    { SFTP_PRIVATE_KEY: '/keys/id', SFTP_HOST_KEY: 'SHA256:abcd', PWD: '/srv' },
    '/keys/id SHA256:abcd /srv',
    '/keys/id SHA256:abcd /srv',
  ],
  // One that is part of another: the longer goes first.
  [{ SFTP_PASSWORD: 'abcd', PSEUDONYM_KEY: 'abcdef' }, 'abcdef abcd', '*** ***'],
  // Too short to be a secret.
  [{ SFTP_PASSWORD: 'abc' }, 'abcabc', 'abcabc'],
])('of %o', (env, text, shown) => {
  expect(redactor(env, ['MINE'])(text)).toBe(shown);
});

it('leaves numbers, keys and the shape of a value alone', () => {
  const redact = redactor({ SFTP_PASSWORD: '12345' }, []);
  const value = { '12345': 12345, list: ['a 12345', null, true], at: new Date('2023-10-12T00:00:00Z') };
  expect(redactDeep(value, redact)).toEqual({
    '12345': 12345,
    list: ['a ***', null, true],
    at: '2023-10-12T00:00:00.000Z',
  });
});

it('whatever the password and the text around it', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 4 }), fc.string(), (password, around) => {
      const secret = password.trim();
      fc.pre(secret.length >= 4 && !'***'.includes(secret) && !around.includes(secret));
      const redact = redactor(
        { DB_URL: `postgres://bob:${encodeURIComponent(secret)}@h/d`, SFTP_PASSWORD: secret },
        [],
      );
      expect(redact(`${around} ${secret} ${encodeURIComponent(secret)}`)).not.toContain(secret);
    }),
  );
});
