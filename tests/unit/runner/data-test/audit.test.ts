import { describe, expect, it } from 'vitest';
import { auditsOf } from '../../../../runner/data-test/audit.ts';
import { compileFiles, modelOf, problemsOf, testOf } from '../projects.ts';

const files = {
  'models/sources.yml': 'sources: [{ name: raw, tables: [{ name: events }] }]',
  'models/a.sql': '{{config materialized="incremental" unique_key="id"}}select id from {{source "raw" "events"}}',
  'models/b.sql': 'select id from {{source "raw" "events"}}',
  'models/c.sql': 'select id from {{ref "a"}}',
  'models/inside.sql': '{{config materialized="ephemeral"}}select id from {{ref "a"}}',
};

/** What is wrong with the one test, and what to do. */
function faultsOf(test: string, more: Readonly<Record<string, string>> = {}) {
  return problemsOf({ ...files, ...more, 'tests/data/t.sql': test }).map(({ what, hint }) => [what, hint]);
}

describe('an audit', () => {
  it('is a test that says so itself or through its folder, of the one model that it reads', () => {
    const compiled = compileFiles({
      ...files,
      'project.yml': 'name: test\ndata_tests: { early: { +audit: true } }',
      'tests/data/early/by_folder.sql': 'select * from {{ref "a"}} where id < 0',
      'tests/data/early/not_at_all.sql': '{{config audit=false}}select * from {{ref "a"}} where id < 0',
      'tests/data/early/of_sources.sql': 'select * from {{source "raw" "events"}}',
      'tests/data/named.sql':
        '{{config audit="new_rows" audits="a"}}select * from {{ref "a"}} join {{ref "b"}} using (id)',
    });
    expect(auditsOf(compiled.manifest, modelOf(compiled, 'a')).map(({ name }) => name)).toEqual(['by_folder', 'named']);
    expect(testOf(compiled, 'by_folder').audit).toEqual({ of: 'model.a', newRows: undefined });
    expect(testOf(compiled, 'not_at_all').audit).toBeUndefined();
    expect(testOf(compiled, 'of_sources').audit).toBeUndefined();
    expect(testOf(compiled, 'named').audit?.newRows?.text).toBe('select * from "a" join "public"."b" using (id)');
  });

  it('lets what else it reads be built first, though the model is not made of it', () => {
    const compiled = compileFiles({
      ...files,
      'tests/data/t.sql': '{{config audit=true audits="a"}}select * from {{ref "a"}} join {{ref "b"}} using (id)',
    });
    expect(modelOf(compiled, 'a')).toMatchObject({
      dependsOn: ['source.raw.events', 'model.b'],
      reads: ['source.raw.events'],
    });
    expect(compiled.manifest.order.indexOf('model.b')).toBeLessThan(compiled.manifest.order.indexOf('model.a'));
  });

  it('must say of which of several models it is', () => {
    expect(faultsOf('{{config audit=true}}select * from {{ref "b"}} join {{ref "a"}} using (id)')).toEqual([
      ['it reads a, b: nothing says which of them it audits', 'Say so: {{config audit=true audits="a"}}.'],
    ]);
    expect(faultsOf('{{config audit=true audits="aa"}}select * from {{ref "b"}} join {{ref "a"}} using (id)')).toEqual([
      ['it does not read "aa", or that is ephemeral, so that it cannot audit it', 'Did you mean "a"?'],
    ]);
    expect(faultsOf('{{config audits="a"}}select * from {{ref "a"}}')).toEqual([
      ['audits has no meaning for a test that is no audit', 'Set audit=true or audit="new_rows".'],
    ]);
  });

  it('cannot read what is made of the model, nor be of something that is not built', () => {
    expect(faultsOf('{{config audit=true audits="a"}}select * from {{ref "a"}} join {{ref "c"}} using (id)')).toEqual([
      [
        'it audits a, but reads c, which is built after it',
        'An audit runs before anything is made of a: let it audit c, or make it a plain test.',
      ],
    ]);
    const nothing = 'it reads no model or seed that is built, so that there is nothing to audit';
    expect(faultsOf('{{config audit=true}}select * from {{source "raw" "events"}}')).toEqual([
      [nothing, 'Take audit out.'],
    ]);
    expect(faultsOf('{{config audit=true}}select * from {{ref "inside"}}')).toEqual([[nothing, 'Take audit out.']]);
  });

  it('is found wrong in a .yml at the word audit', () => {
    const yml = (name: string, test: string) =>
      problemsOf({
        ...files,
        'models/a.yml': `models:\n  - name: ${name}\n    columns:\n      - name: id\n        data_tests:\n          - ${test}\n`,
      }).map(({ what, place }) => `${place?.line}:${place?.column} ${what}`);
    expect(yml('a', 'unique: { config: { audit: new_rows } }')).toEqual([
      '6:33 unique compares new rows with old ones',
    ]);
    expect(yml('a', 'not_null: { audit: sometimes }')).toEqual([
      '6:25 not_null: "audit": expected true, false or new_rows',
    ]);
    expect(yml('inside', 'not_null: { audit: true }')).toEqual([
      '6:25 an ephemeral model is not built, so that nothing can be audited',
    ]);
    expect(yml('a', 'not_null: { audit: true }')).toEqual([]);
    expect(
      problemsOf({
        ...files,
        'models/sources.yml':
          'sources: [{ name: raw, tables: [{ name: events, columns: [{ name: id, data_tests: [{ not_null: { audit: true } }] }] }] }]',
      }).map(({ what }) => what),
    ).toEqual(['a source is not built here, so that nothing can be audited']);
  });

  it('is no setting of a model', () => {
    expect(
      problemsOf({ ...files, 'models/d.sql': '{{config audit=true}}select 1 as one' }).map(({ what }) => what),
    ).toEqual(['audit has no meaning here']);
  });
});
