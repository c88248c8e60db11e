import { beforeAll, expect, test } from 'vitest';
import { normalForm } from '../../../../runner/sql/normal-form.ts';
import { loadSqlParser, type SqlParser, SqlSyntaxError } from '../../../../runner/sql/parser.ts';
import { SqlText } from '../../../../runner/text/sql-text.ts';

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

const form = (sql: string | SqlText) => normalForm(parser, typeof sql === 'string' ? new SqlText(sql) : sql);
const withHole = (before: string, id: string) =>
  SqlText.join(
    before,
    new SqlText('0 /* mark */', [
      { start: 0, origin: undefined, hole: { stands: { kind: 'high_water', id }, length: 12 } },
    ]),
  );

test.each([
  ['formatting', 'select a,b from t where a in (1,2)', 'SELECT a ,\n  b\nFROM   t\nWHERE a IN (1, 2)'],
  ['comments', 'select a from t', '-- why\nselect /* what */ a from t -- end'],
  ['the word as', 'select a as b from t as x', 'select a b from t x'],
  ['a cast in its other form', 'select a::int from t', 'select cast(a as integer) from t'],
])('%s makes no difference', (_, one, other) => {
  expect(form(one)).toBe(form(other));
});

test.each([
  ['a constant', 'select a from t where a = 1', 'select a from t where a = 2'],
  ['a text constant', "select a from t where a = 'x'", "select a from t where a = 'X'"],
  ['an alias', 'select a as b from t', 'select a as c from t'],
  ['the order of columns', 'select a, b from t', 'select b, a from t'],
  ['the case of a quoted name', 'select "A" from t', 'select a from t'],
  ['a join', 'select 1 from a join b using (c)', 'select 1 from a left join b using (c)'],
])('%s makes a difference', (_, one, other) => {
  expect(form(one)).not.toBe(form(other));
});

test('what a run puts in makes a difference, and is not the constant that stands for it', () => {
  const sql = withHole('select a from t where a > ', 'source.one');
  expect(form(sql)).toBe(form(withHole('select a\nfrom t where a > ', 'source.one')));
  expect(form(sql)).not.toBe(form(withHole('select a from t where a > ', 'source.two')));
  expect(form(sql)).not.toBe(form(sql.text));
});
