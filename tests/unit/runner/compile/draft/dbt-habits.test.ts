import { describe, expect, it } from 'vitest';
import { formatPlace } from '../../../../../runner/text/place.ts';
import { compileFiles, modelOf, problemsOf } from '../../projects.ts';

const project = {
  'project.yml': 'name: test\nmodels: { +schema: silver }\nvars: { rooms: [bath, office] }',
  'models/a.sql': 'select 1 as id',
};

function sqlOf(template: string, files: Readonly<Record<string, string>> = {}, env = {}): string {
  return modelOf(compileFiles({ ...project, 'models/m.sql': template, ...files }, { env }), 'm').fullSql.text;
}

function lineOf(template: string, files: Readonly<Record<string, string>> = {}): string {
  const problems = problemsOf({ ...project, 'models/m.sql': template, ...files });
  return problems.map(({ what, place, hint }) => `${place && formatPlace(place)} | ${what} | ${hint}`).join('\n');
}

describe('a template knows', () => {
  it.each([
    ['the parts of this', '{{this.schema}} {{this.name}} {{this.identifier}} {{this.database}}', 'silver m m here'],
    [
      'the target',
      '{{target.name}} {{target.schema}} {{target.type}} {{target.dbname}}',
      'default public postgres here',
    ],
    ['the model', '{{model.name}} {{model.unique_id}} {{model.alias}} {{model.path}}', 'm model.m m models/m.sql'],
    ['the project', '{{project_name}} {{ref "test" "a"}}', 'test "silver"."a"'],
    ['the id of the run', "'{{invocation_id}}'", "'00000000-0000-0000-0000-000000000000'"],
    ['a variable that it sets', '{{set x="a"}}{{x}}{{#each (list 1 2)}}{{@index}}{{/each}}', 'a01'],
    ['a list that it sets', '{{set rooms=(list "a" "b")}}{{join rooms}} {{join rooms "|"}}', 'a, b a|b'],
    [
      'conditions',
      '{{#if (and (ne target.name "prod") (in "bath" (var "rooms")) (not (or false (list))))}}x{{/if}}',
      'x',
    ],
    [
      'lists and objects in config',
      '{{config indexes=(list (object columns="id" unique=true))  materialized="table"}}y',
      'y',
    ],
    ['messages', '{{log "compiling"}}{{warn "old"}}{{log "x" info=true}}z', 'z'],
  ])('%s', (_what, template, text) => {
    expect(sqlOf(template, {}, { DB_URL: 'postgres://anna:secret@localhost/here' })).toBe(text);
  });

  it('what a macro returns, or its text', () => {
    const macros = {
      'macros/rooms.sql':
        'ignored {{#if all}}{{return (list "a" (call "last"))}}{{else}}{{return (var "rooms")}}{{/if}}',
      'macros/last.sql': '  z{{this.name}}\n',
      'macros/unless.sql': '{{> rooms all=true}}',
    };
    expect(
      sqlOf('{{#each (call "rooms" all=true) as |one|}}{{one}} {{/each}}{{join (call "rooms" all=false) "+"}}', macros),
    ).toBe('a zm bath+office');
    expect(sqlOf('{{> unless}}', macros)).toBe('ignored');
    expect(lineOf('{{call "room"}}', macros)).toBe(
      'models/m.sql:1:1 | there is no macro "room" | Did you mean "rooms"?',
    );
  });

  it('nothing that a macro sets, and items of a loop before the parts of this', () => {
    const macros = { 'macros/rooms.sql': '{{set x="inside"}}{{x}} {{this.name}}' };
    expect(sqlOf('{{set x="outside"}}{{> rooms y=1}} {{x}}'.replace(' y=1', ''), macros)).toBe('inside m outside');
    expect(sqlOf('{{#each (list (object name="item"))}}{{this.name}}{{/each}}')).toBe('item');
    expect(lineOf('{{#each (list (object name="item"))}}{{set name="x"}}{{/each}}')).toContain(
      'nothing can be set inside of #each or #with',
    );
  });
});

