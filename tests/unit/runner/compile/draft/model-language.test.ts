import { describe, expect, it } from 'vitest';
import { compileFiles, incrementalOf, modelOf, problemsOf } from '../../projects.ts';

const project = {
  'project.yml': `
name: test
secrets: [PEPPER]
vars: { limit: 5, room: kitchen, flags: { on: true }, rooms: [{ name: a }, { name: b }] }
targets: { dev: {}, prod: { vars: { limit: 50 } } }
models: { +schema: silver }
`,
  'models/sources.yml': 'sources: [{ name: raw, schema: landing, tables: [{ name: events, identifier: event_rows }] }]',
  'seeds/bounds.csv': 'a\n1\n',
};

function sqlOf(template: string, options: Parameters<typeof compileFiles>[1] = {}, files = {}): string {
  return modelOf(compileFiles({ ...project, 'models/m.sql': template, ...files }, options), 'm').fullSql.text;
}

describe('the model language', () => {
  it.each([
    ['ref of a seed', '{{ref "bounds"}}', '"seeds"."bounds"'],
    ['source with its schema and identifier', '{{source "raw" "events"}}', '"landing"."event_rows"'],
    ['this', '{{this}}', '"silver"."m"'],
    ['this inside each', '{{#each (var "rooms")}}{{name}}{{/each}}', 'ab'],
    ['target.name', '{{target.name}}', 'dev'],
    ['var', '{{var "limit"}}', '5'],
    ['var with a default', '{{var "nothing" "7"}}', '7'],
    ['env', '{{env "REGION"}}', 'VS'],
    ['env with a default', '{{env "CANTON" "VD"}}', 'VD'],
    ['flag', '{{#if (flag " Yes")}}a{{/if}}{{#if (flag "OFF")}}b{{/if}}{{#if (flag "1")}}c{{/if}}', 'ac'],
    ['literal', '{{literal (var "room")}} {{literal "l\'eau"}} {{literal 5}}', `'kitchen' 'l''eau' '5'`],
    ['eq', '{{#if (eq (var "room") "kitchen")}}yes{{/if}}{{#if (eq 1 2)}}no{{/if}}', 'yes'],
    [
      'secret as a session setting, never as its value',
      '{{secret "PEPPER"}}',
      `current_setting('datacycle.secret_pepper')`,
    ],
    [
      'raise_compiler_error, which only speaks where it is reached',
      'x{{#if (eq 1 2)}}{{raise_compiler_error "no"}}{{/if}}',
      'x',
    ],
    ['run_started_at', '{{run_started_at}}', 'current_timestamp /* run_started_at */'],
    ['config, which prints nothing', '{{config materialized="table"}}x', 'x'],
  ])('has %s', (_name, template, text) => {
    expect(sqlOf(template, { env: { REGION: 'VS', PEPPER: 'chilli' } })).toBe(text);
  });

  it('takes variables from the project, then the target, then the command line', () => {
    const template = '{{var "limit"}} {{var "room"}}';
    expect(sqlOf(template)).toBe('5 kitchen');
    expect(sqlOf(template, { target: 'prod' })).toBe('50 kitchen');
    expect(sqlOf(template, { target: 'prod', vars: { limit: 1 } })).toBe('1 kitchen');
  });

  it('knows the full and the incremental form of a model', () => {
    const compiled = compileFiles({
      ...project,
      'models/m.sql': `{{config materialized="incremental" unique_key="id"}}
select * from {{source "raw" "events"}}
{{#incremental}}
where load_id > {{high_water "raw.events"}}
{{else}}
where load_id > 0
{{/incremental}}
order by 1`,
    });
    const model = incrementalOf(compiled, 'm');
    const from = 'select * from "landing"."event_rows"\n';
    expect(model.fullSql.text).toBe(`${from}where load_id > 0\norder by 1`);
    expect(model.incrementalSql.text).toBe(`${from}where load_id > 0 /* high_water source.raw.events */\norder by 1`);
    expect(model.highWater).toEqual(['source.raw.events']);
    expect(model.volatile).toBe(false);
  });

  it('knows which models depend on the time of the run, also through ephemeral ones', () => {
    const compiled = compileFiles({
      'models/m.sql': 'select * from {{ref "now"}}',
      'models/now.sql': '{{config materialized="ephemeral"}}select {{run_started_at}} as now',
    });
    expect(modelOf(compiled, 'm').volatile).toBe(true);
  });

  it.each([
    ['{{ref "buonds"}}', 'there is no model or seed "buonds"', 'Did you mean "bounds"?'],
    ['{{ref bounds}}', '{{bounds}} is not defined', undefined],
    ['{{ref "a" "b"}}', 'there is no project "a" here', 'There are no packages: this project is test.'],
    ['{{source "raw"}}', 'source takes 2 names in quotes', 'Write {{source "..." "..."}}.'],
    ['{{source "raw" "evnts"}}', 'there is no source "raw.evnts"', 'Did you mean "raw.events"?'],
    ['{{source "landing_zone" "event"}}', 'there is no source "landing_zone.event"', 'Did you mean "raw.events"?'],
    [
      '{{source "raw_layer" "bounds"}}',
      'there is no source "raw_layer.bounds"',
      'There is a model or seed of that name: write {{ref "bounds"}}.',
    ],
    ['{{var "limt"}}', 'the variable "limt" is not set', 'Did you mean "limit"?'],
    ['{{var "constructor"}}', 'the variable "constructor" is not set', undefined],
    ['{{var 5}}', 'var takes a name', undefined],
    ['{{env "CANTON"}}', 'CANTON is not set in the environment or .env', undefined],
    ['{{env "API_TOKEN"}}', 'API_TOKEN looks like a secret, and compiled SQL is kept in files', undefined],
    ['{{env "DB_URL"}}', 'DB_URL looks like a secret, and compiled SQL is kept in files', undefined],
    ...[
      'SFTP_PASSPHRASE',
      'SFTP_PASSWORD',
      'sftp_passphrase',
      'DB_ADMIN_URL',
      'DBT_ENV_SECRET_X',
      'AWS_SECRET_ACCESS_KEY',
      'MYSQL_PWD',
      'PEPPER',
      'BROKER',
    ].map((name): [string, string, undefined] => [
      `{{env "${name}" "default"}}`,
      `${name} looks like a secret, and compiled SQL is kept in files`,
      undefined,
    ]),
    ['{{secret "PEPER"}}', '"PEPER" is not declared', 'Did you mean "PEPPER"?'],
    ['{{secret "PEPPER"}}', 'the secret PEPPER is not set', undefined],
    ['{{literal (var "flags")}}', 'literal takes one value, not a list or an object', undefined],
    ['{{var "flags"}}', 'a list or an object has no text', undefined],
    ['{{config materialised="table"}}', '"materialised" is not a known setting', 'Did you mean "materialized"?'],
    ['{{config "table"}}', 'config takes name=value', undefined],
    ['{{config materialized="tabel"}}', '"materialized": there is no "tabel"', 'Did you mean "table"?'],
    ['{{config unique_key=5}}', '"unique_key": expected a name or a list of names', undefined],
    ['{{incremental}}', 'incremental is a block', undefined],
    ['{{high_water "raw.events"}}', 'high_water has no value in a full build', undefined],
    ['{{raise_compiler_error "no such rule" hint="Write another."}}', 'no such rule', 'Write another.'],
    [
      '{{#incremental}}{{high_water "raw.evnts"}}{{/incremental}}',
      'there is no model or source "raw.evnts"',
      'Did you mean "raw.events"?',
    ],
  ])('refuses %s: %s', (template, what, hint) => {
    const [problem, ...others] = problemsOf(
      { ...project, 'models/m.sql': `select\n  ${template}` },
      { env: { BROKER: 'mqtt://u:p@h' } },
    );
    expect(others).toEqual([]);
    expect(problem?.what).toBe(what);
    expect(problem?.place).toMatchObject({ file: 'models/m.sql', line: 2 });
    if (hint !== undefined) expect(problem?.hint).toBe(hint);
  });
});

