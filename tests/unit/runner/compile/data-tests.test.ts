import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { genericTest } from '../../../../runner/compile/data-test/generic-test.ts';
import { type TestRequest, TestRequestError } from '../../../../runner/compile/data-test/request.ts';
import { normalType } from '../../../../runner/manifest/column-type.ts';
import type { Warehouse } from '../../../../warehouse/warehouse.ts';
import { openEmbedded } from '../../../integration/databases.ts';
import { compileFiles, problemsOf, testOf } from '../projects.ts';

const statements = [
  'create table rooms (room text, floor integer)',
  `insert into rooms values ('kitchen', 0), ('bath', 1), (null, 2)`,
  'create table readings (id integer, room text, kind text)',
  `insert into readings values
    (1, 'kitchen', 'co2'), (2, 'bath', 'noise'), (2, 'bath', 'noise'), (3, 'attic', 'it''s'), (null, null, null)`,
];

function there(name: string) {
  return { sql: `"public"."${name}"`, relation: { schema: 'public', name }, keepsCase: () => false };
}

function requestOn(column: string | undefined, request: TestRequest) {
  return genericTest(request, { id: 'model.readings', name: 'readings', ...there('readings'), column }, (name) => {
    if (name === "ref('rooms')" || name === 'rooms') return { id: 'seed.rooms', name: 'rooms', ...there('rooms') };
    throw new TestRequestError(`there is no model or seed "${name}"`);
  });
}

// The embedded PostgreSQL and not pg-mem, which knows no having and takes NULL for a value in `not in`.
let database: Warehouse;
beforeAll(async () => {
  database = await openEmbedded();
  for (const statement of statements) await database.query(statement);
});
afterAll(() => database.close());

/** What a test finds in the rows above. */
async function badRows(column: string | undefined, request: TestRequest): Promise<readonly unknown[]> {
  return (await database.query(requestOn(column, request).sql.text)).rows;
}

describe('a data test', () => {
  it('not_null finds the rows without a value', async () => {
    expect(await badRows('room', 'not_null')).toEqual([{ id: null, room: null, kind: null }]);
  });

  it('unique finds duplicates, and lets NULL pass', async () => {
    expect(await badRows('id', 'unique')).toMatchObject([{ id: 2 }]);
    expect(await badRows(undefined, { unique: { columns: ['id', 'room'] } })).toMatchObject([{ id: 2, room: 'bath' }]);
    expect(await badRows(undefined, { unique: { columns: ['id', 'kind', 'room'], where: 'id <> 2' } })).toEqual([]);
  });

  it('accepted_values finds every other value, once, and lets NULL pass', async () => {
    expect(await badRows('kind', { accepted_values: { values: ['co2', "it's"] } })).toMatchObject([{ kind: 'noise' }]);
    expect(await badRows('kind', { accepted_values: { values: ['co2', 'noise', "it's"] } })).toEqual([]);
    expect(await badRows('id', { accepted_values: { values: [1, 2], quote: false } })).toMatchObject([{ id: 3 }]);
  });

  it('accepted_values still finds other values when NULL is among the accepted ones', async () => {
    expect(await badRows('kind', { accepted_values: { values: ['co2', "it's", null] } })).toMatchObject([
      { kind: 'noise' },
    ]);
  });

  it('relationships finds what points at nothing, and lets NULL pass', async () => {
    const request = { relationships: { to: "ref('rooms')", field: 'room' } };
    expect(await badRows('room', request)).toMatchObject([{ room: 'attic' }]);
    expect(await badRows('room', { relationships: { ...request.relationships, where: 'id < 3' } })).toEqual([]);
    expect(requestOn('room', request).reads).toEqual(['seed.rooms']);
  });

  it('looks only at the rows of its condition', async () => {
    expect(await badRows('room', { not_null: { where: 'id is not null' } })).toEqual([]);
    expect(await badRows('id', { unique: { config: { where: "room = 'kitchen'" } } })).toEqual([]);
  });

  it('may have its arguments under arguments, its settings under config, and a name of its own', () => {
    const test = requestOn('kind', {
      accepted_values: {
        arguments: { values: ['a'] },
        config: { severity: 'warn' },
        name: 'kinds',
        description: 'Known kinds.',
      },
    });
    expect(test).toMatchObject({ name: 'kinds', config: { severity: 'warn' }, description: 'Known kinds.' });
    expect(test.sql.text).toContain(`"kind" not in ('a')`);
  });

  it('says which constraint would make it needless', () => {
    const readings = { schema: 'public', name: 'readings' };
    expect(requestOn('id', 'not_null').provenBy).toEqual({ type: 'not_null', relation: readings, column: 'id' });
    expect(requestOn('id', 'unique').provenBy).toEqual({ type: 'unique', relation: readings, columns: ['id'] });
    expect(requestOn('room', { relationships: { to: 'rooms', field: 'room' } }).provenBy).toEqual({
      type: 'foreign_key',
      relation: readings,
      columns: ['room'],
      to: { schema: 'public', name: 'rooms' },
      toColumns: ['room'],
    });
    expect(requestOn('kind', { accepted_values: { values: ['a'] } }).provenBy).toBeUndefined();
  });

  it.each<[string, string | undefined, TestRequest, string]>([
    ['a test that does not exist', 'id', 'uniqe', 'there is no test "uniqe"'],
    ['a test named like a part of JavaScript', 'id', 'constructor', 'there is no test "constructor"'],
    ['two tests in one', 'id', { unique: {}, not_null: {} }, 'a test is a name, or one name with its arguments'],
    ['an argument that does not exist', 'id', { unique: { colums: ['id'] } }, 'unique has no argument "colums"'],
    ['no values', 'id', { accepted_values: {} }, 'accepted_values needs "values", a list'],
    ['only NULL as value', 'id', { accepted_values: { values: [null] } }, 'accepted_values needs "values", a list'],
    [
      'no target',
      'id',
      { relationships: { field: 'x' } },
      `relationships: "to" names a model: ref('...') or source('...', '...')`,
    ],
    ['an unknown target', 'id', { relationships: { to: 'x', field: 'x' } }, 'there is no model or seed "x"'],
    ['no column', undefined, 'not_null', 'not_null tests one column'],
    ['no columns', undefined, 'unique', 'unique of a whole model needs "columns"'],
    ['an unknown severity', 'id', { unique: { severity: 'fatal' } }, 'unique: "severity": there is no "fatal"'],
    ['a condition that is no text', 'id', { unique: { where: 5 } }, 'unique: "where": expected a condition in SQL'],
  ])('is refused with %s', (_name, column, request, message) => {
    expect(() => requestOn(column, request)).toThrow(TestRequestError);
    expect(() => requestOn(column, request)).toThrow(message);
  });
});

