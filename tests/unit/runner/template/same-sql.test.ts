import { beforeAll, describe, expect, it } from 'vitest';
import { loadSqlParser, type SqlParser } from '../../../../runner/sql/parser.ts';
import { isSameSql } from '../../../../runner/template/same-sql.ts';

let parser: SqlParser;
beforeAll(async () => {
  parser = await loadSqlParser();
});

const incremental = (condition: string) =>
  `with a as (\n  select * from {{ref "x"}}\n  {{#incremental}}where ${condition}{{/incremental}}\n)\nselect * from a`;
const loop = (one: string) =>
  `select {{#each rooms as |room|}}sum({{room}}) as ${one}{{#unless @last}}, {{/unless}}{{/each}} from {{ref "x"}}`;

describe('templates of the same SQL', () => {
  it.each([
    ['comments and case', 'SELECT a -- all\nFROM {{ref "t"}}', 'select /* x */ a from {{ ref "t" }};'],
    ['parentheses', 'select (a + (b * 2)) from t where ((a > 1))', 'select a + b * 2 from t where a > 1'],
    ['quotes that are not needed', 'select "a" from "t"', 'select a from t'],
    ['the word as', 'select a as b from t as u', 'select a b from t u'],
    ['a type by its other name', 'select a::int', 'select cast(a as integer)'],
    ['the other sign', 'select a from t where a != 1', 'select a from t where a <> 1'],
    ['the quotes of a helper', `select a from {{ref 'x'}}`, 'select a from {{ref "x"}}'],
    ['the order of named arguments', '{{> m a=1 b=(list 1 2)}}', '{{> m  b=(list 1 2) a=1}}'],
    ['settings, which are compared by themselves', '{{config tags="a"}}\nselect 1', 'select 1'],
    ['a condition', incremental('(a > 1)'), incremental('A > 1')],
    ['a loop', loop('total'), loop('"total" -- of the room\n')],
    ['if and unless', '{{#if a}}select 1{{else}}select 2{{/if}}', '{{#unless a}}select 2{{else}}select (1){{/unless}}'],
    ['line breaks', 'select 1,\r\n 2', 'select 1,\n2'],
    ['blanks that are taken away', 'select a{{~b}} from t', 'select (a{{b}}) from t'],
    ['a part of a statement', '({{amount}} / 100)', '{{amount}} / 100'],
    ['what is no statement, but for blanks', 'from a join {{b}}\n on c', 'FROM a join {{b}} on c -- all'],
    ['what a set is followed by', '{{set x=(list 1)}}select (1)', '{{ set x=(list 1) }}\nselect 1'],
  ])('%s', (_what, one, other) => expect(isSameSql(one, other, parser)).toBe(true));

  it.each([
    ['parentheses that matter', 'select (a + b) * 2', 'select a + b * 2'],
    ['quotes that matter', 'select "A" from t', 'select a from t'],
    ['a text', `select 'a'`, `select 'A'`],
    ['another model', 'select a from {{ref "x"}}', 'select a from {{ref "y"}}'],
    ['another argument', '{{> m a=1}}', '{{> m a=2}}'],
    ['another condition', '{{#if a}}select 1{{/if}}', '{{#if b}}select 1{{/if}}'],
    ['the other part', '{{#if a}}select 1{{else}}select 2{{/if}}', '{{#if a}}select 2{{else}}select 1{{/if}}'],
    ['what only an increment reads', incremental('a > 1'), incremental('a >= 1')],
    ['what stands in a loop', loop('total'), loop('sum')],
    ['another order', 'select a, b from t', 'select b, a from t'],
    ['another list', '{{set x=(list 1)}}select 1', '{{set x=(list 2)}}select 1'],
    ['what is no statement', 'from a join {{b}} on c', 'from a join {{b}} on d'],
    ['what is no template of ours', `select * from {{ ref('x') }}`, `select (*) from {{ ref('x') }}`],
    [
      'more conditions than can be tried',
      `select 1${'abcdefg'.replace(/./g, '{{#if $&}} + 1{{/if}}')}`,
      `select (1)${'abcdefg'.replace(/./g, '{{#if $&}} + 1{{/if}}')}`,
    ],
  ])('is not: %s', (_what, one, other) => expect(isSameSql(one, other, parser)).toBe(false));
});
