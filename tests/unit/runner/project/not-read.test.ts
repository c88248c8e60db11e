import { describe, expect, it } from 'vitest';
import { compileFiles, problemsOf, testOf } from '../projects.ts';

describe('files that dbt reads', () => {
  it.each([
    ['selectors.yaml', /Call it selectors.yml/],
    ['packages.yml', /no packages/],
    ['dependencies.yml', /no packages/],
    ['dbt_project.yml', /project\.yml/],
    ['models/a.py', /select statement/],
    ['snapshots/a.SQL', /small letters/],
    ['models/A.SQL', /small letters/],
    ['seeds/A.CSV', /small letters/],
    ['models/a.YML', /small letters/],
    ['macros/a.YML', /small letters/],
    ['analyses/a.Yaml', /small letters/],
    ['tests/data/A.Sql', /small letters/],
  ])('are not passed over in silence: %s', (path, hint) => {
    const problems = problemsOf({ [path]: 'x' });
    expect(problems).toEqual([{ what: `${path} is not read`, hint: expect.stringMatching(hint) }]);
  });

  it('are named once for each kind', () => {
    const files = {
      'models/a.PY': '',
      'models/a.py': '',
      'models/b.py': '',
      'models/more/c.py': '',
      'seeds/A.CSV': '',
    };
    expect(problemsOf(files).map(({ what }) => what)).toEqual([
      'models/a.py and 2 more like it are not read',
      'seeds/A.CSV is not read',
    ]);
  });

  it('are read as tests anywhere in tests/, or where test-paths says', () => {
    const files = {
      'project.yml': 'name: test\ndata_tests: { old: { +severity: warn } }',
      'tests/a.sql': 'select 1',
      'tests/old/b.sql': 'select 1',
      'tests/data/old/c.sql': 'select 1',
    };
    const compiled = compileFiles(files);
    const severities = (names: readonly string[]) => names.map((name) => testOf(compiled, name).severity);
    expect(severities(['a', 'b', 'c'])).toEqual(['error', 'warn', 'warn']);
    const some = compileFiles({ ...files, 'project.yml': 'name: test\ntest-paths: [tests/old/]' });
    expect([...some.manifest.nodes.keys()]).toEqual(['test.b']);
    expect(problemsOf({ 'project.yml': 'name: test\ntest-paths: [test]' })).toMatchObject([
      { what: 'there is no folder test', place: { line: 2, column: 14 } },
    ]);
  });

  it('hold no templates but those that are rendered: hooks, vars and meta may have others', () => {
    const hooks = `post_hook: 'analyze {{this}}', pre-hook: ['select {{literal 1}}'], meta: { note: '{{x}}' }`;
    const files = {
      'project.yml':
        "name: test\nvars: { a: '{{x}}' }\non-run-start: ['select {{literal 1}}']\nmodels: { +post_hook: 'select {{literal 2}}' }",
      'models/a.sql': '{{config materialized="table"}}select 1 as id',
      'models/a.yml': `models: [{ name: a, config: { ${hooks} } }]`,
    };
    expect(problemsOf(files)).toEqual([]);
  });
});
