import { describe, expect, it } from 'vitest';
import { oneDatabase } from '../../databases.ts';
import { projectOn } from '../../project-on.ts';

type Request = readonly [test: string, args: object, verdict: string];

/** Requests on columns of `t`, on `t` as a whole and on the empty `nothing`, and what they find. */
const ofColumns: Readonly<Record<string, readonly Request[]>> = {
  n: [
    ['accepted_range', { min_value: 1, max_value: 5 }, 'pass'],
    ['dbt_utils.accepted_range', { min_value: 1, inclusive: false }, 'fail 1'],
    ['accepted_range', { max_value: 'm', where: 'n < 5' }, 'fail 1'],
    ['dbt_expectations.expect_column_values_to_be_between', { min_value: 1, strictly: true }, 'fail 1'],
    [
      'dbt_expectations.expect_column_values_to_be_between',
      { min_value: 1, strictly: true, row_condition: 'n > 1' },
      'pass',
    ],
    ['dbt_expectations.expect_column_values_to_be_in_set', { value_set: [1, 2, 3] }, 'fail 1'],
    ['dbt_expectations.expect_column_values_to_not_be_null', {}, 'fail 1'],
    ['sequential_values', {}, 'fail 2'],
    ['sequential_values', { where: 'n <= 3 and m > 1' }, 'pass'],
    ['sequential_values', { interval: 2, where: 'n in (1, 3, 5)' }, 'pass'],
    ['not_null_proportion', { at_least: 0.8 }, 'pass'],
    ['not_null_proportion', { at_least: 0.9 }, 'fail 1'],
    ['not_null_proportion', { at_least: 0.9, group_by_columns: ['s'] }, 'fail 1'],
    ['dbt_utils.relationships_where', { to: "ref('others')", field: 'n', from_condition: 'n < 5' }, 'pass'],
    ['relationships_where', { to: "ref('others')", field: 'n', to_condition: 'n <> 2' }, 'fail 3'],
    ['relationships', { to: "source('raw', 'events')", field: 'n' }, 'fail 4'],
    ['cardinality_equality', { to: "ref('others')", field: 'n' }, 'fail 4'],
    ['expression_is_true', { expression: '< 5' }, 'fail 1'],
  ],
  s: [
    ['not_empty_string', {}, 'fail 2'],
    ['dbt_utils.not_empty_string', { trim_whitespace: false }, 'pass'],
    ['not_constant', {}, 'pass'],
    ['dbt_utils.not_constant', { where: 'n = 2' }, 'fail 1'],
    ['cardinality_equality', { to: "ref('t')", field: 's' }, 'pass'],
  ],
  at: [
    ['recency', { datepart: 'day', interval: 1, field: 'at' }, 'pass'],
    ['dbt_expectations.expect_row_values_to_have_recent_data', { datepart: 'minute', interval: 30 }, 'fail 1'],
    ['recency', { datepart: 'quarter', interval: 1, ignore_time_component: true }, 'pass'],
  ],
  Wide: [['not_null', {}, 'pass']],
};
const ofModel: readonly Request[] = [
  ['unique_combination_of_columns', { combination_of_columns: ['n', 's'] }, 'fail 1'],
  ['dbt_utils.unique_combination_of_columns', { combination_of_columns: ['n', 's', 'm'] }, 'pass'],
  ['dbt_expectations.expect_compound_columns_to_be_unique', { column_list: ['n', 's'] }, 'fail 1'],
  ['expression_is_true', { expression: 'n <= m' }, 'fail 1'],
  ['dbt_utils.expression_is_true', { expression: 'n <= m', where: 'n > 1' }, 'fail 1'],
  ['row_count_between', { min_value: 6, max_value: 6 }, 'pass'],
  ['dbt_expectations.expect_table_row_count_to_be_between', { max_value: 5 }, 'fail 1'],
  ['equal_rowcount', { compare_model: "ref('others')" }, 'fail 3'],
  ['equal_rowcount', { compare_model: "ref('t')" }, 'pass'],
  ['equality', { compare_model: "ref('t')" }, 'pass'],
  ['dbt_utils.equality', { compare_model: "ref('others')", compare_columns: ['n'] }, 'fail 2'],
  ['equality', { compare_model: "ref('others')", exclude_columns: ['m', 's', 'at', 'wide'] }, 'fail 2'],
  ['recency', { field: 'at', datepart: 'minute', interval: 30 }, 'fail 1'],
  ['mutually_exclusive_ranges', { lower_bound_column: 'n', upper_bound_column: 'm', where: 'n is not null' }, 'fail 2'],
  [
    'dbt_utils.mutually_exclusive_ranges',
    { lower_bound_column: 'n', upper_bound_column: 'm', where: 'n > 0', zero_length_range_allowed: true },
    'fail 1',
  ],
  [
    'mutually_exclusive_ranges',
    { lower_bound_column: 'n', upper_bound_column: 'n + 1', where: 'n in (1, 3)', gaps: 'required' },
    'pass',
  ],
  [
    'mutually_exclusive_ranges',
    { lower_bound_column: 'n', upper_bound_column: 'n + 1', where: 'n in (1, 3)', gaps: 'not_allowed' },
    'fail 1',
  ],
  ['not_null', { column_name: 'n + m' }, 'fail 1'],
  ['relationships', { column_name: 'n + 0', to: "ref('others')", field: 'n' }, 'fail 1'],
  ['sequential_values', { column_name: 'no_such_column' }, 'error'],
];
const ofNothing: readonly Request[] = [
  ['not_null_proportion', { column_name: 'n', at_least: 1 }, 'pass'],
  ['not_constant', { column_name: 'n' }, 'pass'],
  ['recency', { field: 'n', datepart: 'day', interval: 1, where: 'false' }, 'pass'],
  ['row_count_between', { min_value: 1 }, 'fail 1'],
  ['equal_rowcount', { compare_model: "ref('t')" }, 'fail 6'],
  ['mutually_exclusive_ranges', { lower_bound_column: 'n', upper_bound_column: 'n' }, 'pass'],
];

