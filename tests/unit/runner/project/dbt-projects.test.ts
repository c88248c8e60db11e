import { describe, expect, it } from 'vitest';
import { formatProblem, type Problem } from '../../../../runner/text/errors.ts';
import { compileFiles, modelOf, problemsOf, seedOf, testOf } from '../projects.ts';

type Files = Readonly<Record<string, string>>;

const models = {
  'models/staging/a.sql': 'select 1 as id',
  'models/marts/b.sql': 'select * from {{ref "a"}}',
  'seeds/rooms.csv': 'room\na\n',
};

function lines(problems: readonly Problem[]): string[] {
  return problems.map((one) => formatProblem(one).replace(/\n {2}/g, ' | '));
}

function problemLines(files: Files, options: Parameters<typeof problemsOf>[1] = {}): string[] {
  return lines(problemsOf({ ...models, ...files }, options));
}

function noticesOf(files: Files): string[] {
  return lines(compileFiles({ ...models, ...files }).notices);
}

describe('project.yml as dbt users have it', () => {
  it('has the project as a level, settings without a plus sign, and files as the last level', () => {
    const compiled = compileFiles({
      'project.yml': `
name: shop
models:
  +tags: all
  staging: { materialized: table }
  shop:
    +schema: own
    marts: { materialized: table, b: { +materialized: view, alias: bee } }
seeds: { shop: { rooms: { schema: lists } } }
tests: { shop: { +severity: warn } }
`,
      ...models,
      'tests/t.sql': 'select 1',
    });
    expect(modelOf(compiled, 'a')).toMatchObject({ materialized: 'table', tags: ['all'], relation: { schema: 'own' } });
    expect(modelOf(compiled, 'b')).toMatchObject({ materialized: 'view', relation: { schema: 'own', name: 'bee' } });
    expect(seedOf(compiled, 'rooms').relation.schema).toBe('lists');
    expect(testOf(compiled, 't').severity).toBe('warn');
  });

  it('adds up what is set for a folder beside the project and in it, level by level', () => {
    const compiled = compileFiles({
      'project.yml': `
name: shop
models:
  marts:
    +tags: beside
    b: { +meta: { b: beside } }
    c: { +meta: { c: beside } }
  shop:
    marts:
      +tags: inside
      b: { +tags: b }
      c: { +tags: c }
      d: { +tags: d }
`,
      ...models,
      'models/marts/c.sql': 'select 1 as id',
      'models/marts/d.sql': 'select 1 as id',
    });
    expect(modelOf(compiled, 'b')).toMatchObject({
      tags: ['inside', 'beside', 'b'],
      config: { meta: { b: 'beside' } },
    });
    expect(modelOf(compiled, 'c')).toMatchObject({
      tags: ['inside', 'beside', 'c'],
      config: { meta: { c: 'beside' } },
    });
    expect(modelOf(compiled, 'd').tags).toEqual(['inside', 'beside', 'd']);
  });

  it('has variables by project, and folders of other names', () => {
    const compiled = compileFiles({
      'project.yml': `
name: shop
model-paths: [transform, more/]
seed-paths: [lists]
macro_paths: [pieces]
test-paths: [checks]
snapshot-paths: [history]
analysis-paths: [questions]
vars: { days: 3, shop: { days: 7 } }
models: { marts: { +schema: marts } }
`,
      'transform/marts/m.sql': 'select {{> seven}} as n',
      'more/other.sql': 'select 1 as id',
      'more/other.yml': 'models: [{ name: other, description: x }]',
      'pieces/seven.sql': '{{var "days"}}',
      'lists/l.csv': 'a\n1\n',
      'checks/t.sql': 'select 1',
      'history/s.sql': '{{config strategy="check" check_cols="all" unique_key="id"}}select * from {{ref "other"}}',
      'questions/q.sql': 'select * from {{ref "m"}}',
    });
    expect([...compiled.manifest.nodes.keys()].sort()).toEqual([
      'analysis.q',
      'model.m',
      'model.other',
      'model.s',
      'seed.l',
      'test.t',
    ]);
    expect(modelOf(compiled, 'm')).toMatchObject({ fullSql: { text: 'select 7 as n' }, relation: { schema: 'marts' } });
    expect(modelOf(compiled, 'other').description).toBe('x');
    expect(modelOf(compiled, 's').materialized).toBe('snapshot');
    expect(compiled.manifest.nodes.get('analysis.q')).toMatchObject({
      sql: { text: 'select * from "marts"."m"' },
      dependsOn: ['model.m'],
    });
    expect(problemLines({ 'project.yml': 'name: shop\nmodel-paths: [transfrom]' })).toEqual([
      'project.yml:2:15: there is no folder transfrom',
    ]);
  });

  it('has keys that mean nothing here; each is named once, with what there is instead', () => {
    const files = {
      'project.yml':
        'name: shop\nprofile: shop\nconfig-version: 2\nmodels:\n  +database: other\n  marts: { +snowflake_warehouse: big }\nquoting: { identifier: true }',
      'models/b.yml':
        'models: [{ name: b, deprecation_date: 2027-01-01, config: { on_configuration_change: apply }, columns: [{ name: id, constraints: [{ type: not_null, warn_unsupported: false }] }] }]',
      'models/c.yml': 'models: [{ name: bb, description: x }]',
      'models/empty.sql': ' \n',
    };
    expect(noticesOf(files)).toEqual([
      'project.yml:2:1: "profile" is not used: targets are in project.yml, and the address of the database in DB_URL',
      'project.yml:3:1: "config-version" is not used: there is one version',
      'project.yml:7:1: "quoting" is not used: names are always quoted',
      'models/b.yml:1:61: "on_configuration_change" is not used: a changed materialized view or index is always applied',
      'models/b.yml:1:149: "warn_unsupported" is not used: PostgreSQL supports all constraints',
      'models/b.yml:1:21: "deprecation_date" is not used: nothing is made of it; say it in the description',
      'project.yml:5:3: "+database" is not used: a project has one database, that of DB_URL',
      'project.yml:6:12: "+snowflake_warehouse" is not used: PostgreSQL has nothing like it',
      'models/empty.sql:1:1: models/empty.sql is empty, and is passed over',
      'models/c.yml:1:18: there is no model "bb" to describe | Did you mean "b"?',
    ]);
    expect(noticesOf({ 'project.yml': 'name: shop\nmodels: { dbt_utils: { +enabled: true } }' })).toEqual([
      'project.yml:2:11: there is no folder models/dbt_utils | It sets nothing.',
    ]);
    expect(noticesOf({ 'models/staging/a.sql': '{{warn "old"}}select 1{{log "built" info=true}}{{log "x"}}' })).toEqual(
      ['models/staging/a.sql:1:1: old', 'models/staging/a.sql:1:23: built'],
    );
  });

  it('is called dbt_project.yml there', () => {
    expect(() => compileFiles({ 'project.yml': 'name: shop', 'dbt_project.yml': 'name: shop' })).toThrow(
      'dbt_project.yml is not read',
    );
  });
});

