import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { oneDatabase } from '../databases.ts';
import { ServedProject } from './served.ts';

/** Requests that are wrong, and what the answer says of them: at least that, and nothing of the database. */
const wrong: readonly (readonly [path: string, says: RegExp])[] = [
  // Names.
  ['/shown/readings?senser=x', /there is no parameter "senser" Did you mean "sensor"\?/],
  ['/shown/readings?Sensor=x', /no parameter "Sensor" Did you mean "sensor"\?/],
  ['/shown/readings?limt=5', /no parameter "limt" Did you mean "limit"\?/],
  ['/shown/readings?curser=5', /Did you mean "cursor"\?/],
  ['/shown/readings?only_vaild=true', /Did you mean "only_valid"\?/],
  [
    '/shown/readings?something_else=1',
    /Parameters here: limit, cursor, order, fields, format, from, to, only_valid, id, /,
  ],
  ['/shown/readings?id.gte=1&id.gtee=2', /"id.gtee": id cannot be filtered by "gtee" Possible here: id.eq, id.ne/],
  ['/shown/readings?is_valid.gt=true', /is_valid cannot be filtered by "gt"/],
  ['/shown/readings?extra=1', /extra cannot be filtered by "eq" Possible here: extra.null/],
  ['/shown/readings?note.like=x', /note cannot be filtered by "like"/],
  ['/shown/readings?__proto__=x', /no parameter "__proto__"/],
  ['/shown/readings?constructor=x', /no parameter "constructor"/],
  ['/shown/readings?=x', /no parameter ""/],
  ['/shown/readings?id=1&id=2', /"id" is given more than once/],
  ['/shown/readings?limit=1&limit=1', /"limit" is given more than once/],
  ['/by/day?home=1&from=2024-01-01', /no parameter "from"/],
  ['/by/day', /home is required Filter by it/],
  ['/by/day?home.null=false', /home is required/],
  ['/bi/reading-of-a-sensor?extra=1', /no parameter "extra"/],
  ['/bi/reading-of-a-sensor?sensor=1', /Did you mean "Sensor"\?/],
  // Limits, order, format, fields.
  ['/shown/readings?limit=0', /limit is "0", but must be a whole number from 1 to 1000, or all/],
  ['/shown/readings?limit=1001', /limit is "1001"/],
  ['/shown/readings?limit=-1', /limit is "-1"/],
  ['/shown/readings?limit=1.5', /limit is "1.5"/],
  ['/shown/readings?limit=1e2', /limit is "1e2"/],
  ['/shown/readings?limit=', /limit is ""/],
  ['/shown/readings?limit=all', /limit=all is for CSV, NDJSON and Parquet/],
  ['/shown/readings?limit=all&format=json', /limit=all is for CSV, NDJSON and Parquet/],
  ['/shown/readings?order=up', /order is "up", but must be one of asc, desc/],
  ['/shown/readings?order=', /order is ""/],
  ['/shown/readings?format=xml', /format is "xml", but must be one of json, csv, ndjson, parquet/],
  ['/shown/readings?fields=id,senser', /fields: there is no column "senser" Did you mean "sensor"\?/],
  ['/shown/readings?fields=', /fields: there is no column "" Columns here: id, home/],
  ['/shown/readings?fields=id,id', /fields names "id" twice/],
  ['/shown/readings?fields=*', /there is no column "\*"/],
  // Values.
  ['/shown/readings?id=x', /id is "x", but must be a whole number/],
  ['/shown/readings?id=', /id is ""/],
  ['/shown/readings?id=1.0', /id is "1.0"/],
  ['/shown/readings?id=0x10', /id is "0x10"/],
  ['/shown/readings?id=9223372036854775808', /at most 64 bits/],
  ['/shown/readings?id.in=1,,2', /id.in is "", but must be a whole number/],
  [`/shown/readings?id.in=${Array.from({ length: 101 }, (_, index) => index).join(',')}`, /101 values; at most 100/],
  ['/shown/readings?id.null=maybe', /id.null is "maybe", but must be true or false/],
  ['/shown/readings?value=ten', /value is "ten", but must be a number/],
  ['/shown/readings?value=1e999', /value is "1e999"/],
  ['/shown/readings?value=1,5', /value is "1,5"/],
  ['/shown/readings?is_valid=1&only_valid=false', /is_valid is "1", but must be true or false/],
  ['/shown/readings?only_valid=yes', /only_valid is "yes", but must be true or false/],
  ['/shown/readings?day=2024-02-30', /day is "2024-02-30", but must be a day/],
  ['/shown/readings?day=01.02.2024', /day is "01.02.2024"/],
  ['/shown/readings?day=today', /day is "today"/],
  ['/shown/readings?at=2024-01-01T00:00:00', /at is .*, but must be a time with its zone/],
  ['/shown/readings?from=2024-01-01T00:00:00+01:00', /in an address a plus sign is written %2B/],
  ['/shown/readings?from=yesterday', /from is "yesterday"/],
  ['/shown/readings?to=2024-13-01', /to is "2024-13-01"/],
  ['/shown/readings?at.lt=2024-01-01T25:00:00Z', /at.lt is /],
  ['/shown/readings?at.lt=2024-01-01T00:00:00%2B99:00', /at.lt is /],
  ['/shown/readings?at.lt=0000-01-01', /at.lt is /],
  ['/shown/readings?note=a%00b', /note holds a character that no text can have/],
  [`/shown/readings?note=${'x'.repeat(1001)}`, /note is "x+\.\.\.", but must be at most 1000 characters long/],
  // Cursors.
  ['/shown/readings?cursor=x', /cursor is none that this address has given/],
  ['/shown/readings?cursor=', /cursor is none/],
  [`/shown/readings?cursor=${Buffer.from('["a"]').toString('base64url')}`, /cursor is none/],
  [`/shown/readings?cursor=${Buffer.from('["a","b","c"]').toString('base64url')}`, /cursor belongs to other filters/],
  [`/shown/readings?cursor=${Buffer.from('{"a":1}').toString('base64url')}`, /cursor is none/],
];