describe('what people bring along', () => {
  it.each([
    ['a dbt call', "select *\nfrom {{ ref('bounds') }}", 2, 6, '{{ref(...)}} is written without brackets here'],
    ['a dbt block', 'select 1\n{% if true %}', 2, 1, 'there is no {% %} here'],
    [
      'a config of dbt',
      "{{ config(materialized='table') }}\nselect 1",
      1,
      1,
      '{{config(...)}} is written without brackets here',
    ],
    [
      'a macro of a package',
      'select {{- dbt_utils.star(1) }}',
      1,
      8,
      '{{dbt_utils.star(...)}} is written without brackets here',
    ],
    ['a snapshot of dbt', '{%- snapshot s %}select 1{% endsnapshot %}', 1, 1, 'there is no {% %} here'],
    ['a flag that is none', 'select {{#if (flag "maybe")}}1{{/if}}', 1, 14, '"maybe" is neither true nor false'],
  ])('%s is answered with its place and what to write', (_name, template, line, column, what) => {
    const [problem] = problemsOf({ ...project, 'models/m.sql': template });
    expect(problem).toMatchObject({ what, place: { file: 'models/m.sql', line, column } });
    expect(problem?.hint).toMatch(/^Write /);
  });
});

it('a hint for what dbt writes is what can be written here', () => {
  const [problem] = problemsOf({ ...project, 'models/m.sql': "{{ config(materialized='table') }}select 1" });
  expect(problem?.hint).toBe('Write {{config materialized="table"}}.');
  expect(sqlOf('{{config materialized="table"}}select 1')).toBe('select 1');
});

describe('what only a run knows', () => {
  it('is recognised by its place, not by how it is written: a text that looks like it stays', () => {
    const lookalike = `'0 /* high_water source.raw.events */' as a, current_timestamp /* run_started_at */ as b`;
    const compiled = compileFiles({
      'models/sources.yml': 'sources: [{ name: raw, tables: [{ name: events }] }]',
      'macros/since.sql': 'load_id > {{mark}}',
      'models/m.sql': `{{config materialized="incremental" unique_key="id"}}
select id, ${lookalike}, {{run_started_at}} as at from {{source "raw" "events"}}
{{#incremental}}where {{> since mark=(high_water "raw.events")}}{{/incremental}}`,
    });
    const { incrementalSql } = incrementalOf(compiled, 'm');
    expect(incrementalSql.holes.map(({ hole }) => hole.kind)).toEqual(['run_started_at', 'high_water']);
    const filled = incrementalSql.fill(({ kind }) => (kind === 'high_water' ? '7' : 'now()'));
    expect(filled.text).toBe(`select id, ${lookalike}, now() as at from "raw"."events"\nwhere load_id > 7`);
    const mark = filled.text.indexOf('7');
    expect(filled.placeAt(mark)).toMatchObject({ file: 'models/m.sql', line: 3 });
    expect(filled.placeAt(mark - 2)).toMatchObject({ file: 'macros/since.sql', line: 1 });
  });
});