describe('values of a .yml', () => {
  const options = { env: { SCHEMA: 'lab', ON: 'true', N: '5', DB_URL: 'x' }, vars: { given: [1] }, target: 'dev' };
  const project = `name: shop
target: dev
targets: { dev: { threads: '{{env "N"}}', vars: { kind: table } } }
models:
  +schema: 'dc_{{env "SCHEMA"}}_{{target.name}}'
  +enabled: '{{env "ON"}}'`;

  it('are templates of env, var and target; one that stands alone keeps its type', () => {
    const compiled = compileFiles(
      {
        'project.yml': project,
        ...models,
        'models/b.yml': `models: [{ name: b, config: { materialized: '{{var "kind"}}', meta: { as: '{{is}}' }, tags: ['{{target.name}}', '{{env "NO" "none"}}'] } }]`,
        'models/sources.yml': `sources: [{ name: raw, schema: '{{target.schema}}_raw', tables: [{ name: t }] }]`,
      },
      options,
    );
    expect(compiled.project.target).toMatchObject({ name: 'dev', threads: 5 });
    expect(modelOf(compiled, 'b')).toMatchObject({
      materialized: 'table',
      relation: { schema: 'dc_lab_dev' },
      tags: ['dev', 'none'],
      config: { meta: { as: '{{is}}' } },
    });
    expect(compiled.manifest.nodes.get('source.raw.t')).toMatchObject({ relation: { schema: 'public_raw' } });
  });

  it('may be conditions, and need quotes', () => {
    const enabled = (value: string) =>
      compileFiles(
        { ...models, 'models/b.yml': `models: [{ name: b, config: { enabled: '${value}' } }]`, 'project.yml': project },
        options,
      ).manifest.nodes.has('model.b');
    expect(
      ['{{eq target.name "dev"}}', '{{and (in target.name "a" "dev") (not (eq (var "kind") "view"))}}'].map(enabled),
    ).toEqual([true, true]);
    expect(['{{ne target.name "dev"}}', '{{or false (eq (env "N") "5")}}'].map(enabled)).toEqual([false, false]);
    // A value of YAML often has double quotes itself.
    expect([`{{eq (env ''N'') 5}}`, `{{eq target.name ''prod''}}`].map(enabled)).toEqual([true, false]);
    for (const value of ['{{var "kind"}}', '{{target.name}}_x', '{% if x %}1{% endif %}'])
      expect(problemLines({ 'models/b.yml': `models:\n  - name: b\n    config:\n      alias: ${value}\n` })).toEqual([
        'models/b.yml:4:14: a value that begins with {{ or {% needs quotes around it',
      ]);
  });

  it('of descriptions name docs blocks of .md files', () => {
    const files = {
      'models/docs.md':
        'Text {{x}}.\n{% docs room %}\nA room\nof a flat.\n{% enddocs %}\n{{#docs "level"}}Floor.{{/docs}}',
      'models/b.yml': `models: [{ name: b, description: '{{doc "room"}} {{doc "level"}}' }]`,
    };
    expect(modelOf(compileFiles({ ...models, ...files }), 'b').description).toBe('A room\nof a flat. Floor.');
    expect(problemLines({ ...files, 'models/more.md': '{% docs room %}x{% enddocs %}' })).toEqual([
      'models/more.md:1:1: there are two docs blocks "room" | Rename one of them.',
    ]);
  });

  it.each([
    [`{{ env_var('SCHEMA') }}`, '{{env_var(\'SCHEMA\')}} means nothing here | Write {{env "SCHEMA"}}.'],
    [`{{ doc('x') }}`, '{{doc(\'x\')}} means nothing here | Write {{doc "x"}}.'],
    ['{{doc "rom"}}', 'there is no docs block "rom"'],
    [
      '{{env "NOPE"}}',
      'NOPE is not set in the environment or .env | Set it, or give a default: {{env "NAME" "default"}}.',
    ],
    [
      '{{env "DB_URL"}}',
      'DB_URL looks like a secret, and settings are kept in files | Use it through {{secret}} in SQL alone.',
    ],
    ['{{var "gven"}}', 'the variable "gven" is not set | Did you mean "given"?'],
    ['x{{var "given"}}', '{{var "given"}} is no text | Put it alone, or name a part of it.'],
    ['{{target.nam}}', 'a target has no "nam" | Did you mean "name"?'],
    [`{{ target.name == 'dev' }}`, `{{target.name == 'dev'}} means nothing here | Write {{eq target.name "dev"}}.`],
    [
      '{{eq target.name}} {{var}}',
      '{{var}} means nothing here | Values know {{env "X" "default"}}, {{var "x"}}, {{target.name}}, {{eq a b}} and the like, and descriptions {{doc "x"}}.',
    ],
    ['{% if true %}', 'there is no {% %} here | A value is text with {{env}}, {{var}}, {{target.name}} in it.'],
  ])('are refused at their place: %s', (value, line) => {
    const yml = `models: [{ name: b, description: ${JSON.stringify(value)} }]`;
    expect(problemLines({ 'project.yml': project, 'models/b.yml': yml }, options)).toEqual([
      `models/b.yml:1:34: ${line}`,
    ]);
  });
});