describe('the data tests of a project', () => {
  it('are named after what they test, numbered where a name is taken, and follow what they read', () => {
    const compiled = compileFiles({
      'models/a.sql': 'select 1 as id',
      'models/a.yml': `
models:
  - name: a
    config: { tags: nightly }
    data_tests: [{ unique: { columns: [id, id2] } }]
    columns:
      - name: id
        data_tests: [unique, { unique: { where: id > 5 } }]
        tests: [{ relationships: { to: ref('rooms'), field: id, severity: warn } }]
sources: [{ name: raw, tables: [{ name: events, columns: [{ name: id, data_tests: [not_null] }] }] }]
`,
      'seeds/rooms.csv': 'id\n1\n',
      'tests/data/bad.sql': '{{config severity="warn" tags="slow"}}\nselect * from {{ref "a"}} where id > 1;',
      'project.yml': 'name: test\ndata_tests: { +tags: all }',
    });
    const tests = [...compiled.manifest.nodes.values()].filter((node) => node.kind === 'test');
    expect(tests.map((test) => [test.name, test.severity, test.tags, test.dependsOn])).toEqual([
      ['unique_a_id_id2', 'error', ['all'], ['model.a']],
      ['unique_a_id', 'error', ['all'], ['model.a']],
      ['unique_a_id_2', 'error', ['all'], ['model.a']],
      ['relationships_a_id__rooms', 'warn', ['all'], ['model.a', 'seed.rooms']],
      ['not_null_raw_events_id', 'error', ['all'], ['source.raw.events']],
      ['bad', 'warn', ['all', 'slow'], ['model.a']],
    ]);
    expect(testOf(compiled, 'bad').sql.text).toBe('select * from "public"."a" where id > 1');
    expect(testOf(compiled, 'unique_a_id_2').place).toEqual({ file: 'models/a.yml', line: 8, column: 30 });
  });

  it('have the settings of data_tests in project.yml, of their folder and column, and then their own', () => {
    const compiled = compileFiles({
      'project.yml': `name: test
data_tests:
  +severity: warn
  +audit: new_rows
  gold: { +severity: error, old: { +enabled: false } }`,
      'models/gold/a.sql': '{{config materialized="table"}}select 1 as id',
      'models/gold/a.yml':
        'models: [{ name: a, columns: [{ name: id, tags: key, data_tests: [unique, { not_null: { config: { severity: warn, tags: [own], audit: false } } }, { accepted_values: { values: [1], enabled: false } }] }] }]',
      'models/gold/old/b.sql': 'select 1 as id',
      'models/gold/old/b.yml':
        'models: [{ name: b, columns: [{ name: id, data_tests: [unique, { not_null: { enabled: true } }] }] }]',
      'seeds/s.csv': 'id\n1\n',
      'seeds/s.yml': 'seeds: [{ name: s, columns: [{ name: id, data_tests: [not_null] }] }]',
      'models/sources.yml':
        'sources: [{ name: raw, tables: [{ name: t, columns: [{ name: id, data_tests: [unique] }] }] }]',
      'tests/data/singular.sql': 'select 1 from {{ref "a"}}',
    });
    const tests = [...compiled.manifest.nodes.values()].filter((node) => node.kind === 'test');
    expect(tests.map((test) => [test.name, test.severity, test.tags.join(), test.audit !== undefined])).toEqual([
      ['not_null_s_id', 'warn', '', true],
      ['unique_a_id', 'error', 'key', false],
      ['not_null_a_id', 'warn', 'key,own', false],
      ['not_null_b_id', 'error', '', true],
      ['unique_raw_t_id', 'warn', '', false],
      ['singular', 'warn', '', true],
    ]);
  });

  it.each([
    [{ 'project.yml': 'name: test\ndata_tests: { +materialized: table }' }, '"+materialized" is not a known setting'],
    [{ 'project.yml': 'name: test\nmodels: { +severity: warn }' }, '"+severity" is not a known setting'],
    [{ 'tests/data/t.sql': '{{config materialized="table"}}select 1' }, 'materialized has no meaning here'],
    [{ 'models/m.sql': '{{config severity="warn"}}select 1 as a' }, 'severity has no meaning here'],
    [
      {
        'models/m.sql': 'select 1',
        'models/m.yml': 'models: [{ name: m, columns: [{ name: a, tests: [{ unique: { enabled: 1 } }] }] }]',
      },
      'unique: "enabled": is to be true or false, not a number',
    ],
  ])('refuse a setting that means nothing: %j', (files, what) => {
    expect(problemsOf(files).map((problem) => problem.what)).toEqual([what]);
  });

  it('names a column in the case that the model takes from another with *, and in lower case where it is nowhere', () => {
    const tests = (model: string, column: string) =>
      `  - { name: ${model}, columns: [{ name: ${column}, data_tests: [not_null] }] }\n`;
    const compiled = compileFiles({
      'seeds/s.csv': 'Id,other\n1,2\n',
      'models/a.sql': 'select 1 as "Code", 2 as Plain',
      'models/b.sql': 'select * from {{ref "a"}}',
      'models/c.sql': 'select b.* from {{ref "b"}} as b',
      'models/d.sql': 'select Code from {{ref "c"}}',
      'models/e.sql': 'select * from {{ref "s"}}',
      'models/all.yml': `models:\n${tests('c', 'Code')}${tests('b', 'Plain')}${tests('d', 'Code')}${tests('e', 'Id')}`,
      'seeds/s.yml': 'seeds: [{ name: s, columns: [{ name: Id }] }]',
    });
    expect(testOf(compiled, 'not_null_c_Code').sql.text).toContain('"Code" is null');
    expect(testOf(compiled, 'not_null_b_plain').sql.text).toContain('"plain" is null');
    expect(testOf(compiled, 'not_null_d_code').sql.text).toContain('"code" is null');
    expect(testOf(compiled, 'not_null_e_Id').sql.text).toContain('"Id" is null');
  });
});

