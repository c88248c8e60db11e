import { describe, expect, it } from 'vitest';
import { compileFiles, modelOf, problemsOf } from '../../projects.ts';

const guard = 'row_security: { column: room, access: who }';
const room = 'columns: [{ name: room, data_type: text }]';
const base = {
  'models/sources.yml': 'sources: [{ name: raw, tables: [{ name: events }] }]',
  'models/who.sql': '{{config materialized="table" schema="access"}}select 1',
  'models/who.yml':
    'models: [{ name: who, columns: [{ name: principal, data_type: text }, { name: room, data_type: text }] }]',
  'models/guarded.sql': '{{config materialized="table" schema="gold"}}select 1',
  'models/guarded.yml': `models: [{ name: guarded, config: { ${guard} }, ${room} }]`,
  'models/shown.sql': 'select * from {{ref "guarded"}}',
};

/** What is wrong with `m`, a materialized view, as `line: message`. */
function problems(yml: string, config = 'unique_key: room', sql = 'select 1', more: Record<string, string> = {}) {
  return problemsOf({
    ...base,
    'models/m.sql': sql,
    'models/m.yml': `models:\n  - name: m\n    config: { materialized: materialized_view, ${config} }\n    ${yml}\n`,
    ...more,
  }).map(({ what, place }) => `${place?.file}:${place?.line} ${what}`);
}

describe('a materialized view', () => {
  it('may have what its unique index gives, tests, and indexes', () => {
    expect(
      problems(
        'constraints: [{ type: unique, columns: [b, a] }]\n    columns: [{ name: a, data_tests: [not_null] }, { name: b }]',
        'unique_key: [a, b], indexes: [{ columns: a }], event_time: a',
      ),
    ).toEqual([]);
    const node = modelOf(
      compileFiles({ 'models/m.sql': '{{config materialized="materialized_view" unique_key="a"}}select 1 as a' }),
      'm',
    );
    expect(node).toMatchObject({ materialized: 'materialized_view' });
  });

  it.each<[string, ...Parameters<typeof problems>]>([
    ['models/m.yml:3 m: a materialized view needs a unique_key', '', 'tags: []'],
    [
      'models/m.yml:4 m: a materialized view cannot have a primary_key constraint: PostgreSQL has none on it',
      'constraints: [{ type: primary_key, columns: room }]',
    ],
    [
      'models/m.yml:4 m: a materialized view cannot have a not_null constraint: PostgreSQL has none on it',
      'columns: [{ name: room, constraints: [{ type: not_null }] }]',
    ],
    [
      'models/m.yml:4 m: a materialized view cannot have a unique constraint: PostgreSQL has none on it',
      'constraints: [{ type: unique, columns: other }]',
    ],
    [
      'models/m.yml:3 models/m.sql: a materialized_view cannot have a surrogate_key',
      '',
      'unique_key: room, surrogate_key: room_key',
    ],
    ['models/m.yml:3 models/m.sql: full_refresh has no meaning here', '', 'unique_key: room, full_refresh: false'],
    [
      'models/m.yml:3 m: a materialized view keeps its query, and {{run_started_at}} would for ever be the time of the run that made it',
      '',
      'unique_key: room',
      'select {{run_started_at}} as room',
    ],
    [
      'models/m.yml:4 m: Power BI cannot be shown a materialized view: it shows everybody all of its rows',
      `bi: { name: M }\n    ${room}`,
    ],
    ['models/m.yml:3 m is a materialized_view, and row_security is for tables', room, `unique_key: room, ${guard}`],
    [
      'models/m.yml:3 m: a materialized view shows everybody all of its rows, and this one is made of guarded, where rows are guarded',
      '',
      'unique_key: room',
      'select * from {{ref "shown"}}',
    ],
    [
      'models/m.yml:2 m would be whole for everybody who reads gold, where rows are guarded by room',
      room,
      'unique_key: room, schema: gold',
    ],
    [
      'models/other.yml:1 other: a foreign key cannot point at m, which is a materialized view',
      '',
      'unique_key: room',
      'select 1',
      {
        'models/other.sql': '{{config materialized="table"}}select 1',
        'models/other.yml': `models: [{ name: other, constraints: [{ type: foreign_key, columns: room, to: ref('m') }] }]`,
      },
    ],
  ])('is refused: %s', (expected, ...args) => {
    expect(problems(...args)).toEqual([expected]);
  });

  it.each([
    ['view', 'a view'],
    ['ephemeral', 'an ephemeral model'],
  ])('like it, a %s cannot be pointed at by a foreign key', (kind, spelt) => {
    const files = {
      'models/other.sql': '{{config materialized="table"}}select 1 as room',
      'models/other.yml': `models: [{ name: other, constraints: [{ type: foreign_key, columns: room, to: ref('that') }] }]`,
      'models/that.sql': `{{config materialized="${kind}"}}select 1 as room`,
    };
    expect(problems('', 'unique_key: room', 'select 1', files)).toEqual([
      `models/other.yml:1 other: a foreign key cannot point at that, which is ${spelt}`,
    ]);
  });

  it('of guarded rows is allowed where they are said to be for all', () => {
    expect(problems('', 'unique_key: room, row_security: false', 'select * from {{ref "shown"}}')).toEqual([]);
    expect(problems('', 'unique_key: room, row_security: false, schema: gold')).toEqual([]);
  });
});
