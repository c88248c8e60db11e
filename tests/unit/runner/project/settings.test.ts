import { describe, expect, it } from 'vitest';
import { settingPlace } from '../../../../runner/project/setting-places.ts';
import { formatPlace } from '../../../../runner/text/place.ts';
import { compileFiles, modelOf, problemsOf, seedOf } from '../projects.ts';

const models = {
  'models/silver/a.sql': 'select 1 as one',
  'models/gold/facts/b.sql': 'select 1 as one',
  'seeds/rooms.csv': 'room\na\n',
};

function linesOf(files: Readonly<Record<string, string>>): string[] {
  return problemsOf({ ...models, ...files }).map(({ what, place, hint }) =>
    [place === undefined ? '' : formatPlace(place), what, hint].filter(Boolean).join(' | '),
  );
}

describe('settings of a model', () => {
  it('come, weakest first, from project.yml by folder, the .yml file, and the model itself', () => {
    const compiled = compileFiles({
      'project.yml': `
name: test
models:
  +schema: everywhere
  +tags: [all]
  silver: { +materialized: table, +tags: silver }
  gold:
    +materialized: table
    +tags: [gold]
    +meta: { owner: anna, level: 1 }
    facts: { +materialized: incremental, +unique_key: a, +tags: facts, +meta: { level: 2 } }
`,
      ...models,
      'models/gold/facts/b.sql': '{{config unique_key="c" tags="own"}}select 1 as one',
      'models/gold/facts/b.yml': 'models: [{ name: b, config: { unique_key: b, schema: gold, tags: described } }]',
    });
    expect(modelOf(compiled, 'a')).toMatchObject({
      materialized: 'table',
      relation: { schema: 'everywhere', name: 'a' },
      tags: ['all', 'silver'],
    });
    expect(modelOf(compiled, 'b')).toMatchObject({
      materialized: 'incremental',
      relation: { schema: 'gold', name: 'b' },
      tags: ['all', 'gold', 'facts', 'described', 'own'],
      config: { unique_key: ['c'], meta: { owner: 'anna', level: 2 } },
    });
  });

  it('may be lists or names with commas', () => {
    const { config } = modelOf(
      compileFiles({ 'models/a.sql': '{{config materialized="table" unique_key="x, y" audit_columns="z"}}select 1' }),
      'a',
    );
    expect(config).toMatchObject({ unique_key: ['x', 'y'], audit_columns: ['z'] });
  });

  it('leave out what is not enabled', () => {
    const { manifest } = compileFiles({
      'project.yml': 'name: test\nmodels: { silver: { +enabled: false } }\nseeds: { +enabled: false }',
      ...models,
      'models/silver/a.sql': 'select * from {{ref "deleted_long_ago"}}',
    });
    expect([...manifest.nodes.keys()]).toEqual(['model.b']);
  });

  it('add up where they are hooks, and grants with a plus sign; without one the strongest replaces', () => {
    const { config, settings } = modelOf(
      compileFiles({
        'project.yml': `
name: test
models:
  +pre-hook: select 1
  +grants: { select: [anna, ben], insert: anna }
  gold:
    +pre_hook: [select 2, { sql: select 3, transaction: false }]
    +grants: { +select: [carl, anna], insert: [dora] }
`,
        ...models,
        'models/gold/facts/b.sql': '{{config pre_hook="select 5"}}{{config post_hook="select 6"}}select 1 as one',
        'models/gold/facts/b.yml':
          'models: [{ name: b, config: { pre-hook: select 4, grants: { +select: emma, +insert: fred } } }]',
      }),
      'b',
    );
    expect(config).toMatchObject({
      pre_hook: ['select 1', 'select 2', { sql: 'select 3', transaction: false }, 'select 4', 'select 5'],
      post_hook: ['select 6'],
      grants: { select: ['anna', 'ben', 'carl', 'emma'], insert: ['dora', 'fred'] },
    });
    const placeOf = (key: string, ...inside: (string | number)[]) =>
      formatPlace(settingPlace(settings, key, ...inside) ?? { file: '', line: 0, column: 0 });
    expect([0, 1, 2, 3, 4].map((number) => placeOf('pre_hook', number))).toEqual([
      'project.yml:4:14',
      'project.yml:7:17',
      'project.yml:7:34',
      'models/gold/facts/b.yml:1:41',
      'models/gold/facts/b.sql:1:10',
    ]);
    expect([0, 1, 2, 3].map((number) => placeOf('grants', 'select', number))).toEqual([
      'project.yml:5:23',
      'project.yml:5:29',
      'project.yml:8:26',
      'models/gold/facts/b.yml:1:70',
    ]);
  });

  it('of seeds come by folder too', () => {
    const compiled = compileFiles({
      'project.yml': 'name: test\nseeds: { +schema: lists, +delimiter: ";" }',
      ...models,
    });
    expect(seedOf(compiled, 'rooms')).toMatchObject({ relation: { schema: 'lists' }, config: { delimiter: ';' } });
  });
});

