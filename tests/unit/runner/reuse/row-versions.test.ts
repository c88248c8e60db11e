import { expect, it } from 'vitest';
import { RowVersions } from '../../../../runner/reuse/row-versions.ts';
import { notAsBuilt } from '../../../../runner/state/models.ts';
import { compileFiles } from '../projects.ts';

const { manifest } = compileFiles({
  'models/sources.yml': 'sources: [{ name: raw, tables: [{ name: t }] }]',
  'models/stored.sql': '{{config materialized="table"}}select 1 as id from {{source "raw" "t"}}',
  'models/shown.sql': 'select id from {{ref "stored"}}',
});
const stored = { relation: '"public"."stored"', materialized: 'table', checksum: 'a', generation: 1, rowsVersion: 2 };
const shown = { ...stored, relation: '"public"."shown"', materialized: 'view', checksum: 'b' };

function versionOf(id: string, other: Partial<typeof stored> = {}, view: Partial<typeof shown> = {}) {
  const models = new Map([
    ['stored', { ...stored, ...other }],
    ['shown', { ...shown, ...view }],
  ]);
  return new RowVersions(manifest, models, { sources: new Map(), seeds: new Map(), volatile: new Set() }).of(id);
}

it('a version is of the rows that were built, not of what the project says by now', () => {
  expect(versionOf('model.stored')).toBe('1.2');
  expect(versionOf('model.stored', { checksum: 'of another text' })).toBe('1.2');
  expect(versionOf('model.shown', {}, { checksum: 'c' })).not.toBe(versionOf('model.shown'));
});

it.each([
  ['--defer reads it in another target', { relation: '"prod"."stored"' }],
  ['it is a clone', { checksum: notAsBuilt }],
  ['it is still a view', { materialized: 'view' }],
])('no version is known where %s', (_, other) => {
  expect(versionOf('model.stored', other)).toBeUndefined();
  expect(versionOf('model.shown', other)).toBeUndefined();
});
