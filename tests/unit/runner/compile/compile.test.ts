import { describe, expect, it } from 'vitest';
import { formatProblem, ProjectError } from '../../../../runner/text/errors.ts';
import { compileFiles, incrementalOf, modelOf, problemsOf, seedOf } from '../projects.ts';

function whatIsWrong(files: Readonly<Record<string, string>>): string[] {
  return problemsOf(files).map((problem) => problem.what);
}

describe('compiling a project', () => {
  it('orders the nodes so that everything comes after what it reads or points at, whatever the files are called', () => {
    const { manifest } = compileFiles({
      'models/a.sql': 'select * from {{ref "z"}} cross join {{ref "rooms"}}',
      'models/z.sql': '{{config materialized="table"}}select 1 as id from {{source "raw" "events"}}',
      'models/z.yml':
        "models: [{ name: z, columns: [{ name: id, data_tests: [unique], constraints: [{ type: foreign_key, to: ref('m'), to_columns: id }] }] }]\nsources: [{ name: raw, tables: [{ name: events }] }]",
      'models/m.sql': '{{config materialized="table" unique_key="id"}}select 1 as id',
      'seeds/rooms.csv': 'a\n1\n',
    });
    expect(manifest.order).toEqual([
      'model.m',
      'seed.rooms',
      'source.raw.events',
      'model.z',
      'model.a',
      'test.unique_z_id',
    ]);
    expect(manifest.nodes.get('model.z')).toMatchObject({
      dependsOn: ['source.raw.events', 'model.m'],
      reads: ['source.raw.events'],
    });
  });

  it('gives a model another checksum when its SQL or its key changes, and only then', () => {
    const checksum = (sql: string, yml = '') =>
      modelOf(compileFiles({ 'models/a.sql': sql, 'models/b.sql': 'select 2', 'models/a.yml': yml }), 'a').checksum;
    const table = '{{config materialized="table"}}select 1 as id';
    expect(checksum(table)).toBe(checksum(table, 'models: [{ name: a, description: x, config: { tags: [t] } }]'));
    expect(checksum(table)).not.toBe(checksum(`${table}, 2 as two`));
    expect(checksum(table)).not.toBe(checksum(table, 'models: [{ name: a, config: { unique_key: id } }]'));
    expect(checksum('select * from {{ref "b"}}')).not.toBe(
      modelOf(
        compileFiles({
          'models/a.sql': 'select * from {{ref "b"}}',
          'models/b.sql': '{{config materialized="ephemeral"}}select 3',
        }),
        'a',
      ).checksum,
    );
  });

  it('compares names in one form of Unicode, as a Mac may write those of files in another', () => {
    const [composed, decomposed] = ['K\u00fcche', 'Ku\u0308che'];
    const { manifest } = compileFiles({
      [`models/${decomposed}.sql`]: '{{config materialized="table"}}select 1 as id',
      'models/a.sql': `select * from {{ref "${composed}"}} join {{ref "${decomposed}"}} using (id)`,
      'models/a.yml': `models: [{ name: ${decomposed}, description: x, columns: [{ name: id, data_tests: [unique] }] }]`,
    });
    expect(manifest.order).toEqual([`model.${composed}`, 'model.a', `test.unique_${composed}_id`]);
    expect(manifest.nodes.get(`model.${composed}`)).toMatchObject({ description: 'x' });
  });

  it('lets a seed point at itself', () => {
    const seed = seedOf(
      compileFiles({
        'seeds/rooms.csv': 'id,parent\n1,\n',
        'seeds/rooms.yml':
          "seeds: [{ name: rooms, constraints: [{ type: foreign_key, columns: parent, to: ref('rooms'), to_columns: id }] }]",
      }),
      'rooms',
    );
    expect(seed.dependsOn).toEqual([]);
  });

  it('takes a model whose name holds a dot', () => {
    const compiled = compileFiles({
      'models/v1.events.sql': 'select 1 as load_id',
      'models/m.sql':
        '{{config materialized="incremental" unique_key="a"}}select * from {{ref "v1.events"}}{{#incremental}} where load_id > {{high_water "v1.events"}}{{/incremental}}',
    });
    expect(incrementalOf(compiled, 'm').highWater).toEqual(['model.v1.events']);
  });

  it('takes the semicolon from the end of a model', () => {
    expect(modelOf(compileFiles({ 'models/a.sql': '\n  select 1;\n' }), 'a').fullSql.text).toBe('select 1');
  });
});