describe('a snapshot in a .yml', () => {
  const yml = (relation: string) =>
    `snapshots: [{ name: rooms_history, relation: ${relation}, description: x, config: { schema: history, unique_key: room, strategy: check, check_cols: all } }]`;

  it('is one of a relation as it is', () => {
    const compiled = compileFiles({
      ...models,
      'project.yml': 'name: shop\nsnapshots: { shop: { +tags: kept, rooms_history: { +meta: { a: 1 } } } }',
      'snapshots/s.yml': yml("ref('rooms')"),
    });
    expect(modelOf(compiled, 'rooms_history')).toMatchObject({
      materialized: 'snapshot',
      description: 'x',
      file: 'snapshots/s.yml',
      relation: { schema: 'history' },
      fullSql: { text: 'select * from "seeds"."rooms"' },
      tags: ['kept'],
      config: { meta: { a: 1 } },
    });
  });

  it.each([
    ['rooms', "snapshots/s.yml:1:46: \"rooms\" names nothing | Write ref('model') or source('source', 'table')."],
    ["ref('roms')", 'snapshots/s.yml:1:15: there is no model or seed "roms" | Did you mean "rooms"?'],
  ])('is refused where there is none: %s', (relation, line) => {
    expect(problemLines({ 'snapshots/s.yml': yml(relation) })).toEqual([line]);
  });
});
