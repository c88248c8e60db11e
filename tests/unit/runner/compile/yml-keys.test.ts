import { describe, expect, it } from 'vitest';
import { declaredTypes } from '../../../../runner/manifest/column-type.ts';
import { formatProblem } from '../../../../runner/text/errors.ts';
import { compileFiles, modelOf, problemsOf, seedOf } from '../projects.ts';

type Files = Readonly<Record<string, string>>;

const files = {
  'models/a.sql': 'select 1 as id, 2 as b_id',
  'models/b.sql': '{{config materialized="table"}}select 1 as id',
  'models/b.yml': 'models: [{ name: b, constraints: [{ type: primary_key, columns: [id] }] }]',
};

function linesOf(more: Files): string[] {
  return problemsOf({ ...files, ...more }).map((one) => formatProblem(one).replace(/\n {2}/g, ' | '));
}

describe('a source', () => {
  const yml = `sources:
  - name: raw
    description: Landed as it is.
    loader: sftp
    loaded_at_field: landed_at
    freshness: { warn_after: { count: 12, period: hour }, filter: id > 0 }
    tags: landed
    meta: { owner: anna, level: 1 }
    tables:
      - { name: events, tags: [daily], meta: { level: 2 }, freshness: null, config: { event_time: at, loaded_at_field: at } }
      - { name: rooms, identifier: room_rows, description: One a room. }
      - { name: old, config: { enabled: false } }`;

  it('has the settings of its tables, each of which may say otherwise', () => {
    const { nodes } = compileFiles({ ...files, 'models/s.yml': yml }).manifest;
    expect(nodes.get('source.raw.events')).toMatchObject({
      sourceDescription: 'Landed as it is.',
      loader: 'sftp',
      loadedAtField: 'at',
      eventTime: 'at',
      tags: ['landed', 'daily'],
      meta: { owner: 'anna', level: 2 },
    });
    expect(nodes.get('source.raw.events')).toMatchObject({ freshness: undefined });
    expect(nodes.get('source.raw.rooms')).toMatchObject({
      description: 'One a room.',
      loadedAtField: 'landed_at',
      freshness: { warn_after: { count: 12, period: 'hour' }, filter: 'id > 0' },
      relation: { schema: 'raw', name: 'room_rows' },
    });
    expect(nodes.has('source.raw.old')).toBe(false);
  });

  it.each([
    [
      '{{source "raw" "old"}}',
      yml,
      'models/m.sql:1:1: the source "raw.old" is disabled | Set enabled: true for it, or take the reference out.',
    ],
    [
      '1',
      yml.replace('period: hour', 'period: week'),
      'models/s.yml:6:51: "sources.0.freshness.warn_after.period": there is no "week" | Known here: day, hour, minute.',
    ],
  ])('is refused at its place: %s', (sql, text, line) => {
    expect(linesOf({ 'models/s.yml': text, 'models/m.sql': sql })).toEqual([line]);
  });
});

describe('a constraint', () => {
  const yml = (constraint: string) =>
    `models: [{ name: a, config: { materialized: table }, columns: [{ name: b_id, constraints: [${constraint}] }] }]`;

  it.each([
    ["{ type: foreign_key, to: ref('b'), to_columns: [id] }"],
    ['{ type: foreign_key, expression: "public.b (id)", warn_unenforced: true }'],
    ['{ type: foreign_key, expression: "references b (id)" }'],
  ])('is a foreign key as dbt users write it: %s', (constraint) => {
    const { constraints } = modelOf(compileFiles({ ...files, 'models/a.yml': yml(constraint) }), 'a');
    expect(constraints).toMatchObject([{ type: 'foreign_key', toId: 'model.b', columns: ['b_id'], toColumns: ['id'] }]);
  });

  it.each([
    [
      '{ type: custom, expression: x }',
      'there are no custom constraints | A condition is type: check; anything else is a post_hook.',
    ],
    [
      '{ type: unique, expression: x }',
      'a unique constraint has no expression | Take it out; an index with include, where or expressions is declared under indexes.',
    ],
    [
      '{ type: foreign_key, expression: "c (id)" }',
      'a foreign_key refers to "c", which is no model or seed | Did you mean "a"?',
    ],
  ])('is refused where PostgreSQL has none: %s', (constraint, line) => {
    expect(linesOf({ 'models/a.yml': yml(constraint) })).toEqual([expect.stringContaining(line)]);
  });
});