describe('a test of an ephemeral model', () => {
  it('holds the model in its query, and trusts no table that is left from earlier', () => {
    const compiled = compileFiles({
      'models/e.sql': '{{config materialized="ephemeral"}}select 1 as id',
      'models/e.yml':
        "models: [{ name: e, columns: [{ name: id, data_tests: [not_null, { relationships: { to: ref('e'), field: id, where: id > 0 } }] }] }]",
      'tests/data/bad.sql': 'with a as (select * from {{ref "e"}}) select * from a where id > 1',
    });
    const inlined = 'with "ephemeral__e" as (\nselect 1 as id\n)';
    expect(testOf(compiled, 'not_null_e_id')).toMatchObject({ provenBy: undefined });
    expect(testOf(compiled, 'not_null_e_id').sql.text).toBe(
      `${inlined}\nselect *\nfrom "ephemeral__e"\nwhere "id" is null`,
    );
    expect(testOf(compiled, 'relationships_e_id__e').sql.text).toContain(`${inlined}\nselect child.*`);
    expect(testOf(compiled, 'bad').sql.text).toBe(
      `${inlined}, a as (select * from "ephemeral__e") select * from a where id > 1`,
    );
  });
});

describe('the name of a type', () => {
  it('is the one that PostgreSQL prints', async () => {
    const written = [
      ...['int', 'int2', 'int4', 'int8', 'bool', 'float', 'float4', 'float8', 'decimal', 'decimal(10, 2)', 'text'],
      ...['varchar', 'varchar(10)', 'char', 'char(3)', 'bit', 'bit(3)', 'varbit', 'varbit(3)', 'jsonb', 'uuid'],
      ...['timestamp', 'timestamptz', 'timestamp(3)', 'timestamptz(3)', 'timestamp (3) with time zone', 'time'],
      ...['timetz', 'time(0)', 'date', 'interval', 'interval(3)', 'int[]', 'text[3]', 'varchar(5)[]', 'timestamptz[]'],
      ...[
        'float(24)',
        'float(25)',
        'decimal(5)',
        'numeric( 5 )[]',
        'int array',
        'int array [3]',
        'int[3]',
        'float(3)[]',
      ],
      ...['double precision', 'character varying ( 5 )', 'numeric[][]', 'inet', 'int4range'],
    ];
    await database.query(`create table t (${written.map((type, index) => `c${index} ${type}`).join(', ')})`);
    const { rows: printed } = await database.query<{ type: string }>(
      `select format_type(atttypid, atttypmod) as type from pg_attribute where attrelid = 't'::regclass and attnum > 0 order by attnum`,
    );
    expect(written.map(normalType)).toEqual(printed.map((row) => row.type));
  });
});
