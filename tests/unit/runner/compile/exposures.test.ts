import { describe, expect, it } from 'vitest';
import { formatPlace } from '../../../../runner/text/place.ts';
import { compileFiles, modelOf, problemsOf } from '../projects.ts';

const files = {
  'models/a.sql': 'select 1 as one',
  'models/b.sql': 'select * from {{ref "a"}}',
  'models/sources.yml': 'sources: [{ name: raw, tables: [{ name: events }] }]',
};
const groups = 'groups: [{ name: finance, owner: { name: Anna, email: anna@example.org } }]';

function linesOf(more: Readonly<Record<string, string>>): string[] {
  return problemsOf({ ...files, ...more }).map(({ what, place, hint }) =>
    [place === undefined ? '' : formatPlace(place), what, hint].filter(Boolean).join(' | '),
  );
}

describe('a model in its .yml', () => {
  it('has tags, meta, group, access and docs beside config or in it; config is the stronger', () => {
    const compiled = compileFiles({
      ...files,
      'models/a.yml': `${groups}
models:
  - name: a
    tags: nightly
    meta: { owner: anna, level: 1 }
    group: finance
    access: public
    docs: { show: false }
    config: { tags: [own], meta: { level: 2 }, access: private }
  - { name: b, group: finance }`,
    });
    expect(modelOf(compiled, 'a')).toMatchObject({
      tags: ['nightly', 'own'],
      group: 'finance',
      access: 'private',
      config: { meta: { owner: 'anna', level: 2 }, docs: { show: false } },
    });
    expect(modelOf(compiled, 'b')).toMatchObject({ group: 'finance', access: 'protected' });
    expect(compiled.manifest.groups.get('finance')).toMatchObject({ owner: { name: 'Anna' } });
  });

  it.each([
    [
      'private model',
      `${groups}\nmodels: [{ name: a, group: finance, access: private }]`,
      'models/b.sql:1:1 | b refers to a, which is private to the group "finance" | Give b the same group, or make a protected.',
    ],
    [
      'group that nobody declares',
      `${groups}\nmodels: [{ name: a, group: finanze }]`,
      'models/y.yml:2:28 | a is of the group "finanze", which is not declared | Did you mean "finance"?',
    ],
    [
      'public ephemeral model',
      'models: [{ name: a, access: public, config: { materialized: ephemeral } }]',
      'models/y.yml:1:29 | a is ephemeral: no relation exists to read, so that it cannot be public | Materialize it as a view, or make it protected.',
    ],
    [
      'access that there is not',
      'models: [{ name: a, access: secret }]',
      'models/y.yml:1:29 | "models.0.access": there is no "secret" | Known here: private, protected, public.',
    ],
    [
      'group without an owner',
      'groups: [{ name: finance, owner: { title: CFO } }]',
      'models/y.yml:1:34 | "groups.0.owner": an owner has a name or an email',
    ],
  ])('refuses a %s', (_what, yml, line) => {
    expect(linesOf({ 'models/y.yml': yml })).toEqual([line]);
  });

  it('refers to a private model of its own group, and generic tests of that do so too', () => {
    const yml = `${groups}
models:
  - { name: a, group: finance, access: private, columns: [{ name: one, data_tests: [not_null] }] }
  - { name: b, config: { group: finance } }`;
    expect(linesOf({ 'models/y.yml': yml })).toEqual([]);
    expect(linesOf({ 'models/y.yml': yml, 'tests/t.sql': 'select * from {{ref "a"}}' })).toEqual([
      'tests/t.sql:1:1 | t refers to a, which is private to the group "finance" | Give t the same group, or make a protected.',
    ]);
    expect(
      linesOf({ 'models/y.yml': yml, 'tests/t.sql': '{{config group="finance"}}select * from {{ref "a"}}' }),
    ).toEqual([]);
  });
});

describe('an exposure', () => {
  it('is a node that depends on models and sources', () => {
    const { manifest, graph } = compileFiles({
      ...files,
      'models/y.yml': `exposures:
  - name: weekly_report
    label: The weekly report
    type: dashboard
    maturity: high
    url: https://example.org/report
    owner: { email: anna@example.org }
    depends_on: [ref('b'), "source('raw', 'events')"]
    tags: weekly
    config: { tags: [public], meta: { team: blue } }
  - { name: old, type: notebook, owner: { name: Ben }, config: { enabled: false }, depends_on: [ref('gone')] }`,
    });
    expect(manifest.nodes.get('exposure.weekly_report')).toMatchObject({
      kind: 'exposure',
      label: 'The weekly report',
      dependsOn: ['model.b', 'source.raw.events'],
      tags: ['weekly', 'public'],
      meta: { team: 'blue' },
      place: { file: 'models/y.yml', line: 2, column: 11 },
    });
    expect(manifest.nodes.has('exposure.old')).toBe(false);
    expect(graph.ancestors('exposure.weekly_report')).toEqual(new Set(['model.b', 'source.raw.events', 'model.a']));
  });

  it.each([
    ["depends_on: [ref('bb')]", 'there is no model or seed "bb" | Did you mean "b"?'],
    ["depends_on: [\"source('raw', 'event')\"]", 'there is no source "raw.event" | Did you mean "raw.events"?'],
    ['depends_on: ["b(c)"]', "\"b(c)\" names nothing | Write ref('model') or source('source', 'table')."],
  ])('says what it cannot find: %s', (dependsOn, line) => {
    const yml = `exposures: [{ name: r, type: dashboard, owner: { name: A }, ${dependsOn} }]`;
    expect(linesOf({ 'models/y.yml': yml })).toEqual([expect.stringContaining(line)]);
  });

  it('stands for the Power BI project where a model has bi', () => {
    const { manifest } = compileFiles({
      'models/a.sql': '{{config materialized="table"}}select 1 as id',
      'models/a.yml': `models: [{ name: a, description: x, bi: { name: A }, columns: [{ name: id, data_type: int, description: y }] }]`,
    });
    expect(manifest.nodes.get('exposure.power_bi')).toMatchObject({ type: 'dashboard', dependsOn: ['model.bi_a'] });
  });
});
