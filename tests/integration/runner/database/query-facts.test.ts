import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { queryFacts, viewFacts } from '../../../../runner/database/query-facts.ts';
import { SqlText } from '../../../../runner/text/sql-text.ts';
import { databases, type TestDatabase } from '../../databases.ts';

describe.each(databases)('what PostgreSQL says of a query, on $name', (kind) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await kind.open();
    await database.warehouse.query('create schema raw');
    await database.warehouse.query('create table raw.a (id int, at timestamptz, "Text" text)');
    await database.warehouse.query('create view raw.steady as select id, at from raw.a');
    await database.warehouse.query('create view raw.moment as select id, now() as seen from raw.steady');
    await database.warehouse.query(`create function raw.of_now() returns text language sql stable as $$ select 'x' $$`);
    await database.warehouse.query(
      `create function raw.of_nothing(int) returns int language sql immutable as $$ select $1 $$`,
    );
    await database.warehouse.query(
      'create function raw.by_chance(int, int) returns int language sql as $$ select ($1 * random())::int $$',
    );
    await database.warehouse.query('create aggregate raw.total (int) (sfunc = raw.by_chance, stype = int)');
    await database.warehouse.query('create operator ||| (leftarg = int, rightarg = int, function = raw.by_chance)');
  });
  afterAll(() => database.drop());
  const facts = (sql: string) => database.warehouse.transaction((session) => queryFacts(session, new SqlText(sql)));

  test.each([
    ['plain columns', 'select id, id from raw.a'],
    ['aggregates and windows', 'select count(*), sum(id) over (order by id) from raw.a group by id'],
    [
      'what depends on TimeZone only',
      `select date_trunc('day', at), to_char(at, 'YYYY'), at::date, at + interval '1 day' from raw.a`,
    ],
    ['an immutable function of a person', 'select raw.of_nothing(id) from raw.a'],
    ['the word in a text', `select 'now()', 'today at noon', '(until now)' from raw.a`],
    ['a column of that name', 'select "now" from (select id as "now" from raw.a) as q'],
    ['series', `select generate_series(at, at + interval '1 day', '1 hour') from raw.a`],
    ['documents', `select to_jsonb(a), jsonb_build_object('a', at), jsonb_agg(at) over () from raw.a`],
  ])('yields the same of the same rows: %s', async (_, sql) => {
    expect(await facts(sql)).toEqual({ relations: new Set(['"raw"."a"']), isVolatile: false });
  });

  test.each([
    ['the time', 'select now()'],
    ['the time, spelt with blanks and capitals', 'select Pg_Catalog . Now ( )'],
    ['a clock', 'select clock_timestamp()'],
    ['chance', 'select random()'],
    ['chance within an aggregate', 'select sum(random()) from raw.a'],
    ['a keyword of the moment', 'select current_date'],
    ['another', 'select localtimestamp(3)'],
    ['the user', 'select current_user'],
    ['a setting', `select current_setting('work_mem')`],
    ['an identifier made anew', 'select gen_random_uuid()'],
    ['a sample', 'select * from raw.a tablesample bernoulli (10)'],
    ['a stable function of a person', 'select raw.of_now()'],
    ['the name of a day', `select * from raw.a where at < 'today'::timestamptz`],
    ['a moment of a day', `select * from raw.a where at < 'tomorrow 06:00'`],
    ['a moment in another spelling', `select * from raw.a where at < date $$today$$ or at < E'now'`],
    ['a range until now', `select * from raw.a where at <@ '[2023-08-18,now)'::tstzrange`],
    ['an array of days', `select * from raw.a where at = any ('{2023-08-18, "today"}'::date[])`],
    ['an aggregate of a person', 'select raw.total(id) from raw.a'],
    ['an operator of a person', 'select id ||| id from raw.a'],
    ['an age until now', 'select age(at) from raw.a'],
    ['in a subquery', 'select (select max(id) from raw.a where at < now())'],
  ])('may yield something else: %s', async (_, sql) => {
    expect((await facts(sql)).isVolatile).toBe(true);
  });

  test('names the relations that it reads, those written without ref as well', async () => {
    const sql = 'with s as (select * from raw.steady) select * from s where id in (select oid::int from pg_class)';
    expect((await facts(sql)).relations).toEqual(new Set(['"raw"."steady"', '"pg_catalog"."pg_class"']));
  });

  test('of views that are there', async () => {
    expect(
      await viewFacts(database.warehouse, ['"raw"."steady"', '"raw"."moment"', '"raw"."a"', '"raw"."none"']),
    ).toEqual(
      new Map([
        ['"raw"."steady"', { relations: new Set(['"raw"."a"']), isVolatile: false }],
        ['"raw"."moment"', { relations: new Set(['"raw"."steady"']), isVolatile: true }],
      ]),
    );
  });

  test('leaves nothing behind', async () => {
    await facts('select 1');
    const { rows } = await database.warehouse.query(`select to_regclass('pg_temp.datacycle_query')::text as left`);
    expect(rows).toEqual([{ left: null }]);
  });
});
