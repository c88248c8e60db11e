import { expect, test } from 'vitest';
import { problemsOf } from '../projects.ts';
import { found, reportOf } from './linted.ts';

const yml = (lines: string) => `version: 2\nmodels:\n  - name: m\n${lines}`;

test('models and seeds without a description', async () => {
  const files = {
    'models/m.sql': 'select 1 as id',
    'models/n.sql': 'select 1 as id',
    'models/m.yml': yml('    description: One row.\n'),
    'seeds/s.csv': 'a\n1\n',
  };
  expect(await found('undocumented-model', files)).toEqual([
    'models/n.sql:1:1 the model n has no description',
    'seeds/s.csv:1:1 the seed s has no description',
  ]);
});

test('columns without a description: declared ones, and those that only the SQL has', async () => {
  const files = {
    'models/m.sql': 'select\n    1 as id,\n    2 as extra,\n    3 as told',
    'models/m.yml': yml('    columns:\n      - name: id\n      - name: told\n        description: What is told\n'),
  };
  expect(await found('undocumented-column', files)).toEqual([
    'models/m.sql:3:5 the column extra of m has no description',
    'models/m.yml:5:15 the column id of m has no description',
  ]);
});

test.each([
  ['nothing', '', ['models/m.sql:1:1 nothing says what identifies a row of m']],
  ['a test', '    columns: [{ name: id, data_tests: [unique] }]\n', []],
  [
    'another test',
    '    columns: [{ name: id, data_tests: [not_null] }]\n',
    ['models/m.sql:1:1 nothing says what identifies a row of m'],
  ],
  ['a unique key', '    config: { materialized: incremental, unique_key: id }\n', []],
  [
    'a primary key',
    '    config: { materialized: table }\n    constraints: [{ type: primary_key, columns: [id] }]\n    columns: [{ name: id }]\n',
    [],
  ],
  ['no relation', '    config: { materialized: ephemeral }\n', []],
])('the key of a model: %s', async (_, lines, expected) => {
  expect(
    await found('model-without-key', {
      'models/m.sql': 'select 1 as id',
      'models/m.yml': yml(`    description: One row.\n${lines}`),
    }),
  ).toEqual(expected);
});

test('macros that no template calls, also those that only such a macro calls', async () => {
  const files = {
    'macros/used.sql': '{{> inner}}',
    'macros/inner.sql': '1',
    'macros/called.sql': '{{return "2"}}',
    'macros/generate_alias_name.sql': 'shown',
    'macros/dead.sql': '{{> under}} {{> inner}}',
    'macros/under.sql': '2',
    'models/m.sql': '{{!-- {{> dead}} --}}select {{> used}} as one, {{call "called"}} as two',
  };
  expect(await found('unused-macro', files)).toEqual([
    'macros/dead.sql:1:1 no template calls the macro dead',
    'macros/under.sql:1:1 no template calls the macro under',
  ]);
});

test('a macro is found by its name, whatever letters and signs are in it', async () => {
  const files = { 'macros/caf\u0065\u0301.sql': '1', 'models/m.sql': 'select {{> caf\u00e9}} as one' };
  expect(await found('unused-macro', files)).toEqual([]);
});

test('variables that no template reads', async () => {
  const files = {
    'project.yml': 'name: test\nvars:\n  used: 1\n  inner: 2\n  idle: 3\n',
    'macros/dead.sql': '{{var "idle"}}',
    'models/m.sql': 'select {{var "used"}} as one, {{literal (var \'inner\')}} as two',
  };
  expect(await found('unused-var', files)).toEqual(['project.yml:5:3 no template reads the variable idle']);
});

test('variables under the name of the project', async () => {
  const files = {
    'project.yml': 'name: test\nvars:\n  test:\n    used: 1\n    idle: 2\n',
    'models/m.sql': 'select {{var "used"}} as one',
  };
  expect(await found('unused-var', files)).toEqual(['project.yml:5:5 no template reads the variable idle']);
});

test('seeds that no model reads; a test is no reader', async () => {
  const files = {
    'seeds/used.csv': 'a\n1\n',
    'seeds/idle.csv': 'a\n1\n',
    'models/m.sql': 'select a from {{ref "used"}}',
    'tests/bad.sql': 'select a from {{ref "idle"}} where a is null',
  };
  expect(await found('unused-seed', files)).toEqual(['seeds/idle.csv:1:1 no model reads the seed idle']);
});

const two = { 'models/a/m.sql': 'select * from public.x', 'models/b/n.sql': 'select * from public.x' };
const off = (lines: string) => ({ ...two, 'project.yml': `name: test\nlint:\n  off:\n${lines}` });

test.each([
  ['everywhere', '    - { rule: direct-table, reason: why }\n', []],
  ['below a path', '    - { rule: direct-table, path: models/a, reason: why }\n', ['models/b/n.sql']],
  ['below several', '    - { rule: direct-table, path: [models/a/, models/b/n.sql], reason: why }\n', []],
  ['for a name', '    - { rule: direct-table, name: n, reason: why }\n', ['models/a/m.sql']],
  [
    'not below a path that begins alike',
    '    - { rule: direct-table, path: models/a/m, reason: why }\n',
    ['models/a/m.sql', 'models/b/n.sql'],
  ],
])('a rule that is switched off %s', async (_, lines, files) => {
  const { findings, needless } = await reportOf(off(lines));
  expect(findings.filter(({ rule }) => rule === 'direct-table').map(({ place }) => place.file)).toEqual(files);
  expect(needless).toEqual(files.length === 2 ? [0] : []);
});

test.each([
  ['    - { rule: direct-table }\n', 'a rule is switched off with a reason'],
  ['    - { rule: direct-table, reason: " " }\n', 'a rule is switched off with a reason'],
  ['    - { rule: direct-tabel, reason: why }\n', 'direct-table'],
  ['    - { rule: direct-table, pathes: x, reason: why }\n', 'path'],
])('an exception that is wrong is a problem: %s', (lines, message) => {
  const [problem] = problemsOf(off(lines));
  expect(`${problem?.what} ${problem?.hint}`).toContain(message);
  expect(problem?.place?.file).toBe('project.yml');
});
