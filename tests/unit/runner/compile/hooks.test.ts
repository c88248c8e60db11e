import { describe, expect, it } from 'vitest';
import { formatPlace } from '../../../../runner/text/place.ts';
import { compileFiles, modelOf, problemsOf, seedOf } from '../projects.ts';

const models = {
  'models/a.sql': '{{config materialized="table"}}select 1 as one',
  'models/b.sql': 'select one from {{ref "a"}}',
  'models/e.sql': '{{config materialized="ephemeral"}}select 1 as one',
  'models/sources.yml': 'sources: [{ name: raw, tables: [{ name: log }] }]',
  'seeds/s.csv': 'id\n1\n',
};

/** The hook of `a` in a .yml of its own, in a block whose lines begin at column 11 of line 6. */
function inBlock(sql: string): Readonly<Record<string, string>> {
  const lines = sql.split('\n').map((line) => `          ${line}\n`);
  return {
    'models/a.yml': `models:\n  - name: a\n    config:\n      post_hook:\n        - |\n${lines.join('')}`,
  };
}

function linesOf(files: Readonly<Record<string, string>>): string[] {
  return problemsOf({ ...models, ...files }).map(({ what, place, hint }) =>
    [place === undefined ? '' : formatPlace(place), what, hint].filter(Boolean).join(' | '),
  );
}

