import { describe, expect, it } from 'vitest';
import { sourcesBehind, tablesBehind } from '../../../../runner/manifest/lineage.ts';
import { isBuilt, type Manifest } from '../../../../runner/manifest/manifest.ts';
import { UpstreamVersions } from '../../../../runner/reuse/upstream-versions.ts';
import { nothingCreated } from '../../../../runner/state/created.ts';
import type { ModelState } from '../../../../runner/state/models.ts';
import { relation } from '../../../../warehouse/quote.ts';
import { compileFiles, modelOf } from '../projects.ts';

/**
 * Views, each of which reads the one below it in two ways, over one table; a table that reads the topmost, and a materialized view.
 * @param settings more settings of the table on top.
 */
function diamonds(count: number, settings = '') {
  const files: Record<string, string> = {
    'models/sources.yml': 'sources: [{ name: raw, tables: [{ name: events }] }]',
    'models/v0.sql': `{{config materialized="table"}}select 1 as id from {{source "raw" "events"}}`,
    'models/top.sql': `{{config materialized="incremental" unique_key="id" ${settings}}}select id from {{ref "v${count}"}}`,
    'models/stored.sql': `{{config materialized="materialized_view" unique_key="id"}}select id from {{ref "v${count}"}}`,
  };
  for (let level = 1; level <= count; level += 1) {
    for (const side of ['left', 'right'])
      files[`models/${side}${level}.sql`] = `select id from {{ref "v${level - 1}"}}`;
    files[`models/v${level}.sql`] = `select id from {{ref "left${level}"}} join {{ref "right${level}"}} using (id)`;
  }
  return compileFiles(files);
}

/** All nodes as they would be recorded once built, with this generation. */
const generation = ({ nodes }: Pick<Manifest, 'nodes'>, number: number) =>
  new Map(
    [...nodes.values()].filter(isBuilt).map((node): [string, ModelState] => [
      node.name,
      {
        relation: relation(node.relation),
        materialized: node.materialized,
        checksum: node.checksum,
        generation: number,
        upstreamShape: '',
        rowsVersion: 1,
        removals: 0,
        created: nothingCreated,
      },
    ]),
  );

/** A version as it was once stored. */
function inFull({ nodes }: Pick<Manifest, 'nodes'>, id: string): string {
  const node = nodes.get(id);
  if (node?.kind !== 'model' || node.materialized !== 'view') return '7';
  return [node.checksum, ...node.reads.map((upstream) => inFull({ nodes }, upstream))].join('/');
}

describe('the version of what is behind 40 stacked diamonds of views', () => {
  const compiled = diamonds(40);
  const top = modelOf(compiled, 'top');

  it('is short and found at once, and another one when the table behind them is rebuilt', () => {
    const before = new UpstreamVersions(compiled.manifest, generation(compiled.manifest, 1)).of(top, 'model.v40');
    expect(before).toMatch(/^[0-9a-f]{32}$/);
    expect(new UpstreamVersions(compiled.manifest, generation(compiled.manifest, 1)).of(top, 'model.v40')).toBe(before);
    expect(new UpstreamVersions(compiled.manifest, generation(compiled.manifest, 2)).of(top, 'model.v40')).not.toBe(
      before,
    );
  });

  it('is of the SQL that a view was built with, not of what the project says by now', () => {
    const recorded = generation(compiled.manifest, 1);
    const of = (models: typeof recorded) => new UpstreamVersions(compiled.manifest, models).of(top, 'model.v40');
    const now = of(recorded);
    const left = recorded.get('left7');
    if (left === undefined) throw new Error('there is no left7');
    const earlier = of(new Map(recorded).set('left7', { ...left, checksum: 'of an earlier text' }));
    const table = of(new Map(recorded).set('left7', { ...left, materialized: 'table' }));
    expect(new Set([now, earlier, table]).size).toBe(3);
  });

  it('does not take long where something else is stored', () => {
    const consumed = new Map([['v40', { loadId: null, version: 'rows were erased' }]]);
    expect(
      new UpstreamVersions(compiled.manifest, generation(compiled.manifest, 1)).inTodaysForm(top, consumed),
    ).toEqual(consumed);
  });

  it('does not keep tables and sources behind them from being found', () => {
    expect(tablesBehind(compiled.manifest, top.reads)).toEqual(['v0']);
    expect(sourcesBehind(compiled.manifest, ['model.v40'])).toEqual([]);
  });
});

it('whose the rows behind 40 stacked diamonds of views are is found at once', () => {
  expect(() => diamonds(40, 'subject=false')).toThrow('v0 does not say whose its rows are: it is made of raw.events');
});

describe('a version that was stored written out', () => {
  const compiled = diamonds(4);
  const top = modelOf(compiled, 'top');
  const then = (version: string) => new Map([['v4', { loadId: 3, version }]]);
  const stored = inFull(compiled.manifest, 'model.v4');

  it('is the one of today as long as nothing has changed', () => {
    const versions = new UpstreamVersions(compiled.manifest, generation(compiled.manifest, 7));
    expect(versions.inTodaysForm(top, then(stored)).get('v4')).toEqual({
      loadId: 3,
      version: versions.of(top, 'model.v4'),
    });
  });

  it('is another one once the table behind the views was rebuilt', () => {
    const versions = new UpstreamVersions(compiled.manifest, generation(compiled.manifest, 8));
    expect(versions.inTodaysForm(top, then(stored)).get('v4')?.version).toBe(stored);
  });
});
