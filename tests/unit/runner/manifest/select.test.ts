import { describe, expect, it } from 'vitest';
import { selectNodes } from '../../../../runner/manifest/select.ts';
import { UsageError } from '../../../../runner/text/errors.ts';
import { compileFiles } from '../projects.ts';

const { manifest, graph } = compileFiles({
  'project.yml': 'name: test\nmodels:\n  gold: { +tags: [nightly] }\n',
  'models/sources.yml': 'sources: [{ name: raw, tables: [{ name: events }, { name: other }] }]',
  'seeds/rooms.csv': 'room\na\n',
  'models/silver/events.sql': '{{config tags="base"}}select * from {{source "raw" "events"}}',
  'models/silver/readings.sql': 'select * from {{ref "events"}}',
  'models/gold/dim_room.sql': 'select * from {{ref "rooms"}}',
  'models/gold/facts/fact_energy.sql':
    '{{config materialized="table"}}select * from {{ref "readings"}}, {{ref "dim_room"}}',
  'models/bi/report.sql': 'select * from {{ref "fact_energy"}}',
  'models/gold/dim_room.yml':
    'models: [{ name: dim_room, columns: [{ name: room, tags: columnar, data_tests: [not_null] }] }]',
  'tests/data/no_gaps.sql': 'select * from {{ref "fact_energy"}}, {{ref "dim_room"}}',
});

function names(select: string | readonly string[], exclude: readonly string[] = []): string[] {
  const selected = selectNodes(manifest, graph, { select: typeof select === 'string' ? [select] : select, exclude });
  return [...selected].map((id) => id.slice(id.indexOf('.') + 1)).sort();
}
const models = (...args: Parameters<typeof names>) =>
  names(...args).filter((name) => name !== 'no_gaps' && name !== 'not_null_dim_room_room');

describe('a selection', () => {
  it.each([
    ['a name', 'events', ['events']],
    ['an id', 'model.events', ['events']],
    ['a glob', '*_r*', ['dim_room']],
    ['a glob with one unknown letter', 'r?oms', ['rooms']],
    ['a tag of a folder', 'tag:nightly', ['dim_room', 'fact_energy']],
    ['a tag of the model itself', 'tag:base', ['events']],
    ['a glob of tags', 'tag:n*', ['dim_room', 'fact_energy']],
    ['a folder by path', 'path:models/gold', ['dim_room', 'fact_energy']],
    ['a folder by path as a shell completes it', './models/gold/', ['dim_room', 'fact_energy']],
    ['a path of Windows', 'path:models\\gold', ['dim_room', 'fact_energy']],
    ['a file by path', 'path:models/gold/dim_room.sql', ['dim_room']],
    ['a file by its name', 'file:report.sql', ['report']],
    ['a folder by its name', 'gold', ['dim_room', 'fact_energy']],
    ['a folder in a folder', 'gold.facts', ['fact_energy']],
    ['a kind', 'resource_type:seed', ['rooms']],
    ['a materialisation', 'config.materialized:table', ['fact_energy']],
    ['what is before', '+readings', ['events', 'readings']],
    ['what is after', 'readings+', ['fact_energy', 'readings', 'report']],
    ['some steps before and after', '1+fact_energy+1', ['dim_room', 'fact_energy', 'readings', 'report']],
    ['only some steps before', '2+report', ['dim_room', 'fact_energy', 'readings', 'report']],
    ['before and after', '+dim_room+', ['dim_room', 'fact_energy', 'report', 'rooms']],
    ['what is after a source', 'source:raw.events+', ['events', 'fact_energy', 'readings', 'report']],
    ['what is after a tag', 'tag:base+1', ['events', 'readings']],
    ['a union with blanks', 'events report', ['events', 'report']],
    ['an intersection with a comma', 'gold,config.materialized:table', ['fact_energy']],
    ['a union of intersections', 'gold,tag:base report', ['report']],
  ])('takes %s', (_name, selector, expected) => {
    expect(models(selector)).toEqual(expected);
  });

  it('takes everything but sources when nothing is asked for', () => {
    expect(names([])).toEqual([
      'dim_room',
      'events',
      'fact_energy',
      'no_gaps',
      'not_null_dim_room_room',
      'readings',
      'report',
      'rooms',
    ]);
  });

  it('leaves out what is excluded, with its tests', () => {
    expect(names([], ['dim_room', 'tag:base'])).toEqual(['fact_energy', 'readings', 'report', 'rooms']);
    expect(models('gold', ['fact_*'])).toEqual(['dim_room']);
  });

  it('brings the tests of any model along, and takes a test alone', () => {
    expect(names('dim_room')).toEqual(['dim_room', 'no_gaps', 'not_null_dim_room_room']);
    expect(names('fact_energy')).toEqual(['fact_energy', 'no_gaps']);
    expect(names('no_gaps')).toEqual(['no_gaps']);
    expect(names('test_name:not_null')).toEqual(['not_null_dim_room_room']);
    expect(names('tag:columnar')).toEqual(['not_null_dim_room_room']);
    expect(names('+no_gaps')).toEqual(names('no_gaps +fact_energy'));
  });

  it('of generic tests by test_name takes all of a kind, whatever their names, and no other', () => {
    const named = compileFiles({
      'models/a.sql': 'select 1 as id',
      'models/a.yml':
        'models: [{ name: a, columns: [{ name: id, data_tests: [unique, not_null, { not_null: { name: id_is_there, where: id > 1 } }] }] }]',
      'tests/data/not_null_at_all.sql': 'select 1',
    });
    const selected = selectNodes(named.manifest, named.graph, { select: ['test_name:not_null'], exclude: [] });
    expect([...selected].sort()).toEqual(['test.id_is_there', 'test.not_null_a_id']);
  });

  it.each([
    ['evnts', 'nothing matches the selector "evnts"', 'Did you mean "events"?'],
    ['nothing_like_it', 'nothing matches the selector "nothing_like_it"', 'See `datacycle ls`.'],
    ['tag:nihgtly', 'nothing matches the selector "tag:nihgtly"', 'Did you mean "tag:nightly"?'],
    ['tga:nightly', 'there is no selector method "tga"', 'Did you mean "tag"?'],
    ['path:models/glod', 'nothing matches the selector "path:models/glod"', 'Did you mean "path:models/gold"?'],
    [
      '+',
      'cannot read the selector "+"',
      'Write a name, a glob, tag:x, path:x, with + or 2+ before and + or +2 behind.',
    ],
    ['a+b', 'cannot read the selector "a+b"', undefined],
    ['events,', 'cannot read the selector ""', undefined],
    ['[events', 'nothing matches the selector "[events"', undefined],
  ])('that reads %s is refused: %s', (selector, what, hint) => {
    const failing = () => names(selector);
    expect(failing).toThrow(UsageError);
    expect(failing).toThrow(what);
    if (hint !== undefined) expect(failing).toThrow(expect.objectContaining({ hint }));
  });
});