describe('a hook', () => {
  it('is a template like a model, and every character knows where it stands', () => {
    const compiled = compileFiles({
      ...models,
      'project.yml': 'name: test\nvars: { who: anna }\nmodels: { +pre_hook: select 1 }\n',
      'macros/note.sql': 'insert into log\nselect {{what}}',
      ...inBlock(`{{> note what="'a', oops"}}\nfrom {{this}} as "{{var "who"}}"\nwhere {{target.name}} = wrong;`),
    });
    const { hooks = [] } = modelOf(compiled, 'a');
    expect(hooks.map(({ name, when, inTransaction }) => [name, when, inTransaction])).toEqual([
      ['pre_hook', 'pre', true],
      ['post_hook', 'post', true],
    ]);
    const sql = hooks[1]?.full;
    expect(sql?.text).toBe(`insert into log\nselect 'a', oops\nfrom "public"."a" as "anna"\nwhere default = wrong`);
    const placeOf = (text: string) => {
      const place = sql?.placeAt(sql.text.indexOf(text));
      return place && formatPlace(place);
    };
    expect(placeOf('select')).toBe('macros/note.sql:2:1');
    expect(placeOf('oops')).toBe('models/a.yml:6:31');
    expect(placeOf('from')).toBe('models/a.yml:7:11');
    expect(placeOf('"public"')).toBe('models/a.yml:7:16');
    expect(placeOf('wrong')).toBe('models/a.yml:8:35');
    expect(hooks[0]?.place).toEqual({ file: 'project.yml', line: 3, column: 22 });
  });

  it('is no part of the checksum', () => {
    const checksum = (files: Readonly<Record<string, string>>) =>
      modelOf(compileFiles({ ...models, ...files }), 'a').checksum;
    expect(checksum(inBlock('select 2'))).toBe(checksum({}));
  });

  it('waits for what it names, unless that is made of the model', () => {
    const compiled = compileFiles({
      ...models,
      'models/c.sql': 'select 1 as one',
      'models/d.sql': 'select 1 as one',
      'models/m.yml': `models:
  - { name: a, config: { post_hook: 'insert into {{source "raw" "log"}} select from {{ref "b"}}, {{ref "a"}}, {{ref "s"}}' } }
  - { name: c, config: { post_hook: 'select from {{ref "d"}}' } }
  - { name: d, config: { post_hook: 'select from {{ref "c"}}' } }
`,
      'seeds/s.yml': `seeds: [{ name: s, config: { pre_hook: 'select from {{ref "c"}}' } }]`,
    });
    expect(modelOf(compiled, 'a')).toMatchObject({ dependsOn: ['source.raw.log', 'seed.s'], reads: [] });
    // Two whose hooks name each other: the one that is declared first waits.
    expect([modelOf(compiled, 'c').dependsOn, modelOf(compiled, 'd').dependsOn]).toEqual([['model.d'], []]);
    expect(seedOf(compiled, 's').dependsOn).toEqual(['model.c']);
  });

  it.each([
    'set local work_mem = 1',
    'set constraints all deferred',
    'create index a_one on {{this}} (one)',
    'create index if not exists a_one on {{this}} (one)',
  ])('may say: %s', (sql) => {
    expect(linesOf(inBlock(sql))).toEqual([]);
  });

  it.each([
    [
      'an unknown model',
      inBlock('select 1\nfrom {{ref "aa"}}'),
      'models/a.yml:7:16 | post_hook: there is no model or seed "aa" | Did you mean "a"?',
    ],
    [
      'an ephemeral model',
      inBlock('select 1 from {{ref "e"}}'),
      'models/a.yml:6:25 | post_hook: the model "e" is ephemeral: there is nothing in the database that could be named | Materialize it as a view.',
    ],
    [
      'a second statement',
      inBlock('select 1;\nselect 2'),
      'models/a.yml:6:19 | a hook is one statement; something follows its semicolon | Put the second statement into a hook of its own.',
    ],
    ['an open bracket', inBlock('select (1'), 'models/a.yml:6:18 | this ( is not closed | Its ) is missing.'],
    [
      'the end of the transaction',
      inBlock('\ncommit'),
      'models/a.yml:7:11 | post_hook: commit would end the transaction that it is in | The rows and the record of the run commit together. Take it out, or set transaction: false.',
    ],
    [
      'a setting that outlives the model',
      inBlock("set timezone = 'UTC'"),
      'models/a.yml:6:11 | post_hook: set would change the connection for whatever runs on it next | Write `set local`: it ends with the transaction of the model.',
    ],
    [
      'a setting outside of a transaction',
      { 'project.yml': 'name: test\non-run-start: Reset All\n' },
      'project.yml:2:15 | on-run-start: Reset would change the connection for whatever runs on it next | Put it under `settings` of the target in project.yml; for one model, write `set local` in a hook that is not transaction: false.',
    ],
    [
      'an index more at each run',
      inBlock('create unique index on {{this}} (one)'),
      'models/a.yml:6:11 | post_hook: an index without a name would be made once more by every run | Declare it under indexes, or name it: create index if not exists ... on ...',
    ],
    [
      'a mark',
      inBlock('select {{high_water "raw.log"}}'),
      'models/a.yml:6:18 | post_hook: {{high_water}} cannot be used in a hook | What is new is for the model to tell; {{#incremental}} says which form is built.',
    ],
    [
      'a form before it is decided',
      {
        'models/a.yml':
          'models: [{ name: a, config: { pre_hook: { sql: "{{#incremental}}select 1{{/incremental}}", transaction: false } } }]',
      },
      'models/a.yml:1:49 | pre_hook: {{#incremental}} cannot be used in a hook | Before the transaction it is not known which form is built. Leave transaction: false out.',
    ],
    ['broken braces', inBlock('select {{ref "b"'), expect.stringMatching(/^models\/a\.yml:6:\d+ \| post_hook: /)],
    [
      'an unknown model, in project.yml',
      { 'project.yml': 'name: test\nseeds:\n  +post-hook: select from {{ref "aa"}}\n' },
      'project.yml:3:27 | post_hook: there is no model or seed "aa" | Did you mean "a"?',
    ],
    [
      'an unknown model, in the model itself',
      { 'models/a.sql': `{{config\n    post_hook='select from {{ref "aa"}}'}}select 1 as one` },
      'models/a.sql:2:5 | post_hook: there is no model or seed "aa" | Did you mean "a"?',
    ],
    [
      'an unknown variable at the end of a run',
      { 'project.yml': 'name: test\non-run-end:\n  - select 1\n  - select {{var "x"}}\n' },
      'project.yml:4:12 | on-run-end 2 of 2: the variable "x" is not set | Set it under vars in project.yml or with --vars.',
    ],
    [
      'a hook of a model that is built nowhere',
      { 'models/e.yml': 'models: [{ name: e, config: { pre_hook: select 1 } }]' },
      'models/e.yml:1:41 | models/e.sql: pre_hook has no meaning here | It belongs to views, tables, incremental models, snapshots and seeds.',
    ],
  ])('is refused where it is wrong: %s', (_name, files, line) => {
    expect(linesOf(files)).toEqual([line]);
  });
});
