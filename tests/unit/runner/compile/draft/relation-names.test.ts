import { describe, expect, it } from 'vitest';
import { formatPlace } from '../../../../../runner/text/place.ts';
import { compileFiles, modelOf, problemsOf, seedOf } from '../../projects.ts';

const project = (targets: string) =>
  `name: test\ntarget: dev\ntargets: { dev: ${targets} }\nmodels: { gold: { +schema: gold } }`;
const files = {
  'project.yml': project('{ schema: dc_dev }'),
  'models/gold/a.sql': '{{config materialized="table"}}select 1 as id',
  'models/gold/a.yml':
    'models: [{ name: a, description: x, bi: { name: A }, columns: [{ name: id, data_type: int, description: y }] }]',
  'models/b.sql': 'select * from {{ref "a"}}, {{source "raw" "events"}}',
  'models/sources.yml': 'sources: [{ name: raw, tables: [{ name: events }] }]',
  'seeds/rooms.csv': 'room\na\n',
};

function relationsOf(more: Readonly<Record<string, string>> = {}) {
  const compiled = compileFiles({ ...files, ...more });
  const nodes = [modelOf(compiled, 'a'), modelOf(compiled, 'b'), modelOf(compiled, 'bi_a'), seedOf(compiled, 'rooms')];
  return nodes.map(({ relation: { schema, name } }) => `${schema}.${name}`);
}

describe('the relations of a target', () => {
  it('are in schemas of its own, and what they read of each other is there; sources stay where they are', () => {
    expect(relationsOf()).toEqual(['dc_dev_gold.a', 'dc_dev.b', 'dc_dev_bi.A', 'dc_dev_seeds.rooms']);
    const b = modelOf(compileFiles(files), 'b');
    expect(b.fullSql.text).toBe('select * from "dc_dev_gold"."a", "raw"."events"');
  });

  it('are where the settings say if the target has no schema', () => {
    expect(relationsOf({ 'project.yml': project('{}') })).toEqual(['gold.a', 'public.b', 'bi.A', 'seeds.rooms']);
  });

  it('are called as generate_schema_name and generate_alias_name say', () => {
    expect(
      relationsOf({
        'macros/generate_schema_name.sql':
          '{{#if custom_schema_name}}{{custom_schema_name}}_of_{{target.schema}}{{else}}{{target.schema}}{{/if}}\n',
        'macros/generate_alias_name.sql': '{{node.resource_type}}_{{node.name}}',
      }),
    ).toEqual(['gold_of_dc_dev.model_a', 'dc_dev.model_b', 'bi_of_dc_dev.A', 'dc_dev.seed_rooms']);
  });

  it('have a place for the fault of a macro, said once', () => {
    const problems = problemsOf({ ...files, 'macros/generate_schema_name.sql': 'a_{{target.shema}}' });
    expect(problems.map(({ what, place }) => [what, place && formatPlace(place)])).toEqual([
      ['{{target.shema}} is not defined', 'macros/generate_schema_name.sql:1:3'],
    ]);
    expect(problemsOf({ ...files, 'macros/generate_schema_name.sql': 'x{{ref "a"}}' }).map(({ hint }) => hint)).toEqual(
      ['A macro that names relations sees names and settings.'],
    );
  });

  it.each([
    ['{ schema: Dev }', '"targets.dev.schema": a schema is of lower-case letters, digits and underscores, 40 at most'],
    ['{ schema: staging }', '"targets.dev.schema": this schema belongs to the program itself'],
  ])('cannot be in %s', (target, what) => {
    expect(problemsOf({ ...files, 'project.yml': project(target) }).map((one) => one.what)).toEqual([what]);
  });
});
