import { describe, expect, it } from 'vitest';
import { rowSecurityOf } from '../../../../../runner/manifest/manifest.ts';
import { formatProblem } from '../../../../../runner/text/errors.ts';
import { compileFiles, modelOf, problemsOf } from '../../projects.ts';

const columns = (...names: string[]) =>
  `columns: [${names.map((name) => `{ name: ${name}, data_type: ${name === 'principal' ? 'text' : 'int'} }`).join(', ')}]`;
const table = '{{config materialized="table" schema="gold"}}select 1 as home';
const own = 'config: { row_security: { column: home, access: who } }';
const access = {
  'models/who.sql': '{{config materialized="table" schema="access"}}select 1',
  'models/who.yml': `models: [{ name: who, ${columns('principal', 'home')} }]`,
};
const guarded = { 'models/t.sql': table, 'models/t.yml': `models:\n  - name: t\n    ${own}\n    ${columns('home')}\n` };

describe('row security', () => {
  it('set for a folder counts for the tables there that declare the column', () => {
    const compiled = compileFiles({
      ...access,
      'project.yml':
        'name: test\nmodels: { gold: { +schema: gold, +materialized: table, +row_security: { column: home, access: who } } }',
      'models/gold/with.sql': 'select 1',
      'models/gold/without.sql': 'select 1',
      'models/gold/view.sql': '{{config materialized="view"}}select 1',
      'models/gold/out.sql': 'select 1',
      'models/gold/all.yml': `models:
  - { name: with, ${columns('home')} }
  - { name: without, config: { row_security: false }, ${columns('room')} }
  - { name: view, ${columns('home')} }
  - { name: out, config: { row_security: false }, ${columns('home')} }
`,
    });
    expect(rowSecurityOf(modelOf(compiled, 'with'))).toEqual({
      column: 'home',
      type: 'integer',
      name: 'who',
      access: { schema: 'access', name: 'who' },
    });
    for (const name of ['without', 'view', 'out', 'who'])
      expect(rowSecurityOf(modelOf(compiled, name))).toBeUndefined();
    // Nothing waits for the access model: it is itself made of what is protected.
    expect(modelOf(compiled, 'with').dependsOn).toEqual([]);
  });

  const cases: readonly (readonly [string, Readonly<Record<string, string>>, string, string])[] = [
    [
      'a column that is not declared',
      { ...access, ...guarded, 'models/t.yml': `models:\n  - name: t\n    ${own}\n    ${columns('hime')}\n` },
      'models/t.yml:3:39: t declares no column "home" for its row_security',
      'Did you mean "hime"',
    ],
    [
      'a view',
      { ...access, ...guarded, 'models/t.sql': 'select 1 as home' },
      'models/t.yml:3:29: t is a view, and row_security is for tables',
      'A view shows everybody just the rows that the tables behind it do',
    ],
    [
      'a seed',
      {
        ...access,
        'seeds/s.csv': 'home\n1\n',
        'seeds/s.yml': `seeds:\n  - name: s\n    ${own}\n    ${columns('home')}\n`,
      },
      'seeds/s.yml:3:29: s is a seed, and row_security is for tables',
      'Take it out',
    ],
    [
      'an access model that is not there',
      guarded,
      'models/t.yml:3:53: row_security names the access model "who", which is not there',
      '',
    ],
    [
      'an access model that is a view',
      { ...access, ...guarded, 'models/who.sql': '{{config schema="access"}}select 1' },
      'models/t.yml:3:53: the access model "who" of row_security is no table',
      'materialized="table"',
    ],
    [
      'an access model without principals',
      { ...access, ...guarded, 'models/who.yml': `models: [{ name: who, ${columns('home')} }]` },
      'the access model "who" of row_security declares no column "principal" of type text',
      'the name of a role or login',
    ],
    [
      'an access model without the column',
      { ...access, ...guarded, 'models/who.yml': `models: [{ name: who, ${columns('principal')} }]` },
      'the access model "who" of row_security declares no column "home" with its data_type',
      'has to declare principal',
    ],
    [
      'a column of another type',
      {
        ...access,
        ...guarded,
        'models/t.yml': `models:\n  - name: t\n    ${own}\n    columns: [{ name: home, data_type: bigint }]\n`,
      },
      '"home" is integer in the access model "who" of row_security, but bigint in t',
      'Declare the same data_type',
    ],
    [
      'an access model in the same schema',
      { ...access, ...guarded, 'models/who.sql': '{{config materialized="table" schema="gold"}}select 1' },
      'the access model "who" of row_security is in the schema gold together with t',
      'Give it a schema of its own',
    ],
    [
      'an access model that is protected itself',
      {
        ...access,
        ...guarded,
        'models/who.yml': `models: [{ name: who, config: { row_security: { column: home, access: other } }, ${columns('principal', 'home')} }]`,
        'models/other.sql': '{{config materialized="table" schema="others"}}select 1',
        'models/other.yml': `models: [{ name: other, ${columns('principal', 'home')} }]`,
      },
      'the access model "who" of row_security has row security itself',
      'row_security: false',
    ],
    [
      'a table beside guarded ones that does not say that its rows are for all',
      {
        ...access,
        ...guarded,
        'models/u.sql': table,
        'models/u.yml': `models:\n  - { name: u, ${columns('room')} }\n`,
      },
      'models/u.yml:2:5: u would be whole for everybody who reads gold, where rows are guarded by home',
      'row_security: false',
    ],
    [
      'a seed beside guarded tables that does not say so',
      {
        ...access,
        ...guarded,
        'seeds/s.csv': 'home\n1\n',
        'seeds/s.yml': 'seeds: [{ name: s, config: { schema: gold } }]',
      },
      'seeds/s.yml:1:9: s would be whole for everybody who reads gold',
      'row_security: false',
    ],
  ];

  it.each(cases)('is refused with %s', (_name, files, what, hint) => {
    const problems = problemsOf(files).map((problem) => formatProblem(problem));
    expect(problems).toEqual([expect.stringContaining(what)]);
    expect(problems[0]).toContain(hint);
  });

  it('that is wrong for a folder is reported once, at its line', () => {
    const problems = problemsOf({
      'project.yml':
        'name: test\nmodels:\n  gold:\n    +materialized: table\n    +row_security: { column: home, access: nobody }\n    deep: {}\n',
      'models/gold/a.sql': 'select 1',
      'models/gold/deep/b.sql': 'select 1',
      'models/gold/all.yml': `models: [{ name: a, ${columns('home')} }, { name: b, ${columns('home')} }]`,
    });
    expect(problems.map((problem) => formatProblem(problem))).toEqual([
      expect.stringContaining('project.yml:5:44: row_security names the access model "nobody", which is not there'),
    ]);
  });
});