describe('a project cannot be compiled with', () => {
  it('a reference to nothing', () => {
    const [problem] = problemsOf({ 'models/a.sql': 'select *\nfrom {{ref "rom"}}', 'seeds/room.csv': 'a\n' });
    expect(problem === undefined ? '' : formatProblem(problem, () => 'select *\nfrom {{ref "rom"}}')).toBe(
      [
        'models/a.sql:2:6: there is no model or seed "rom"',
        '  2 | from {{ref "rom"}}',
        '    |      ^',
        '  Did you mean "room"?',
      ].join('\n'),
    );
  });

  it('a reference to a disabled model', () => {
    expect(
      problemsOf({ 'models/a.sql': 'select * from {{ref "b"}}', 'models/b.sql': '{{config enabled=false}}select 1' }),
    ).toEqual([expect.objectContaining({ what: 'the model "b" is disabled' })]);
  });

  it('models that refer to each other, naming the files', () => {
    const [problem] = problemsOf({
      'models/x/a.sql': 'select * from {{ref "b"}}',
      'models/b.sql': 'select * from {{ref "c"}}',
      'models/c.sql': 'select * from {{ref "a"}}',
    });
    expect(problem?.what).toMatch(/^these models refer to each other: (\w -> ){3}\w\n/);
    for (const line of ['  a: models/x/a.sql', '  b: models/b.sql', '  c: models/c.sql'])
      expect(problem?.what).toContain(line);
  });

  it('a model that refers to itself', () => {
    expect(whatIsWrong({ 'models/a.sql': 'select * from {{ref "a"}}' })).toEqual([
      'these models refer to each other: a -> a\n  a: models/a.sql',
    ]);
  });

  it('foreign keys that make a circle', () => {
    const table = '{{config materialized="table" unique_key="id"}}select 1 as id';
    const key = (name: string, to: string) =>
      `{ name: ${name}, constraints: [{ type: foreign_key, columns: id, to: ref('${to}') }] }`;
    expect(
      whatIsWrong({
        'models/a.sql': table,
        'models/b.sql': table,
        'models/k.yml': `models: [${key('a', 'b')}, ${key('b', 'a')}]`,
      }),
    ).toEqual([expect.stringMatching(/^these depend on each other: /)]);
  });

  it('a name that is taken twice', () => {
    expect(
      whatIsWrong({
        'models/x/rooms.sql': 'select 1',
        'models/y/rooms.sql': 'select 1',
        'seeds/rooms.csv': 'a\n',
        'tests/data/rooms.sql': 'select 1 where false',
        'macros/x/m.sql': '1',
        'macros/y/m.sql': '2',
      }),
    ).toEqual([
      'the macro "m" is defined twice: macros/x/m.sql and macros/y/m.sql',
      'the name "rooms" is taken twice: seeds/rooms.csv and models/x/rooms.sql',
      'the name "rooms" is taken twice: seeds/rooms.csv and models/y/rooms.sql',
      'the name "rooms" is taken twice: seeds/rooms.csv and the test tests/data/rooms.sql',
    ]);
  });

  it('a list in a template', () => {
    expect(whatIsWrong({ 'models/a.sql': '{{config tags=["x", "y"]}}select 1 as id' })).toEqual([
      'a list is not written in square brackets: ["x", "y"]',
    ]);
  });

  it('two models that would be the same relation', () => {
    expect(
      whatIsWrong({
        'models/a.sql': '{{config alias="c"}}select 1',
        'models/b.sql': '{{config alias="c"}}select 1',
        'models/c.sql': '{{config materialized="ephemeral"}}select 1',
      }),
    ).toEqual(['models/a.sql and models/b.sql would both be "public"."c"']);
  });

  it.each([
    [
      'an incremental block in a view',
      'select 1 {{#incremental}}where true{{/incremental}}',
      10,
      'it has an {{#incremental}} block, but is materialized as view',
    ],
    [
      'a merge without a key',
      '{{config materialized="incremental"}}select 1',
      10,
      'incremental_strategy "merge" needs a unique_key',
    ],
    [
      'a delete+insert without a key',
      '{{config materialized="incremental" incremental_strategy="delete+insert"}}select 1',
      37,
      'incremental_strategy "delete+insert" needs a unique_key',
    ],
    [
      'a surrogate key without a natural one',
      '{{config materialized="table" surrogate_key="k"}}select 1',
      31,
      'surrogate_key needs a unique_key',
    ],
    [
      'a surrogate key of a view',
      '{{config unique_key="a" surrogate_key="k"}}select 1 as a',
      25,
      'a view cannot have a surrogate_key',
    ],
  ])('%s', (_name, sql, column, what) => {
    const place = { file: 'models/a.sql', line: 1, column };
    expect(problemsOf({ 'models/a.sql': sql })).toMatchObject([{ what, place }]);
  });

  it('an empty model', () => {
    expect(whatIsWrong({ 'models/a.sql': '{{config materialized="table"}}\n' })).toEqual(['models/a.sql is empty']);
  });

  it('settings that make no sense for a seed', () => {
    expect(
      whatIsWrong({ 'seeds/a.csv': 'a\n', 'seeds/a.yml': 'seeds: [{ name: a, config: { materialized: view } }]' }),
    ).toEqual(['seeds/a.csv: a seed has no materialized']);
  });

  it('a name that PostgreSQL would cut off', () => {
    const long = 'x'.repeat(64);
    const tooLong = expect.stringContaining(`the name "${long}" has 64 bytes`);
    expect(whatIsWrong({ [`models/${long}.sql`]: 'select 1' })).toEqual([tooLong]);
    expect(whatIsWrong({ 'models/a.sql': `{{config alias="${long}"}}select 1` })).toEqual([tooLong]);
    expect(whatIsWrong({ 'models/a.sql': `{{config schema="${long}"}}select 1` })).toEqual([tooLong]);
    expect(
      whatIsWrong({
        'models/a.sql': `{{config materialized="table" unique_key="a" surrogate_key="${long}"}}select 1 as a`,
      }),
    ).toEqual([tooLong]);
    const described = (text: string) =>
      whatIsWrong({ 'models/a.sql': 'select 1', 'models/a.yml': `models: [{ name: a, ${text} }]` });
    expect(described(`columns: [{ name: ${long} }]`)).toEqual([tooLong]);
    expect(described(`constraints: [{ type: check, expression: "true", name: ${long} }]`)).toEqual([tooLong]);
    expect(whatIsWrong({ [`models/${'ü'.repeat(32)}.sql`]: 'select 1' })).toEqual([
      expect.stringContaining('has 64 bytes'),
    ]);
  });

  it('anything wrong, and says all of it at once', () => {
    const failing = () =>
      compileFiles({
        'project.yml': 'name: test\nmodels: { glod: { +schema: gold } }',
        'macros/bad.sql': '{{vaule',
        'models/gold/two_faults.sql': 'select {{var "limt"}}\nfrom {{ref "nothing"}}',
        'models/gold/no_key.sql': '{{config materialized="incremental"}}select 1 as one',
        'models/gold/on_broken.sql': 'select * from {{ref "two_faults"}} join {{ref "no_key"}} using (one)',
        'models/gold/loop.sql': 'select * from {{ref "loop"}}',
        'models/gold/gold.yml': `
models:
  - name: two_faults
    columns: [{ name: one, data_tests: [uniqe] }]
  - name: on_broken
    columns: [{ name: one, data_tests: [{ relationships: { to: ref('two_faults'), field: one } }] }]
`,
        'tests/data/t.sql': 'select * from {{ref "no_ky"}}',
      });
    expect(failing).toThrow(ProjectError);
    let problems: readonly string[] = [];
    try {
      failing();
    } catch (error) {
      if (error instanceof ProjectError) problems = error.problems.map((problem) => problem.what);
    }
    expect([...problems].sort()).toEqual(
      [
        'the template cannot be read: something between {{ and }} does not belong there, or the }} is missing',
        'there is no folder models/glod',
        'the variable "limt" is not set',
        'there is no model or seed "nothing"',
        'incremental_strategy "merge" needs a unique_key',
        'these models refer to each other: loop -> loop\n  loop: models/gold/loop.sql',
        'there is no test "uniqe"',
        'there is no model or seed "no_ky"',
      ].sort(),
    );
  });

  it('a broken .yml file, without complaints about its content', () => {
    expect(
      whatIsWrong({
        'models/sources.yml': 'sources:\n  - name: raw\n    table: [{ name: events }]',
        'models/a.yml': 'models:\n  - name: a\n    confg: { unique_key: id }',
        'models/a.sql': '{{config materialized="incremental"}}select * from {{source "raw" "events"}}',
      }),
    ).toEqual(['"confg" is not a known key', '"sources.0.tables": is missing', '"table" is not a known key']);
  });
});
