import { describe, expect, it } from 'vitest';
import { selectionFiles } from '../../../../runner/selection/files.ts';
import { selectNodes } from '../../../../runner/selection/selection.ts';
import { TemporaryProject } from '../../../integration/temporary-project.ts';
import { compileFiles } from '../projects.ts';
import { shop } from './shop.ts';

const compiled = compileFiles(shop);

function select(yaml: string, selector?: string, flags: { select?: string[]; indirect?: 'empty' | 'cautious' } = {}) {
  const folder = new TemporaryProject({ 'selectors.yml': yaml });
  try {
    const there = { ...compiled, project: { ...compiled.project, root: folder.root } };
    const { ids } = selectNodes(there, { indirect: 'empty', ...flags, selector }, selectionFiles);
    return [...ids]
      .map((id) => compiled.manifest.nodes.get(id)?.name ?? id)
      .sort()
      .join(' ');
  } finally {
    folder.dispose();
  }
}

const one = (definition: string) => `selectors: [{ name: it, definition: ${definition} }]`;

describe('a selector of selectors.yml', () => {
  it.each([
    ['a text', '"tag:money"', 'ledger stg_payments'],
    ['a text with plus signs', '"1+revenue"', 'fct_orders revenue tariffs'],
    ['a text that is one selector, whatever is in it', '"orphan tariffs"', ''],
    ['a key and a value', '{ tag: money }', 'ledger stg_payments'],
    ['a method and a value', '{ method: tag, value: money }', 'ledger stg_payments'],
    ['a method with keys', '{ method: config.materialized, value: incremental }', 'fct_orders'],
    ['a value that is no text', '{ method: config.meta.pii, value: true }', 'stg_orders'],
    ['a number', '{ method: config.meta.levels, value: 1 }', 'stg_orders'],
    [
      'parents',
      '{ method: fqn, value: dim_customers, parents: true, parents_depth: 1 }',
      'countries dim_customers stg_customers',
    ],
    [
      'children',
      '{ method: fqn, value: fct_orders, children: true, children_depth: 1 }',
      'fct_orders no_gaps revenue weekly_report',
    ],
    ['no depth without parents', '{ method: fqn, value: fct_orders, parents_depth: 1 }', 'fct_orders'],
    [
      'parents of children',
      '{ method: fqn, value: ledger, childrens_parents: true }',
      'countries crm.customers dim_customers fct_orders ledger raw.orders raw.payments revenue stg_customers stg_orders stg_payments tariffs',
    ],
    ['an exclusion', '{ method: tag, value: money, exclude: [ledger] }', 'stg_payments'],
    [
      'an exclusion of two',
      '{ method: fqn, value: marts, exclude: [ledger, { method: fqn, value: core }, { file: fct_orders }] }',
      'dim_customers not_null_dim_customers_customer_id revenue revenue_once_a_day unique_dim_customers_customer_id',
    ],
    [
      'its own tests',
      '{ method: fqn, value: countries, indirect_selection: eager }',
      'countries not_null_countries_country',
    ],
    ['a union', '{ union: [orphan, { tag: money }] }', 'ledger orphan stg_payments'],
    ['an intersection', '{ intersection: [{ tag: money }, { tag: nightly }] }', 'ledger'],
    [
      'a union with an exclusion',
      '{ union: [{ tag: money }, orphan, { exclude: [{ tag: nightly }] }] }',
      'orphan stg_payments',
    ],
    [
      'an intersection with an exclusion',
      '{ intersection: [{ tag: nightly }, { method: fqn, value: marts }, { exclude: [core, { group: finance }] }] }',
      'dim_customers fct_orders',
    ],
    [
      'one in another',
      '{ union: [orphan, { intersection: [{ tag: money }, { union: [{ tag: nightly }, tariffs] }] }] }',
      'ledger orphan',
    ],
    [
      'an exclusion within a part',
      '{ union: [orphan, { method: tag, value: money, exclude: [ledger] }] }',
      'orphan stg_payments',
    ],
  ])('takes %s: %s', (_what, definition, expected) => {
    expect(select(one(definition), 'it')).toBe(expected);
  });

  const two = `selectors:
  - { name: money, definition: { tag: money } }
  - name: more
    definition:
      union: [{ method: selector, value: money }, orphan, { exclude: [{ method: selector, value: late }] }]
  - { name: late, default: true, definition: ledger }`;

  it('refers to those before it, and holds by default where it says so and nothing is selected', () => {
    const earlier = two
      .replace('  - name: more', '  - { name: late, definition: ledger }\n  - name: more')
      .replace('name: late, default', 'name: last, default');
    expect(select(earlier, 'more')).toBe('orphan stg_payments');
    expect(select(earlier)).toBe('ledger');
    expect(select(earlier, undefined, { select: ['orphan'] })).toBe('orphan');
  });

  it.each([
    [two, 'there is no selector "late" before this one'],
    [one('{ tga: x }'), 'there is no selector method "tga"'],
    [one('{ method: tag }'), 'a selector has a method and a value'],
    [one('{ method: tag, value: x, parent: true }'), '"parent" is not a known key'],
    [one('{ method: tag, value: [a, b] }'), '"value" is one value'],
    [one('{ union: tag }'), '"union" is a list of selectors'],
    [one('{ union: [a], intersection: [b] }'), '"intersection" may not be used together with union'],
    [one('{ union: [a, { exclude: [b] }, { exclude: [c] }] }'), 'there may be one exclude in each list'],
    [one('{ method: fqn, value: a, childrens_parents: true, children: true }'), 'cannot read the selector'],
    [one('{ method: fqn, value: a, indirect_selection: eagre }'), '"eagre" is no indirect selection'],
    [`${one('a')}\nselector: x`, '"selector" is not a known key'],
    [
      'selectors: [{ name: a, default: true, definition: x }, { name: b, default: true, definition: x }]',
      'a and b both say default: true',
    ],
    ['selectors: [{ name: a, definition: x }, { name: a, definition: x }]', 'the selector "a" is defined twice'],
  ])('is refused at its place: %s', (yaml, what) => {
    expect(() => select(yaml, 'it')).toThrow(what);
    expect(() => select(yaml, 'it')).toThrow(/^selectors\.yml:\d+:\d+: /);
  });

  it('that there is not is refused with the nearest name', () => {
    expect(() => select(one('a'), 'its')).toThrow(
      expect.objectContaining({ message: 'there is no selector "its" in selectors.yml', hint: 'Did you mean "it"?' }),
    );
  });
});