describe('a reference in a .yml', () => {
  const versions = {
    'models/dim_v1.sql': '{{config materialized="table"}}select 1 as id',
    'models/dim_v2.sql': '{{config materialized="table"}}select 1 as id',
    'models/dim.yml':
      'models: [{ name: dim, constraints: [{ type: unique, columns: [id] }], versions: [{ v: 1 }, { v: 2 }] }]',
  };
  const exposure = (reference: string) => ({
    ...versions,
    'models/e.yml': `exposures: [{ name: e, type: ml, owner: { name: A }, depends_on: [${JSON.stringify(reference)}] }]`,
  });

  it.each([
    ["ref('b')", 'model.b'],
    ["ref('t', 'b')", 'model.b'],
    ["ref('dim')", 'model.dim_v2'],
    ["ref('dim', v=1)", 'model.dim_v1'],
    ['ref("dim", version="1")', 'model.dim_v1'],
  ])('may name the project and a version: %s', (reference, id) => {
    const { manifest } = compileFiles({ 'project.yml': 'name: t', ...files, ...exposure(reference) });
    expect(manifest.nodes.get('exposure.e')?.dependsOn).toEqual([id]);
  });

  it('is refused for a version that there is not, and means the latest in a foreign key', () => {
    expect(linesOf(exposure("ref('dim', v=3)"))).toEqual([
      expect.stringContaining('there is no model or seed "dim v3"'),
    ]);
    const yml = `models: [{ name: a, config: { materialized: table }, columns: [{ name: b_id, constraints: [{ type: foreign_key, to: ref('dim'), to_columns: [id] }] }] }]`;
    expect(modelOf(compileFiles({ ...files, ...versions, 'models/a.yml': yml }), 'a').constraints).toMatchObject([
      { toId: 'model.dim_v2' },
    ]);
  });
});

describe('settings', () => {
  it('of a snapshot are known by their older names, and a date may stand for "until now"', () => {
    const node = modelOf(
      compileFiles({
        ...files,
        'project.yml': 'name: t\ntargets: { dev: { schema: dev } }',
        'models/s.sql': `{{config materialized="snapshot" unique_key="id" strategy="check" check_cols="all" invalidate_hard_deletes=true target_schema="kept" dbt_valid_to_current="to_date('9999-12-31')"}}select * from {{ref "a"}}`,
      }),
      's',
    );
    expect(node).toMatchObject({
      relation: { schema: 'kept', name: 's' },
      snapshot: { hardDeletes: 'invalidate', validToCurrent: '9999-12-31 00:00:00+00' },
    });
  });

  it.each([
    [
      '{{config materialized="snapshot" unique_key="id" strategy="check" check_cols="all" dbt_valid_to_current="now()"}}select 1',
      'dbt_valid_to_current: "now()" is no date',
    ],
    [
      `{{config materialized="snapshot" unique_key="id || '-' || b" strategy="check" check_cols="all"}}select 1`,
      `unique_key names columns, and "id || '-' || b" is an expression`,
    ],
  ])('are refused where they make no sense: %s', (sql, what) => {
    expect(problemsOf({ ...files, 'models/m.sql': sql }).map((one) => one.what)).toEqual([what]);
  });

  it('of a model may begin it with SQL, and name what means nothing here', () => {
    const compiled = compileFiles({
      ...files,
      'models/m.sql':
        '{{config materialized="table" unlogged=true sql_header="set local work_mem = \'1MB\'"}}select 1 as id',
    });
    expect(modelOf(compiled, 'm').hooks).toMatchObject([{ name: 'sql_header', when: 'pre', inTransaction: true }]);
    expect(compiled.notices.map((one) => formatProblem(one))).toEqual([
      'models/m.sql:1:31: "unlogged" is not used: a crash of the server would empty the table, and what is recorded of it would say that it is built',
    ]);
  });

  it('of a seed may have types by the names of other databases', () => {
    const compiled = compileFiles({
      'seeds/s.csv': 'a,b\n1,2\n',
      'seeds/s.yml': 'seeds: [{ name: s, config: { column_types: { a: string, b: int64 } } }]',
    });
    expect([...declaredTypes(seedOf(compiled, 's'))]).toEqual([
      ['a', 'text'],
      ['b', 'bigint'],
    ]);
  });
});
