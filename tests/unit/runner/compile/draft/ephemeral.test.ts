import { describe, expect, it } from 'vitest';
import { inlineEphemerals } from '../../../../../runner/compile/draft/ephemeral.ts';
import { SqlText } from '../../../../../runner/text/sql-text.ts';
import { compileFiles, modelOf } from '../../projects.ts';

const at = (text: string, file: string) =>
  new SqlText(text, [{ start: 0, origin: { place: { file, line: 1, column: 1 }, verbatim: true } }]);
const one = { name: 'one', sql: at('select 1 as x', 'models/one.sql') };
const two = { name: 'two', sql: at('with a as (select 2) select * from a', 'models/two.sql') };

describe('an ephemeral model', () => {
  it.each([
    ['a query without with', 'select * from ephemeral__one', 'with {one}\nselect * from ephemeral__one'],
    [
      'a query with its own with',
      'with b as (select 3)\nselect * from b',
      'with {one}, b as (select 3)\nselect * from b',
    ],
    ['WITH in capitals', 'WITH b as (select 3) select 1', 'WITH {one}, b as (select 3) select 1'],
    ['with recursive', 'with recursive b as (select 3) select 1', 'with recursive {one}, b as (select 3) select 1'],
    [
      'with recursive over two lines',
      'with\n  recursive\n  b as (select 3) select 1',
      'with\n  recursive {one},\n  b as (select 3) select 1',
    ],
    [
      'comments first',
      '-- with a note\n/* with\n another */ with b as (select 3) select 1',
      '-- with a note\n/* with\n another */ with {one}, b as (select 3) select 1',
    ],
    [
      'a comment in a comment',
      '/* a /* b */ c */ with b as (select 3) select 1',
      '/* a /* b */ c */ with {one}, b as (select 3) select 1',
    ],
    [
      'a comment behind with',
      'with -- the best\n b as (select 3) select 1',
      'with {one}, -- the best\n b as (select 3) select 1',
    ],
    [
      'a comment between with and recursive',
      'with /* x */ recursive b as (select 3) select 1',
      'with /* x */ recursive {one}, b as (select 3) select 1',
    ],
    ['a column that only begins like with', 'select within from t', 'with {one}\nselect within from t'],
    ['a query in parentheses', '(select 1) union (select 2)', 'with {one}\n(select 1) union (select 2)'],
    ['values', 'values (1)', 'with {one}\nvalues (1)'],
  ])('is put into %s', (_name, sql, expected) => {
    expect(inlineEphemerals(new SqlText(sql), [one]).text).toBe(
      expected.replace('{one}', '"ephemeral__one" as (\nselect 1 as x\n)'),
    );
  });

  it('leaves a query alone that does not need it', () => {
    expect(inlineEphemerals(new SqlText('select 1'), []).text).toBe('select 1');
  });

  it('keeps its places and those of the query around it', () => {
    const sql = inlineEphemerals(at('with b as (\n  select nme) select 1', 'models/m.sql'), [one, two]);
    expect(sql.placeAt(sql.text.indexOf('1 as x'))).toEqual({ file: 'models/one.sql', line: 1, column: 8 });
    expect(sql.placeAt(sql.text.indexOf('select 2'))).toEqual({ file: 'models/two.sql', line: 1, column: 12 });
    expect(sql.placeAt(sql.text.indexOf('nme'))).toEqual({ file: 'models/m.sql', line: 2, column: 10 });
    expect(sql.placeAt(sql.text.indexOf('"ephemeral__one"'))).toBeUndefined();
  });

  it('is put in once, before what uses it, however often and deep it is used', () => {
    const ephemeral = (sql: string) => `{{config materialized="ephemeral"}}${sql}`;
    const compiled = compileFiles({
      'models/m.sql': 'select * from {{ref "c"}}, {{ref "a"}}, {{ref "b"}}',
      'models/a.sql': ephemeral('select * from {{source "raw" "events"}}'),
      'models/b.sql': ephemeral('with x as (select * from {{ref "a"}}) select * from x;'),
      'models/c.sql': ephemeral('select * from {{ref "b"}} join {{ref "a"}} using (id) -- done'),
      'models/sources.yml': 'sources: [{ name: raw, tables: [{ name: events }] }]',
    });
    expect(modelOf(compiled, 'm').fullSql.text).toBe(
      [
        'with "ephemeral__a" as (',
        'select * from "raw"."events"',
        '),',
        '"ephemeral__b" as (',
        'with x as (select * from "ephemeral__a") select * from x',
        '),',
        '"ephemeral__c" as (',
        'select * from "ephemeral__b" join "ephemeral__a" using (id) -- done',
        ')',
        'select * from "ephemeral__c", "ephemeral__a", "ephemeral__b"',
      ].join('\n'),
    );
    expect(modelOf(compiled, 'm').reads).toEqual(['source.raw.events']);
  });
});
