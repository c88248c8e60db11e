import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type IndirectSelection, indirectSelections } from '../../../../runner/selection/criterion.ts';
import { type ResourceType, resourceTypes } from '../../../../runner/selection/selectable.ts';
import { type Selection, selectNodes } from '../../../../runner/selection/selection.ts';
import { UsageError } from '../../../../runner/text/errors.ts';
import { compileFiles } from '../projects.ts';
import { shop } from './shop.ts';

const compiled = compileFiles(shop);

function names(selection: Selection): string {
  const { ids } = selectNodes(compiled, selection);
  const found = [...ids].map((id) => compiled.manifest.nodes.get(id)?.name ?? id).sort();
  return found.join(' ') || 'nothing';
}

function warningsOf(...select: string[]) {
  return selectNodes(compiled, { select }).warnings;
}

/** `selector | exclude | how tests come along, kinds and -kinds that are left out | names, nothing or refused`. */
const cases = readFileSync(new URL('cases.txt', import.meta.url), 'utf8')
  .trim()
  .split(/\r?\n/)
  .map((line) => line.split(' | '));

function selectionOf([select = '-', exclude = '-', options = '-']: readonly string[]): Selection {
  const words = options.split(' ');
  const of = <T extends string>(known: readonly T[], sign = '') => known.filter((one) => words.includes(sign + one));
  const types = of<ResourceType>(resourceTypes);
  const [indirect] = of<IndirectSelection>(indirectSelections);
  return {
    select: select === '-' ? undefined : [select],
    exclude: exclude === '-' ? undefined : [exclude],
    indirect,
    resourceTypes: types.length === 0 ? undefined : types,
    excludeResourceTypes: of<ResourceType>(resourceTypes, '-'),
  };
}

describe('a selection', () => {
  it('has hundreds of cases', () => expect(cases.length).toBeGreaterThan(400));

  it.each(cases)('takes of %s without %s (%s): %s', (...line) => {
    const selection = selectionOf(line);
    const expected = line[3];
    if (expected === 'refused') expect(() => names(selection)).toThrow(UsageError);
    else expect(names(selection)).toBe(expected);
  });

  it.each([
    [
      'a test by the name that dbt gives it',
      { select: ['relationships_stg_payments_order_id__id__ref_stg_orders_'] },
      'relationships_stg_payments_order_id__stg_orders',
    ],
    [
      'a test by the name that reports show',
      { select: ['accepted_values_stg_orders_status'] },
      'accepted_values_stg_orders_status',
    ],
    ['a snapshot as what it is, not as a model', { resourceTypes: ['snapshot'] }, 'orders_history'],
    ['by a key of a list', { select: ['config.unique_key:id'], indirect: 'empty' }, 'fct_orders orders_history'],
    [
      'a test by its place among the tests of a model',
      { select: ['staging.unique_*'] },
      'unique_stg_orders_id unique_stg_payments_id',
    ],
    ['by its id', { select: ['model.revenue'], indirect: 'empty' }, 'revenue'],
    ['by the name that reports show', { select: ['seeds.countries'], indirect: 'empty' }, 'countries'],
    ['a path of Windows', { select: ['path:models\\marts\\core'], indirect: 'empty' }, 'dim_customers fct_orders'],
    ['several blanks', { select: ['  orphan   tariffs '] }, 'orphan tariffs'],
    ['nothing for an empty selector', { select: [''] }, 'nothing'],
  ] satisfies [string, Selection, string][])('takes %s', (_what, selection, expected) => {
    expect(names(selection)).toBe(expected);
  });
});

