import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../databases.ts';

/** What drivers like to turn into values of JavaScript. */
const values = [
  `'{"n": 12345678901234567890, "p": 1.10}'::jsonb`,
  `'{"n": 1.10,  "n": 2}'::json`,
  `array['{"n": 12345678901234567890}'::jsonb]`,
  `array[date '2023-08-01', 'infinity']`,
  `array[timestamptz '2023-08-01 12:00:00.123456+02']`,
  `array[timestamp '2023-08-01 12:00:00.123456']`,
  'array[1.10, 2.0]::numeric[]',
  'array[array[1, null], array[3, 4]]',
  'array[9007199254740993]',
  "array[1e-7, 1e21, -0, 'NaN']::float8[]",
  `'\\x00ff'::bytea`,
  `array['\\x00ff'::bytea]`,
  `point '(1.5,2)'`,
  `array[point '(1.5,2)']`,
  `circle '<(1,2),3>'`,
  `array[interval '1 mon 2 days 03:04:05.000006']`,
  `interval '1 mon -30 days'`,
  `'-0'::float8`,
  '1e-7::float8',
  '0.1::float4',
  'true',
  'array[true, false]',
  `'{"a,b", "NULL", NULL}'::text[]`,
  `int4range(1, 5)`,
  `row(1, 'a b', null)`,
  `'<a/>'::xml`,
  `time '12:00' `,
  `date '0044-03-15 BC'`,
  `'a'::"char"`,
  'null::jsonb',
  `''`,
];

describe.each(databases)('values as text on $name', (kind) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await kind.open();
  });
  afterAll(() => database.drop());

  it('are what a cast to text gives, in and outside of transactions', async () => {
    const list = (cast: string) => values.map((value, index) => `(${value})${cast} as v${index}`).join(', ');
    const { rows: cast } = await database.warehouse.query(`select ${list('::text')}`);
    const { rows: text } = await database.warehouse.query(`select ${list('')}`, [], 'text');
    expect(text).toEqual(cast);
    const { rows: bound } = await database.warehouse.transaction((session) =>
      session.query('select array[$1::date] as v', ['2023-08-01'], 'text'),
    );
    expect(bound).toEqual([{ v: '{2023-08-01}' }]);
  });

  it('come from one statement, not from several', async () => {
    await expect(database.warehouse.query('select 1; select 2', [], 'text')).rejects.toMatchObject({ code: '42601' });
  });
});