it('a variable that looks like a template is handed on as it is, which a notice says', () => {
  const settings = `name: test\nvars:\n  plain: a\n  limits: [1, '{{env "MOST"}}']\ntargets: { dev: { vars: { name: '{% x %}' } } }`;
  const compiled = compileFiles({ 'project.yml': settings, 'models/a.sql': `select '{{var "plain"}}' as a` });
  expect(compiled.notices.map(({ what, place }) => `${place?.line}: ${what}`)).toEqual([
    '4: the variable limits.1 looks like a template, and variables are not rendered',
    '5: the variable name looks like a template, and variables are not rendered',
  ]);
});

describe('a fault in project.yml is shown with its line', () => {
  it.each([
    ['an unknown key', 'name: test\nvarz: {}', 'project.yml:2:1 | "varz" is not a known key | Did you mean "vars"?'],
    ['a key without its value', 'models: {}', 'project.yml:1:1 | "name": is missing | It is a text.'],
    [
      'an unknown key of a target',
      'name: test\ntargets:\n  prod:\n    thread: 4',
      'project.yml:4:5 | "thread" is not a known key | Did you mean "threads"?',
    ],
    [
      'a wrong type',
      'name: test\ntargets:\n  prod:\n    threads: many',
      'project.yml:4:14 | "targets.prod.threads": is to be a number, not a text',
    ],
    [
      'an unknown setting',
      'name: test\nmodels:\n  silver:\n    +materialised: table',
      'project.yml:4:5 | "+materialised" is not a known setting | Did you mean "+materialized"?',
    ],
    [
      'a setting with a wrong value',
      'name: test\nmodels:\n  silver:\n    +materialized: tabel',
      'project.yml:4:20 | "models.silver.+materialized": there is no "tabel" | Did you mean "table"?',
    ],
    [
      'a misspelt folder',
      'name: test\nmodels:\n  glod: { +schema: gold }',
      'project.yml:3:3 | there is no folder models/glod | Did you mean "gold"?',
    ],
    [
      'a misspelt folder in a folder',
      'name: test\nmodels:\n  gold:\n    fcats: { +schema: gold }',
      'project.yml:4:5 | there is no folder models/gold/fcats | Did you mean "gold/facts"?',
    ],
    [
      'a folder that is no tree',
      'name: test\nmodels:\n  gold: table',
      'project.yml:3:9 | "models.gold" must hold folders and +settings',
    ],
    [
      'broken YAML',
      'name: test\nvars: [1, 2',
      'project.yml:2:12 | this is not valid YAML: Flow sequence in block collection must be sufficiently indented and end with a ]',
    ],
  ])('%s', (_name, text, line) => {
    expect(linesOf({ 'project.yml': text })).toEqual([line]);
  });

  it('and there is no project without one, and no target that it does not name', () => {
    expect(() => compileFiles({ 'project.yml': 'name: test\ntargets: { dev: {} }' }, { target: 'dve' })).toThrow(
      expect.objectContaining({ message: 'there is no target "dve" in project.yml', hint: 'Did you mean "dev"?' }),
    );
  });
});

