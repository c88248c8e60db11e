import { parquetReadObjects } from 'hyparquet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bearerOf } from '../../../api/keys/header.ts';
import { urlFor } from '../../../api/keys/logins.ts';
import { databases, servers } from '../databases.ts';
import { ServedProject } from './served.ts';

const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` });

describe.each(databases)('keys, on $name', (kind) => {
  let served: ServedProject;
  beforeAll(async () => {
    served = new ServedProject(kind);
    await served.start(300);
  });
  afterAll(() => served?.close());

  it('are needed for everything but the documentation', async () => {
    for (const path of [
      '/shown/readings',
      '/by/day?home=1',
      '/nothing',
      '/health/x',
      '/openapi.jso',
      '/docs/../shown/readings',
    ]) {
      const { status, headers, body } = await served.get(path, {});
      expect([path, status, body.rows]).toEqual([path, 401, undefined]);
      expect(headers.get('www-authenticate')).toBe('Basic realm="datacycle", charset="UTF-8"');
    }
    for (const path of ['/health', '/docs', '/docs/page.css', '/openapi.json'])
      expect([path, (await served.get(path, {})).status]).toEqual([path, 200]);
  });

  it.each([
    ['no scheme', 'x'],
    ['another scheme', 'Digest x'],
    ['nothing after it', 'Basic '],
    ['no login', `Basic ${Buffer.from(':secret').toString('base64')}`],
    ['a token that is none', 'Bearer guessed-guessed-guessed'],
    ['a login that is none', `Basic ${Buffer.from('nobody:secret').toString('base64')}`],
  ])('that are none are refused: %s', async (_name, authorization) => {
    const { status, body } = await served.get('/shown/readings', { authorization });
    expect([status, body.rows]).toEqual([401, undefined]);
  });
});

describe.each(servers)('keys that are logins, on $name', (kind) => {
  let served: ServedProject;
  beforeAll(async () => {
    served = new ServedProject(kind);
    await served.start(900);
  });
  afterAll(() => served?.close());

  it("show each login its own rows, whatever it asks for, and none of another's", async () => {
    const asked = [
      '',
      '&home=1',
      '&home=2',
      '&home.ne=1',
      '&home.in=1,2,3',
      '&id.gt=0',
      '&only_valid=false',
      '&order=desc',
    ];
    for (const home of [1, 2, 3])
      for (const path of ['/shown/readings?limit=1000', '/bi/reading-of-a-sensor?limit=1000'])
        for (const more of path.startsWith('/bi') ? [''] : asked) {
          const { body } = await served.get(`${path}${more}`, { authorization: served.key(home) });
          const homes = new Set(body.rows?.map((row) => row.home ?? row.Home));
          expect([path, more, [...homes].filter((one) => one !== home)]).toEqual([path, more, []]);
          if (more === '') expect(body.rows).toHaveLength(270);
        }
    // A login that nobody has given a home.
    expect((await served.get('/shown/readings', { authorization: served.key(9) })).body.rows).toEqual([]);
    const days = await served.get('/by/day?home=2', { authorization: served.key(1) });
    expect(days.body.rows).toEqual([]);
  });

  it("show none of another's rows in any form, by its keys or by a cursor that it was given", async () => {
    const [own] = await served.rows('select count(*)::text as n from shown.readings where home = 1');
    expect((await served.get('/odata/Reading_of_a_sensor/$count')).text).toBe(own?.n);
    const all = '/shown/readings?limit=all&only_valid=false&fields=home,id';
    const csv = (await served.get(`${all}&format=csv`)).text.trim().split('\r\n');
    const lines = (await served.get(`${all}&format=ndjson`)).text.trim().split('\n');
    const parquet = await fetch(`${served.api?.address}${all}&format=parquet`, {
      headers: { authorization: served.key(1) },
    });
    const rows = await parquetReadObjects({ file: await parquet.arrayBuffer() });
    for (const homes of [
      csv.slice(1).map((line) => line.split(',')[0]),
      lines.map((line) => (JSON.parse(line) as { home: number }).home),
      rows.map(({ home }) => home),
    ])
      expect([homes.length, [...new Set(homes.map(String))]]).toEqual([Number(own?.n), ['1']]);
    // A row of home 2, by its key, whoever asks for it.
    const entity = '/odata/Reading_of_a_sensor(At_UTC=2024-01-01T00:02:00Z,Id=4)';
    for (const [home, status, found] of [
      [2, 200, 1],
      [1, 404, 0],
    ] as const) {
      const authorization = served.key(home);
      expect([home, (await served.get(entity, { authorization })).status]).toEqual([home, status]);
      const { body } = await served.get('/shown/readings?id=4', { authorization });
      expect([home, body.rows?.length]).toEqual([home, found]);
    }
    const given = await served.get('/shown/readings?limit=5', { authorization: served.key(2) });
    const taken = await served.get(`/shown/readings?limit=5&cursor=${given.body.next}`);
    expect([taken.status, taken.body.rows?.map(({ home }) => home)]).toEqual([200, [1, 1, 1, 1, 1]]);
  });

  it('may be sent as a token, with any character in the password', async () => {
    const token = bearerOf({ login: `reader_${served.id}_1`, password: 'pass:word ü%/' });
    const { status, body } = await served.get('/shown/readings?limit=1', { authorization: `Bearer ${token}` });
    expect([status, body.rows?.[0]?.home]).toEqual([200, 1]);
  });

  it('need the right password, now too', async () => {
    for (const secret of ['wrong', '', 'pass:word'])
      expect([secret, (await served.get('/shown/readings', { authorization: served.key(1, secret) })).status]).toEqual([
        secret,
        401,
      ]);
  });

  it('read what the login may read', async () => {
    const { status, body } = await served.get('/kept/hidden');
    expect([status, body.error?.what]).toEqual([403, 'This key may not read that.']);
  });

  it('are no superusers, and no logins that the server lets in without a password', async () => {
    const admin = await served.get('/shown/readings', basic('postgres:anything'));
    expect([admin.status, admin.body.error?.what]).toEqual([
      403,
      'The database lets this login in without its password (pg_hba.conf), so it is no key.',
    ]);
    const strong = `strong_${served.id}`;
    await served.rows(`create role ${strong} login superuser password 'x' in role datacycle_api_keys`);
    await served.rows(
      `create role weak_${served.id} login bypassrls password 'x' in role datacycle_api_keys, readers_${served.id}`,
    );
    try {
      // Of superusers the server of the tests wants no password, since they are members of no group.
      expect((await served.get('/shown/readings', basic(`${strong}:x`))).status).toBe(403);
      const weak = await served.get('/shown/readings', basic(`weak_${served.id}:x`));
      expect([weak.status, weak.body.error?.what]).toEqual([
        403,
        'This login is a superuser or bypasses row security: it is no key. Use one that only reads.',
      ]);
    } finally {
      await served.rows(`drop role ${strong}`);
      await served.rows(`drop role weak_${served.id}`);
    }
  });

  it('are logins in whichever way the address of the database is written', () => {
    const fields = (url: string) => {
      const changed = new URL(urlFor(url, 'a b', 'p@ss'));
      return [
        changed.username,
        changed.password,
        changed.searchParams.get('user'),
        changed.searchParams.get('password'),
      ];
    };
    expect(fields('postgres://owner:secret@host/db')).toEqual(['a%20b', 'p%40ss', null, null]);
    expect(fields('postgresql+psycopg2://owner@host/db?user=owner&password=secret')).toEqual([
      'a%20b',
      'p%40ss',
      null,
      null,
    ]);
    expect(fields('postgres:///db?host=/run&user=owner')).toEqual(['', '', 'a b', 'p@ss']);
  });

  it('are tried thirty times a minute and no more', async () => {
    // A minute may end meanwhile, and another thirty are let through.
    const tried = await Promise.all(
      Array.from({ length: 80 }, (_, index) =>
        served.get('/shown/readings', { authorization: served.key(1, `wrong ${index}`) }),
      ),
    );
    expect(tried.filter(({ status }) => status === 429).length).toBeGreaterThanOrEqual(20);
    expect(tried.every(({ status }) => status === 429 || status === 401)).toBe(true);
    // Those that were let in before go on.
    expect((await served.get('/shown/readings')).status).toBe(200);
  });
});