describe.each(oneDatabase)('requests that are refused, on $name', (kind) => {
  let served: ServedProject;
  beforeAll(async () => {
    served = new ServedProject(kind);
    await served.start(300);
  });
  afterAll(() => served?.close());

  it('are more than sixty', () => {
    expect(wrong.length).toBeGreaterThanOrEqual(60);
  });

  it.each(wrong)('%s', async (path, says) => {
    const { status, body, text } = await served.get(path);
    expect(`${body.error?.what} ${body.error?.hint ?? ''}`).toMatch(says);
    expect(status).toBe(400);
    expect(text).not.toMatch(/select|shown\.|127\.0\.0\.1|postgres/i);
  });

  it('takes a cursor for the request that gave it, and for no other', async () => {
    const { body } = await served.get('/shown/readings?limit=2');
    expect((await served.get(`/shown/readings?limit=5&cursor=${body.next}`)).status).toBe(200);
    for (const other of ['&only_valid=false', '&order=desc', '&id.gt=0']) {
      const answer = await served.get(`/shown/readings?limit=2&cursor=${body.next}${other}`);
      expect([other, answer.status]).toEqual([other, 400]);
    }
    // A cursor that was changed is no way around the types of its columns.
    const [mark = ''] = JSON.parse(Buffer.from(body.next ?? '', 'base64url').toString()) as string[];
    const forged = Buffer.from(JSON.stringify([mark, 'x', 'y'])).toString('base64url');
    expect((await served.get(`/shown/readings?limit=2&cursor=${forged}`)).status).toBe(400);
  });

  it('answers nothing but GET, and no other address', async () => {
    const method = async (name: string) =>
      fetch(`${served.api?.address}/shown/readings`, { method: name, headers: { authorization: served.key(1) } });
    for (const name of ['POST', 'PUT', 'PATCH', 'DELETE'])
      expect([name, (await method(name)).status]).toEqual([name, 405]);
    const near = await served.get('/shown/reading');
    expect([near.status, near.body.error?.hint]).toEqual([404, 'Did you mean /shown/readings?']);
    expect((await served.get('/shown/who_sees')).status).toBe(404);
    expect((await served.get('/shown/..%2faccess/who_sees')).status).toBe(404);
    const accept = await served.get('/shown/readings', { authorization: served.key(1), accept: 'application/xml' });
    expect(accept.status).toBe(406);
    const member = await served.get('/shown/readings', { authorization: served.key(1), accept: 'constructor' });
    expect(member.status).toBe(406);
    expect(served.warnings).toEqual([]);
  });
});
