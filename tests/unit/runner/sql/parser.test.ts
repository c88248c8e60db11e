import { beforeAll, expect, test } from 'vitest';
import { loadSqlParser, type SqlParser, SqlSyntaxError } from '../../../../runner/sql/parser.ts';

let parser: SqlParser;
beforeAll(async () => {
  parser = await loadSqlParser();
});

test('places are offsets in the string, also behind characters of several bytes', () => {
  const sql = "select 'Sion é 𝄞' as place, b from t";
  const { select, offsetOf } = parser.query(sql);
  const [first, second] = select.targetList ?? [];
  const at = (node: typeof first) => (node && 'ResTarget' in node ? offsetOf(node.ResTarget.location) : -1);
  expect(at(first)).toBe(sql.indexOf("'Sion"));
  expect(at(second)).toBe(sql.indexOf('b from'));
});

test.each([
  ["select 'é 𝄞' as a, from t", 'from'],
  ['select a frm t b', 't b'],
  ['', ''],
])('a syntax error has its place: %s', (sql, word) => {
  let error: unknown;
  try {
    parser.parse(sql);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(SqlSyntaxError);
  expect((error as SqlSyntaxError).offset).toBe(Math.max(0, sql.indexOf(word)));
});

test.each(['delete from t', 'select 1; select 2'])('what is not one select is refused: %s', (sql) => {
  expect(() => parser.query(sql)).toThrow('this is not one select');
});

test.each([
  // What PostgreSQL has had since 15, and what came after.
  'merge into t using s on t.a = s.a when matched then update set b = 1',
  'select a from (select 1 as a)',
  'select json_array(1, 2), count(*) filter (where a is not null) over w from t window w as (partition by b)',
  "select * from json_table('[]'::jsonb, '$[*]' columns (a int path '$.a')) as j",
  'with recursive r as (select 1 as n union all select n + 1 from r) cycle n set c using p select * from r',
])('understands %s', (sql) => {
  expect(parser.parse(sql).stmts).toHaveLength(1);
});