describe('what dbt users type is answered by how it is written here', () => {
  it.each([
    ["{{ ref('a') }}", '{{ref "a"}}'],
    ["{{ ref('test', 'a') }}", '{{ref "test" "a"}}'],
    ["{{ ref('a', v=2) }}", '{{ref "a" v=2}}'],
    ['{{ source("raw", "events") }}', '{{source "raw" "events"}}'],
    ["{{ var('x', 'y') }}", '{{var "x" "y"}}'],
    ["{{- env_var('X', 'it''s') -}}", '{{env "NAME"}} or {{env "NAME" "default"}}'],
    ["{{ env_var('X') }}", '{{env "X"}}'],
    [
      "{{ config(materialized='table', tags=['a', 'b'], indexes=[{'columns': ['id'], 'unique': True}],) }}",
      '{{config materialized="table" tags=(list "a" "b") indexes=(list (object columns=(list "id") unique=true))}}',
    ],
    [
      "{{ config(unique_key=['a'], meta={'owner': none}) }}",
      '{{config unique_key=(list "a") meta=(object owner=null)}}',
    ],
    ["{{ exceptions.raise_compiler_error('no') }}", '{{raise_compiler_error "no"}}'],
    ["{{ log('x', info=true) }}", '{{log "x" info=true}}'],
    ["{{ print('x') }}", '{{log "x" info=true}}'],
    ["{{ cents(column='a') }}", '{{> cents argument="..."}}'],
    ["{{ dbt_utils.star(ref('a')) }}", 'copied there: there are no packages'],
    ["{{ run_query('select 1') }}", 'Compiling needs no database'],
    ['{{ x | upper }}', 'Do it in SQL'],
    ['{# a comment #}', '{{!-- a comment --}}'],
    ['{% if is_incremental() %}', '{{#incremental}} ... {{/incremental}}'],
    ["{% if target.name == 'prod' and not var('x') %}", '{{#if (and (eq target.name "prod") (not (var "x")))}}'],
    ["{%- elif x in ['a', 'b'] -%}", '{{else if (in x (list "a" "b"))}}'],
    ["{% if x not in ['a'] and y is none %}", '{{#if (and (not (in x (list "a"))) (not y))}}'],
    ["{% if a or b or rows['c'] %}", '{{#if (or a b rows.c)}}'],
    ['{% do return([1]) %}', '{{return (list 1)}}'],
    ['{% else %}', '{{else}}'],
    ['{% endif %}', '{{/if}}'],
    ["{% for room in var('rooms') %}", '{{#each (var "rooms") as |room|}} ... {{/each}}'],
    ["{% set rooms = ['a', 1, true] %}", '{{set rooms=(list "a" 1 true)}}'],
    ['{% set long %}', 'a macro'],
    ['{% macro cents(x) %}', 'a file of its own in macros/'],
    ["{% do log('x', info=True) %}", '{{log "x" info=true}}'],
    ['{% snapshot s %}', '{{config materialized="snapshot"}}'],
    ['{% raw %}', '\\{{'],
  ])('%s', (typed, answer) => {
    const line = lineOf(`select 1\n  ${typed}`);
    expect(line).toMatch(/^models\/m\.sql:2:3 \| /);
    expect(line).toContain(answer);
  });

  it.each([
    ['{{env_var "X"}}', 'Write {{env "NAME"}}'],
    ['{{#is_incremental}}x{{/is_incremental}}', 'Write {{#incremental}}'],
    ['{{#for (list 1)}}x{{/for}}', 'Write {{#each list as |one|}}'],
    ['{{print "x"}}', 'Write {{log "..." info=true}}'],
    ['{{#if target.name == "prod"}}x{{/if}}', 'Write {{#if (eq target.name "prod")}}; there are eq'],
    ['{{#if a}}{{else if a and b}}x{{/if}}', 'Write {{else if (and a b)}}'],
    ["{{ 'a_' ~ room }}", 'Write the values side by side: a_{{room}}'],
    ['{{ 2 * factor }}', 'Compute it in SQL'],
    ["{{ rooms[0] }}{{ rooms['a'] }}", 'Write {{lookup rooms 0}}'],
    ['{{ref "test", "a"}}', 'Write {{ref "test" "a"}}'],
    ["{{ config(meta={'a': {'b': 1}}) }}", 'Write {{config meta=(object a=(object b=1))}}'],
    ['{{elif x}}', 'Write {{else if ...}}'],
    ['{{endfor}}', 'Write {{/each}}'],
  ])('also half-way: %s', (typed, answer) => {
    expect(lineOf(`select 1 ${typed}`)).toContain(answer);
  });

  it('not where it is no Jinja', () => {
    expect(sqlOf('{{set a-b=1}}{{a-b}} {{join (list "a" "b") ", "}}')).toBe('1 a, b');
    const sql = `select '{"a": {"b": 1}}'::jsonb, e'{', '{%}' -- {{!-- {{ ref('a') }} --}}`;
    expect(lineOf('select {{literal "f(x) | {# x"}} as a')).toBe('');
    expect(sqlOf(sql.replace("'{%}'", "'{'"))).toContain('"b": 1}}');
  });
});

describe('versions of a model', () => {
  const files = {
    'models/dim_v1.sql': 'select 1 as old',
    'models/dim_new.sql': 'select 2 as new',
    'models/dim.yml': `models:
  - name: dim
    description: Rooms.
    latest_version: 2
    config: { tags: [core] }
    versions:
      - { v: 1, config: { materialized: table } }
      - { v: 2, defined_in: dim_new, description: Rooms anew. }
    columns: [{ name: old, data_tests: [not_null] }]`,
  };

  it('are models of their own; a reference without a version means the latest', () => {
    expect(sqlOf('{{ref "dim"}} {{ref "dim" v=1}} {{ref "dim" version="2"}} {{ref "dim_v1"}}', files)).toBe(
      '"silver"."dim_new" "silver"."dim_v1" "silver"."dim_new" "silver"."dim_v1"',
    );
    const compiled = compileFiles({ ...project, ...files });
    expect(modelOf(compiled, 'dim_v1')).toMatchObject({ materialized: 'table', tags: ['core'], description: 'Rooms.' });
    expect(modelOf(compiled, 'dim_new')).toMatchObject({ materialized: 'view', description: 'Rooms anew.' });
    expect([...compiled.manifest.nodes.keys()].filter((id) => id.startsWith('test.'))).toEqual([
      'test.not_null_dim_new_old',
      'test.not_null_dim_v1_old',
    ]);
  });

  it.each([
    ['{{ref "dim" v=3}}', 'there is no version 3 of "dim" | Its versions are 1, 2.'],
    ['{{ref "a" v=1}}', '"a" has no versions | Take v=... out, or declare versions in its .yml.'],
    ['{{ref "a" w=1}}', 'ref has no setting "w" | Did you mean "v"?'],
  ])('are refused where there is none: %s', (template, line) => {
    expect(lineOf(template, files)).toContain(line);
  });
});