describe('a fault in a .yml file is shown with its line', () => {
  it.each([
    ['an unknown branch', 'modles: []', 'models/x.yml:1:1 | "modles" is not a known key | Did you mean "models"?'],
    [
      'an unknown key of a model',
      'models:\n  - name: a\n    desciption: x',
      'models/x.yml:3:5 | "desciption" is not a known key | Did you mean "description"?',
    ],
    [
      'an unknown setting',
      'models:\n  - name: a\n    config:\n      uniqe_key: x',
      'models/x.yml:4:7 | "uniqe_key" is not a known key | Did you mean "unique_key"?',
    ],
    [
      'an unknown privilege',
      'models:\n  - name: a\n    config:\n      grants: { selct: x }',
      'models/x.yml:4:17 | "selct" is not a known key | Did you mean "select"?',
    ],
    [
      'an unknown key of a hook',
      'models:\n  - name: a\n    config:\n      pre_hook: { sql: select 1, transction: false }',
      'models/x.yml:4:34 | "transction" is not a known key | Did you mean "transaction"?',
    ],
    [
      'an unknown key of a hook in a list',
      'models:\n  - name: a\n    config:\n      post-hook: [select 1, { sql: select 1, transction: false }]',
      'models/x.yml:4:46 | "transction" is not a known key | Did you mean "transaction"?',
    ],
    [
      'a hook that is no SQL',
      'models:\n  - name: a\n    config:\n      pre_hook: 5',
      'models/x.yml:4:17 | "models.0.config.pre_hook": expected SQL, { sql, transaction }, or a list of them',
    ],
    [
      'a contract of a model that is built nowhere',
      'models:\n  - name: a\n    config: { materialized: ephemeral, contract: { enforced: true } }',
      'models/x.yml:3:50 | models/silver/a.sql: contract has no meaning here | It belongs to views, tables, incremental models, snapshots and seeds.',
    ],
    [
      'an unknown key of a column',
      'models:\n  - name: a\n    columns:\n      - name: one\n        data_typ: int',
      'models/x.yml:5:9 | "data_typ" is not a known key | Did you mean "data_type"?',
    ],
    [
      'an unknown key of a constraint',
      'models:\n  - name: a\n    columns:\n      - name: one\n        constraints:\n          - { type: check, expresion: "one > 0" }',
      'models/x.yml:6:28 | "expresion" is not a known key | Did you mean "expression"?',
    ],
    [
      'an unknown kind of constraint',
      'models:\n  - name: a\n    constraints:\n      - type: uniqe',
      'models/x.yml:4:15 | "models.0.constraints.0.type": there is no "uniqe" | Did you mean "unique"?',
    ],
    [
      'a wrong type',
      'models:\n  - name: a\n    columns:\n      one: int',
      'models/x.yml:4:7 | "models.0.columns": is to be a list, not a mapping of names to values',
    ],
    [
      'a wrong type where two are right',
      'models:\n  - name: a\n    config:\n      unique_key: 5',
      'models/x.yml:4:19 | "models.0.config.unique_key": expected a name or a list of names',
    ],
    [
      'a model described twice',
      'models:\n  - name: a\n  - name: a',
      'models/x.yml:3:5 | "a" is described twice; first in models/x.yml',
    ],
    [
      'a source declared twice',
      'sources:\n  - name: raw\n    tables:\n      - name: e\n      - name: e',
      'models/x.yml:5:9 | source "raw.e" is declared twice',
    ],
    [
      'a duplicated key',
      'models: []\nmodels: []',
      'models/x.yml:2:1 | this is not valid YAML: Map keys must be unique',
    ],
    [
      'an unknown test',
      'models:\n  - name: a\n    columns:\n      - name: one\n        data_tests: [uniqe]',
      'models/x.yml:5:22 | there is no test "uniqe" | Did you mean "unique"?',
    ],
    [
      'a foreign key to nothing',
      "models:\n  - name: a\n    constraints:\n      - { type: foreign_key, columns: [one], to: ref('romms') }",
      'models/x.yml:4:50 | a foreign_key refers to "romms", which is no model or seed | Did you mean "rooms"?',
    ],
    [
      'a check without its expression',
      'models:\n  - name: a\n    constraints:\n      - type: check',
      'models/x.yml:4:9 | a check constraint needs an "expression"',
    ],
    [
      'a constraint without columns',
      'models:\n  - name: a\n    constraints:\n      - type: unique',
      'models/x.yml:4:9 | a unique constraint needs "columns"',
    ],
  ])('%s', (_name, text, line) => {
    expect(linesOf({ 'models/x.yml': text })).toEqual([line]);
  });

  it('every one of several, in every file', () => {
    expect(
      linesOf({
        'models/x.yml': 'models:\n  - name: a\n    desc: x\n    columns:\n      - nam: one',
        'models/y.yml': 'soruces: []',
      }),
    ).toEqual([
      'models/x.yml:5:9 | "models.0.columns.0.name": is missing | It is a text.',
      expect.stringMatching(/^models\/x\.yml:5:9 \| "nam" is not a known key/),
      expect.stringMatching(/^models\/x\.yml:3:5 \| "desc" is not a known key/),
      'models/y.yml:1:1 | "soruces" is not a known key | Did you mean "sources"?',
    ]);
  });
});
