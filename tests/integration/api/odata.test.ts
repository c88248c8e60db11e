import { o } from 'odata';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases } from '../databases.ts';
import { ServedProject } from './served.ts';

const count = 3000;

describe.each(databases)('OData, on $name', (kind) => {
  let served: ServedProject;
  let seen: readonly number[];
  beforeAll(async () => {
    served = new ServedProject(kind);
    await served.start(count);
    const all = Array.from({ length: count }, (_, index) => index + 1);
    seen = served.database.url === undefined ? all : all.filter((id) => id % 3 === 0);
  });
  afterAll(() => served?.close());

  type Entity = Readonly<Record<string, unknown>>;
  /** By a public client of the protocol. */
  const client = (home = 1) => o(`${served.api?.address}/odata/`, { headers: { Authorization: served.key(home) } });
  const read = async (query: Record<string, unknown>, set = 'Reading_of_a_sensor') =>
    (await client().get(set).query(query)) as readonly Entity[];
  const ids = async (filter: string) => (await read({ $filter: filter, $select: 'Id', $top: 20 })).map(({ Id }) => Id);

  it('says by its document and $metadata what there is', async () => {
    const { body, headers } = await served.get('/odata/');
    expect(headers.get('odata-version')).toBe('4.0');
    expect(body).toMatchObject({
      '@odata.context': `${served.api?.address}/odata/$metadata`,
      value: [
        { name: 'Reading_of_a_sensor', kind: 'EntitySet', url: 'Reading_of_a_sensor' },
        { name: 'kept_hidden' },
        { name: 'shown_days' },
      ],
    });
    const metadata = await served.get('/odata/$metadata');
    expect(metadata.headers.get('content-type')).toBe('application/xml; charset=utf-8');
    expect(metadata.text).toContain(
      '<EntityType Name="Reading_of_a_sensor_row">\n<Key><PropertyRef Name="At_UTC"/><PropertyRef Name="Id"/></Key>',
    );
    expect(metadata.text).toContain(
      '<EntitySet Name="Reading_of_a_sensor" EntityType="datacycle.Reading_of_a_sensor_row"/>',
    );
    expect(metadata.text).toContain('<String>startswith</String><String>endswith</String><String>tolower</String>');
    expect(metadata.text.match(/<Property Name="(?:Id|At_UTC|Exact|Value|Day|Is_valid)" [^>]*>/g)).toEqual([
      '<Property Name="Id" Type="Edm.Int64" Nullable="false"/>',
      '<Property Name="At_UTC" Type="Edm.DateTimeOffset" Precision="6" Nullable="false">',
      '<Property Name="Day" Type="Edm.Date"/>',
      '<Property Name="Value" Type="Edm.Double"/>',
      '<Property Name="Exact" Type="Edm.Decimal" Precision="20" Scale="10"/>',
      '<Property Name="Is_valid" Type="Edm.Boolean">',
    ]);
  });

  it('gives rows to a public client, with every digit', async () => {
    const [third] = await read({ $filter: 'Id eq 3' });
    expect(third).toEqual({
      Id: 3,
      Home: 1,
      Sensor: 'sensor 3',
      At_UTC: '2024-01-01T00:01:00Z',
      At_local: '2024-01-01T01:01:00Z',
      Day: '2024-01-01',
      Value: 0.375,
      Exact: 3.0000000001,
      Is_valid: true,
      Note: 'ü = 1',
    });
    const one = (await client().get('Reading_of_a_sensor(At_UTC=2024-01-01T00:01:00Z,Id=3)').query()) as Entity;
    expect(one).toMatchObject({ Id: 3, Sensor: 'sensor 3' });
    expect(
      await client()
        .get('Reading_of_a_sensor')
        .query({ $filter: 'Id gt 2990', $orderby: 'Value desc,Id desc', $select: 'Id,Value', $skip: 1, $top: 2 }),
    ).toEqual(
      [...seen]
        .filter((id) => id > 2990)
        .map((id) => ({ Id: id, Value: id % 50 === 0 ? 'NaN' : id % 7 === 0 ? null : id / 8 }))
        .sort(
          (a, b) =>
            (b.Value === 'NaN' ? 1 : 0) - (a.Value === 'NaN' ? 1 : 0) || Number(b.Value ?? -1) - Number(a.Value ?? -1),
        )
        .slice(1, 3),
    );
  });

  it.each([
    ['Id in (3,6,9)', [3, 6, 9]],
    ['Id lt 20 and (Value eq null or Id ge 12)', [12, 15, 18]],
    ['contains(Note,\'"b"\') and Id lt 20', [6, 18]],
    ["startswith(Sensor, 'sensor 3') and Id lt 40", [3, 18, 33]],
    ["endswith(Sensor, '3') and not (Id gt 3)", [3]],
    ["not (Note ne 'ü = 1') and Id lt 40", [3, 15, 27, 39]],
    ['not (Value gt 0) and Id lt 50', [21, 42]],
    ['not Is_valid and Id lt 70', [30, 60]],
    ['Is_valid eq false and Id lt 70', [30, 60]],
    ['At_UTC ge 2024-01-01T00:03:00Z and At_UTC lt 2024-01-01T01:05:00+01:00', [6, 9]],
    ['Day eq 2024-01-02 and Id lt 2890', [2880, 2880 + 3, 2880 + 6, 2880 + 9]],
    ['Exact eq 6.0000000001', [6]],
    ["Sensor eq 'it''s' or Sensor eq ' or true --'", []],
    // As SAP Analytics Cloud and Power Query write.
    ['Id ge 3L and Id le 9l and Value lt 1.0d and Exact gt 2.5M', [3, 6]],
    ['Is_valid eq False and Id lt 70', [30, 60]],
    ["tolower(Sensor) eq 'sensor 3' and toupper(Sensor) ne 'SENSOR 4' and Id lt 40", [3, 18, 33]],
    ["contains(toupper(Sensor),toupper('sensor 3')) eq true and Id lt 20", [3, 18]],
    ["startswith(Sensor,'sensor 3') eq false and Id lt 10", [6, 9]],
    ['Day eq 2024-01-02T00:00:00Z and Id lt 2884', [2880, 2883]],
  ])('filters by %s', async (filter, expected) => {
    const all = served.database.url === undefined;
    const home = all ? ' and Home eq 1' : '';
    const { body } = await served.get(
      `/odata/Reading_of_a_sensor?$select=Id&$filter=(${encodeURIComponent(filter)})${encodeURIComponent(home)}`,
    );
    expect((body as { value?: readonly Entity[] }).value?.map(({ Id }) => Id)).toEqual(expected);
  });

  it('counts, and leads through all rows page by page, as many as are wanted', async () => {
    const { text } = await served.get('/odata/Reading_of_a_sensor/$count');
    expect(text).toBe(String(seen.length));
    const follow = async (path: string) => {
      const found: unknown[] = [];
      let pages = 0;
      for (let next: string | undefined = path; next !== undefined; pages += 1) {
        const { body, status } = await served.get(next.replace(served.api?.address ?? '', ''));
        expect(status).toBe(200);
        const page = body as { value?: readonly Entity[]; '@odata.nextLink'?: string; '@odata.count'?: number };
        if (pages === 0) expect(page['@odata.count']).toBe(seen.length);
        found.push(...(page.value ?? []).map(({ Id }) => Id));
        next = page['@odata.nextLink'];
      }
      return { found, pages };
    };
    const all = await follow('/odata/Reading_of_a_sensor?$select=Id&$count=true');
    expect(all).toEqual({ found: seen, pages: Math.ceil(seen.length / 1000) });
    if (served.database.url !== undefined) return;
    const most = await follow('/odata/Reading_of_a_sensor?$select=Id&$count=true&$orderby=Id%20desc');
    expect(most).toEqual({ found: [...seen].reverse(), pages: 3 });
    // Who pages by itself gets pieces of the size it asks for.
    const piece = await follow('/odata/Reading_of_a_sensor?$select=Id&$count=true&$top=1500&$skip=1400');
    expect(piece).toEqual({ found: seen.slice(1400, 2900), pages: 1 });
  });

  it('writes long numbers as texts for who asks for that, links as a proxy is called, and errors as the protocol does', async () => {
    const headers = { authorization: served.key(1), accept: 'application/json;IEEE754Compatible=true' };
    const { body, headers: answered } = await served.get(
      '/odata/Reading_of_a_sensor?$select=Id,Home,Value,Exact&$top=1&$count=true&$filter=Id%20eq%203',
      headers,
    );
    expect(answered.get('content-type')).toContain('IEEE754Compatible=true');
    expect(body).toMatchObject({
      '@odata.count': '1',
      value: [{ Id: '3', Home: 1, Value: 0.375, Exact: '3.0000000001' }],
    });
    const proxied = {
      authorization: served.key(1),
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'api.example.com',
    };
    const links = await served.get('/odata/shown_days?$filter=home%20eq%201&$orderby=day', proxied);
    expect(links.text).toContain('"@odata.context":"https://api.example.com/odata/$metadata#shown_days"');
    const batch = await fetch(`${served.api?.address}/odata/$batch`, {
      method: 'POST',
      headers: { authorization: served.key(1) },
    });
    expect([batch.status, await batch.json()]).toEqual([405, { error: { code: '405', message: expect.any(String) } }]);
  });

  it.each([
    ['Reading_of_a_senso', 404, /Did you mean Reading_of_a_sensor/],
    ['Reading_of_a_sensor?$filter=Sensr eq 1', 400, /Did you mean Sensor\?/],
    ['Reading_of_a_sensor?$filter=Sensor eq 1', 400, /in single quotes/],
    ["Reading_of_a_sensor?$filter=Id eq '1'", 400, /without quotes/],
    ['Reading_of_a_sensor?$filter=Id eq', 400, /null|value|ends/],
    ['Reading_of_a_sensor?$filter=Id eq 1 und Id eq 2', 400, /"und" where and, or, or the end/],
    ['Reading_of_a_sensor?$filter=Id constructor 1', 400, /"constructor" where eq, ne, lt, le, gt, ge or in/],
    ["Reading_of_a_sensor?$filter=Sensor eq 'x", 400, /has no end/],
    ["Reading_of_a_sensor?$filter=tolower(Id) eq '3'", 400, /Id is no text/],
    ['Reading_of_a_sensor?$filter=tolower(Sensor) gt 3', 400, /where eq or ne should be/],
    ["Reading_of_a_sensor?$filter=contains(Sensor,'3') eq 3", 400, /must be true or false/],
    ['Reading_of_a_sensor?$filter=contains(Sensor,3)', 400, /a text in single quotes should be/],
    ['Reading_of_a_sensor?$filter=year(Day) eq 2024', 400, /no function "year"/],
    ['Reading_of_a_sensor?$filter=(((Id eq 1)', 400, /ends/],
    [`Reading_of_a_sensor?$filter=${'('.repeat(40)}Id eq 1${')'.repeat(40)}`, 400, /nested deeper/],
    ['Reading_of_a_sensor?$top=-1', 400, /whole number/],
    ['Reading_of_a_sensor?$orderby=Id up', 400, /asc or desc/],
    ['Reading_of_a_sensor?$expand=Home', 400, /no option/],
    ['Reading_of_a_sensor?$skiptoken=abc', 400, /cursor/],
    ['Reading_of_a_sensor(3)', 400, /the key of Reading_of_a_sensor is At_UTC, Id/],
    ['Reading_of_a_sensor(Id=3 or Id eq 4,At_UTC=2024-01-01T00:01:00Z)', 400, /the key of Reading_of_a_sensor/],
    ['Reading_of_a_sensor(Id=3,At_UTC=2023-01-01T00:00:00Z)', 404, /no such entity/],
    ['shown_days', 400, /\$filter has to say which home/],
  ])('refuses %s', async (path, status, message) => {
    const answer = await served.get(`/odata/${path.replaceAll(' ', '%20')}`);
    const { error } = answer.body as unknown as { error?: { code?: string; message?: string } };
    expect([answer.status, error?.code]).toEqual([status, String(status)]);
    expect(error?.message).toMatch(message);
  });

  it('shows each key its own rows, and none without one', async () => {
    expect((await served.get('/odata/$metadata', {})).status).toBe(401);
    if (served.database.url === undefined) return;
    const homes = new Set(
      ((await client(2).get('Reading_of_a_sensor').query({ $filter: 'Home ge 1' })) as readonly Entity[]).map(
        ({ Home }) => Home,
      ),
    );
    expect([...homes]).toEqual([2]);
    expect((await served.get('/odata/kept_hidden')).status).toBe(403);
    expect(await ids('Home eq 2')).toEqual([]);
  });
});
