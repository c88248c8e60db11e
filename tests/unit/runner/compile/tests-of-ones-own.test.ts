import { describe, expect, it } from 'vitest';
import { compileFiles, problemsOf, testOf } from '../projects.ts';

const model = (tests: string) => ({
  'models/m.sql': 'select 1 as id',
  'models/m.yml': `models: [{ name: m, columns: [{ name: id, data_tests: [${tests}] }] }]`,
});
const whats = (files: Readonly<Record<string, string>>) =>
  problemsOf(files).map(({ what, place, hint }) => [`${place?.file}:${place?.line}:${place?.column}`, what, hint]);

describe('a generic test of the project itself', () => {
  it('takes arguments of all types, defaults, variables and other models', () => {
    const compiled = compileFiles({
      'project.yml': 'name: test\nvars: { low: 3 }',
      ...model(
        `{ t: { word: "it's", count: var('low'), flag: true, some: [1, 2], by: id, cols: [id, "Full name"], other: ref('m2'), expr: "id > 1", where: 'id < {{var "low"}}' } }`,
      ),
      'models/m2.sql': 'select 1 as id',
      'tests/generic/t.sql': `{{arguments word="text" count="number" flag="boolean" some="list" by="column" cols="columns" other="model" expr="sql" spare="number = 7" left="text?"}}
select {{literal word}}, {{count}}, {{#if flag}}yes{{/if}}, {{#each some as |one|}}{{one}} + {{/each}}0, {{by}}, {{cols}}, {{spare}}{{#if left}}, left{{/if}}
from {{model}}, {{other}}
where {{expr}} and {{column_name}} > 0`,
    });
    const test = testOf(compiled, 't_m_id');
    expect(test.sql.text).toBe(`select 'it''s', 3, yes, 1 + 2 + 0, "id", "id", "Full name", 7
from (select * from "public"."m" where id < 3) as "m", "public"."m2"
where id > 1 and "id" > 0`);
    expect(test.dependsOn).toEqual(['model.m', 'model.m2']);
  });

  it('takes the place of a built-in one, is described by a .yml, and its settings give way to those of a request', () => {
    const compiled = compileFiles({
      ...model('not_null, { not_null: { name: strict, config: { severity: error } } }'),
      'tests/generic/not_null.sql': '{{config severity="warn"}}select 1 from {{model}} where {{column_name}} is null',
      'tests/single.sql': 'select 1 from {{ref "m"}}',
      'tests/tests.yml': `data_tests:
  - { name: not_null, description: No value., config: { tags: [mine] } }
  - { name: single, description: Alone., config: { severity: warn, limit: 5 } }`,
    });
    expect(testOf(compiled, 'not_null_m_id')).toMatchObject({
      severity: 'warn',
      description: 'No value.',
      tags: ['mine'],
    });
    expect(testOf(compiled, 'strict')).toMatchObject({ severity: 'error' });
    expect(testOf(compiled, 'single')).toMatchObject({
      severity: 'warn',
      description: 'Alone.',
      verdict: { limit: 5 },
    });
  });

  it.each<[string, string, Readonly<Record<string, string>>, string, string]>([
    ['an argument that is missing', '{ t: {} }', {}, 'models/m.yml:1:58', 't: "divisor" is missing'],
    ['one of another type', '{ t: { divisor: many } }', {}, 'models/m.yml:1:63', 't: "divisor" is a number'],
    ['one that is not declared', '{ t: { divisor: 2, x: 1 } }', {}, 'models/m.yml:1:75', 't has no argument "x"'],
    [
      'a type that there is not',
      '{ t: { divisor: 2 } }',
      { 'tests/generic/t.sql': '{{arguments divisor="int"}}select 1 from {{model}}' },
      'tests/generic/t.sql:1:13',
      '"int" is no type of an argument',
    ],
    [
      'a name that is not there',
      '{ t: { divisor: 2 } }',
      { 'tests/generic/t.sql': '{{arguments divisor="number"}}select 1 from {{modle}}' },
      'tests/generic/t.sql:1:45',
      '{{modle}} is not defined',
    ],
    ['a macro of the name', 'odd', { 'macros/test_odd.sql': 'x' }, 'models/m.yml:1:56', 'there is no test "odd"'],
    ['a package that is not there', 'other.odd', {}, 'models/m.yml:1:56', 'there is no test "other.odd"'],
    [
      'a description of none',
      '{ t: { divisor: 2 } }',
      { 'tests/t.yml': 'data_tests: [{ name: tt }]' },
      'tests/t.yml:1:16',
      'there is no test "tt" to describe',
    ],
  ])('is refused for %s', (_name, request, files, place, what) => {
    const own = { 'tests/generic/t.sql': '{{arguments divisor="number"}}select 1 from {{model}}' };
    expect(whats({ ...model(request), ...own, ...files }).map((one) => one.slice(0, 2))).toEqual([[place, what]]);
  });

  it('names the folder where a test of dbt has to go', () => {
    const block = '{% test odd(model, column_name) %}\nselect 1\n{% endtest %}';
    expect(whats({ ...model('not_null'), 'tests/generic/odd.sql': block })[0]?.[2]).toContain(
      'in a file with the name of the test',
    );
    expect(whats({ ...model('odd'), 'macros/test_odd.sql': 'x' })[0]?.[2]).toBe(
      'Move macros/test_odd.sql to tests/generic/odd.sql.',
    );
  });
});