const expected: Record<string, string> = {};
/** The requests as YAML; each gets a name under which its verdict is looked up. */
function written(requests: readonly Request[], about: string): string {
  return JSON.stringify(
    requests.map(([test, args, verdict], index) => {
      const name = `${test} ${about} ${index}`;
      expected[name] = verdict;
      return { [test]: { name, ...args } };
    }),
  );
}
const columns = Object.entries(ofColumns).map(
  ([name, requests]) => `{ name: ${name}, data_tests: ${written(requests, name)} }`,
);
const files = {
  'models/t.sql': `select n, m, s, now() - interval '1 hour' as at, 1 as wide
from (values (1, 2, 'a'), (2, 2, ' '), (2, 1, ' '), (3, 4, 'b'), (5, 9, 'c'), (null, 0, null)) as v (n, m, s)`,
  'models/others.sql': 'select n from (values (1), (2), (3)) as v (n)',
  'models/nothing.sql': 'select n, now() as at from {{ref "t"}} where false',
  'models/m.yml': `models:
  - { name: t, data_tests: ${written(ofModel, 't')}, columns: [${columns.join(', ')}] }
  - { name: nothing, data_tests: ${written(ofNothing, 'nothing').replace('"field":"n"', '"field":"at"')} }
sources: [{ name: raw, tables: [{ name: events }] }]`,
};

describe.each(oneDatabase)('the built-in data tests on $name', (kind) => {
  const { project, database } = projectOn(kind, files, [
    'create table raw.events (n int)',
    'insert into raw.events values (1)',
  ]);

  it('pass and fail as those of dbt and its packages do, with NULL, empty tables and bounds', async () => {
    await project.run(database.warehouse, { command: 'run' });
    const { results } = await project.run(database.warehouse, { command: 'test' });
    const found = results.flatMap(({ node, status, failures }) =>
      node.kind === 'test' ? [[node.name, status === 'fail' ? `fail ${failures}` : status] as const] : [],
    );
    expect(Object.fromEntries(found)).toEqual(expected);
  });
});
