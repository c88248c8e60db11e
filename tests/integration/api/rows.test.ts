import { parse } from 'csv-parse/sync';
import { parquetReadObjects } from 'hyparquet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases } from '../databases.ts';
import { ServedProject } from './served.ts';

const count = 3000;

describe.each(databases)('rows that are read over HTTP, on $name', (kind) => {
  let served: ServedProject;
  /** Ids that the key of home 1 sees: all of them where there are no logins. */
  let seen: readonly number[];
  beforeAll(async () => {
    served = new ServedProject(kind);
    await served.start(count);
    const all = Array.from({ length: count }, (_, index) => index + 1);
    seen = served.database.url === undefined ? all : all.filter((id) => id % 3 === 0);
  });
  afterAll(() => served?.close());

  const ids = async (path: string) => (await served.get(path)).body.rows?.map(({ id }) => id);

  it('gives a hundred valid rows in order, with every digit', async () => {
    const { status, body, headers } = await served.get('/shown/readings');
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(body.rows).toHaveLength(100);
    const valid = seen.filter((id) => id % 10 !== 0);
    expect(body.rows?.map(({ id }) => id)).toEqual(valid.slice(0, 100));
    const third = (await served.get('/shown/readings?id=3&fields=id,at,day,value,exact,is_valid,note,extra')).text;
    expect(third.split('\n')[0]).toBe(
      '{"rows":[{"id":3,"at":"2024-01-01T00:01:00Z","day":"2024-01-01","value":0.375,"exact":3.0000000001,"is_valid":true,"note":"ü = 1","extra":{"i": 3}}],"next":null}',
    );
  });

  it('follows next through all rows, each once, in both orders', async () => {
    for (const order of ['asc', 'desc']) {
      const path = `/shown/readings?limit=137&only_valid=false&order=${order}&fields=id`;
      const found: unknown[] = [];
      let next: string | null | undefined = '';
      while (next !== null) {
        const { body }: { body: { rows?: readonly { id?: unknown }[]; next?: string | null } } = await served.get(
          next === '' ? path : `${path}&cursor=${next}`,
        );
        found.push(...(body.rows ?? []).map(({ id }) => id));
        next = body.next ?? null;
      }
      const expected = [...seen].sort((a, b) => (order === 'asc' ? a - b : b - a));
      // Two readings share each minute; the id, last in the order, sets them apart.
      expect(found).toEqual(expected);
    }
  });

  it('says by Link where the next page is', async () => {
    const { headers, body } = await served.get('/shown/readings?limit=2&format=ndjson');
    expect(body.rows).toBeUndefined();
    const [, link = ''] = /^<([^>]+)>; rel="next"$/.exec(headers.get('link') ?? '') ?? [];
    const valid = seen.filter((id) => id % 10 !== 0);
    const { text } = await served.get(link);
    expect(
      text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).id),
    ).toEqual(valid.slice(2, 4));
  });

  it.each([
    ['id.in=3,6,9,12', [3, 6, 9, 12]],
    ['id.gt=6&id.lte=12&id.ne=9', [12]],
    ['from=2024-01-01T00:03:00Z&to=2024-01-01T01%3A05%3A00%2B01:00', [6, 9]],
    ['at.gte=2024-01-01&at.lt=2024-01-01T00:02:00Z', [3]],
    ['value.null=true&id.lt=50', [21, 42]],
    ['value=0.375', [3]],
    ['note=a%20%22b%22,%20c%0Ad&id.lt=10', [6]],
    ['note.in=&id.lt=10', [9]],
    ['is_valid=false&id.lt=40&only_valid=false', [30]],
    ['day=2024-01-02&limit=1', [2880 + 3]],
    ['exact=6.0000000001', [6]],
    ["sensor=' or true --", []],
  ])('filters by %s', async (query, expected) => {
    const all = served.database.url === undefined;
    expect(await ids(`/shown/readings?fields=id&${query}${all ? '&home=1' : ''}`)).toEqual(expected);
  });

  it.each([
    ['text/csv;q=0.2, application/x-ndjson;q=0.9, application/json;q=0.5', 'application/x-ndjson'],
    ['application/vnd.apache.parquet, */*', 'application/vnd.apache.parquet'],
    ['application/json;q=0, */*', 'text/csv'],
    ['application/*;q=0.1, text/*', 'text/csv'],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'application/json'],
  ])('answers %s', async (accept, type) => {
    const { headers } = await served.get('/shown/readings?limit=1', { authorization: served.key(1), accept });
    expect(headers.get('content-type')).toMatch(type);
  });

  it('writes CSV that a reader of CSV reads as it was', async () => {
    const { text, headers } = await served.get('/shown/readings?id.in=3,6,9,12,150&only_valid=false', {
      authorization: served.key(1),
      accept: 'text/csv;q=0.9, application/xml',
    });
    expect(headers.get('content-type')).toBe('text/csv; charset=utf-8; header=present');
    const rows = parse(text, { columns: true }) as readonly Record<string, string>[];
    expect(rows.map(({ id, note, value, at }) => [id, note, value, at])).toEqual([
      ['3', 'ü = 1', '0.375', '2024-01-01T00:01:00Z'],
      ['6', 'a "b", c\nd', '0.75', '2024-01-01T00:03:00Z'],
      ['9', '', '1.125', '2024-01-01T00:04:00Z'],
      ['12', '', '1.5', '2024-01-01T00:06:00Z'],
      ['150', 'a "b", c\nd', 'NaN', '2024-01-01T01:15:00Z'],
    ]);
    // An empty text is not NULL.
    expect(text).toMatch(/1.125,9.0000000001,true,"",/);
    expect(text).toMatch(/1.5,12.0000000001,true,,/);
  });

  it('streams all rows as NDJSON and CSV', async () => {
    const { text } = await served.get('/shown/readings?limit=all&format=ndjson&only_valid=false&fields=id');
    expect(
      text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).id),
    ).toEqual(seen);
    const csv = await served.get('/shown/readings?limit=all&format=csv&only_valid=false&fields=id');
    expect(csv.text.trim().split('\r\n')).toEqual(['id', ...seen.map(String)]);
  });

  it('writes Parquet with the types of the columns, a page of it or all', async () => {
    const parquet = async (path: string) => {
      const accept = 'application/vnd.apache.parquet';
      const response = await fetch(`${served.api?.address}${path}`, {
        headers: { authorization: served.key(1), accept },
      });
      expect(response.headers.get('content-type')).toBe(accept);
      return parquetReadObjects({ file: await response.arrayBuffer() });
    };
    const [third] = await parquet('/shown/readings?id=3');
    expect(third).toMatchObject({
      id: 3n,
      at: new Date('2024-01-01T00:01:00Z'),
      day: new Date('2024-01-01'),
      value: 0.375,
      exact: 3.0000000001,
      is_valid: true,
      note: 'ü = 1',
      extra: '{"i": 3}',
    });
    const all = await parquet('/shown/readings?limit=all&only_valid=false&fields=id');
    expect(all.map(({ id }) => Number(id))).toEqual(seen);
    expect(await parquet('/shown/readings?id=999999')).toEqual([]);
  });

  it('shows the view of schema bi by the names of the report', async () => {
    const { body } = await served.get('/bi/reading-of-a-sensor?Sensor=sensor%203&limit=1');
    expect(body.rows?.[0]).toMatchObject({ Sensor: 'sensor 3', Note: 'ü = 1' });
  });

  it('answers 304 until a build changes rows', async () => {
    const authorization = served.key(1);
    const { headers } = await served.get('/by/day?home=1');
    const etag = headers.get('etag') ?? '';
    expect(etag).toMatch(/^"[\w-]+"$/);
    const again = (tag: string, path = '/by/day?home=1') => served.get(path, { authorization, 'if-none-match': tag });
    expect(await again(etag)).toMatchObject({ status: 304, text: '' });
    expect((await again(etag, '/by/day?home=2')).status).toBe(200);
    expect((await again('"another"')).status).toBe(200);
    if (served.database.url !== undefined) {
      const other = { authorization: served.key(2), 'if-none-match': etag };
      expect((await served.get('/by/day?home=1', other)).status).toBe(200);
    }
    await served.rows(`update raw.readings set day = '2023-12-31' where id = 3`);
    await served.build();
    // What a build has changed is looked up twice a second.
    await expect.poll(async () => (await again(etag)).status).toBe(200);
    const changed = await again(etag);
    expect(changed.body.rows?.[0]).toEqual({ home: 1, day: '2023-12-31', n: 1 });
  });

  it('says that it is there, without a key', async () => {
    const { status, body } = await served.get('/health', {});
    expect([status, body]).toEqual([
      200,
      { status: 'ok', service: 'test', environment: 'default', time: '2024-05-01T00:00:00.000Z' },
    ]);
    expect(served.warnings).toEqual([]);
  });
});