describe('a selector that matches nothing', () => {
  it.each([
    ['stg_ordres', 'Did you mean "stg_orders"?'],
    ['tag:nihgtly', 'Did you mean "tag:nightly"?'],
    ['tag:dim_custmers', 'Did you mean "dim_customers"?'],
    ['nightyl', 'Did you mean "tag:nightly"?'],
    ['path:models/mart', 'Did you mean "path:models/marts"?'],
    ['source:raw.order', 'Did you mean "source:raw.orders"?'],
    ['exposure:weekly_reprot', 'Did you mean "exposure:weekly_report"?'],
    ['marts.cor', 'Did you mean "marts.core"?'],
    ['tariff', 'Did you mean "tariffs"?'],
    ['custom', 'Did you mean "stg_customers" or "dim_customers"?'],
    ['ordres', 'Did you mean "orders_history"?'],
    ['nothing_like_it_at_all', 'See `datacycle ls`.'],
    ['+', 'A + goes before or behind a name, e.g. +dim_room or dim_room+.'],
    ['stg_orders+revenue', 'A + goes before or behind a name; a blank separates two.'],
    ['marts,orphan', 'A comma means "and": nothing is in all of them. A blank means "or".'],
  ])('%s is reported with what it could have meant: %s', (selector, hint) => {
    expect(warningsOf(selector)).toEqual([{ what: `nothing matches the selector "${selector}"`, hint }]);
  });

  it('is reported for each, whatever else matches, and for what is left out', () => {
    expect(warningsOf('orphan', 'nope1 nope2').map(({ what }) => what)).toEqual([
      'nothing matches the selector "nope1"',
      'nothing matches the selector "nope2"',
    ]);
    expect(selectNodes(compiled, { exclude: ['nope'] }).warnings).toHaveLength(1);
    expect(selectNodes(compiled).warnings).toEqual([]);
  });
});

describe('a selector that cannot be read is refused', () => {
  it.each([
    ['tga:nightly', 'there is no selector method "tga"', 'Did you mean "tag"?'],
    [
      '@stg_orders+',
      'cannot read the selector "@stg_orders+"',
      '@ takes all that depends on it along, so that no + may follow.',
    ],
    ['resource_type:modle', '"modle" is no resource type', 'Did you mean "model"?'],
    ['test_type:genric', '"genric" is no type of tests', 'Did you mean "generic"?'],
    [
      'source:a.b.c.d',
      '"source:a.b.c.d" names no source',
      'Write source:name, source:name.table or source:project.name.table.',
    ],
  ])('%s: %s', (selector, what, hint) => {
    expect(() => names({ select: [selector] })).toThrow(expect.objectContaining({ message: what, hint }));
  });
});

describe('nodes of other kinds', () => {
  const others = compileFiles({
    ...shop,
    'snapshots/kept/versions.sql':
      '{{config schema="history" strategy="check" check_cols="all" unique_key="id"}}select * from {{ref "orphan"}}',
    'analyses/spread.sql': 'select * from {{ref "orphan"}}',
    'models/staging/sources.yml': `sources:
  - name: raw
    tags: [landing]
    tables:
      - { name: orders, tags: [hot], meta: { owner: anna }, columns: [{ name: id, data_type: integer, data_tests: [not_null] }] }
      - { name: payments }
  - name: crm
    tables: [{ name: customers }, { name: orders }]
`,
    'models/unit.yml': `unit_tests:
  - name: counts
    model: orphan
    given: []
    expect: { rows: [{ id: 1 }] }
`,
  });
  const of = (select: string, indirect: IndirectSelection = 'empty') =>
    [...selectNodes(others, { select: [select], indirect }).ids]
      .map((id) => others.manifest.nodes.get(id)?.name)
      .sort();

  it.each([
    ['test_type:unit', ['counts']],
    ['unit_test:counts', ['counts']],
    ['unit_test:shop.c*', ['counts']],
    ['test_name:counts', ['counts']],
    ['orphan.counts', ['counts']],
    ['orphan+1,resource_type:unit_test', ['counts']],
    ['kept.versions.versions', ['versions']],
    ['kept', ['versions']],
    ['path:snapshots', ['versions']],
    ['resource_type:snapshot', ['orders_history', 'versions']],
    ['path:analyses', ['spread']],
    ['tag:hot', ['not_null_raw_orders_id', 'raw.orders']],
    ['tag:landing', ['not_null_raw_orders_id', 'raw.orders', 'raw.payments']],
    ['config.meta.owner:anna', ['raw.orders', 'stg_orders']],
  ])('%s', (select, expected) => expect(of(select)).toEqual(expected));

  it('unit tests come along with their model, however tests are taken along but not with none', () => {
    for (const how of ['eager', 'cautious', 'buildable'] as const)
      expect(of('file:orphan.sql', how)).toEqual(['counts', 'orphan']);
    expect(of('file:orphan.sql')).toEqual(['orphan']);
  });
});
