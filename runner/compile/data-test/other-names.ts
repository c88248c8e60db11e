import { type ParsedRequest, TestRequestError } from './request.ts';

/** A test under the name that a package of dbt gives it: which it is here, and what its arguments are called here. */
interface OtherName {
  readonly is: string;
  /** Its arguments by the names of the package; those that are not here have the same name. */
  readonly renames?: Readonly<Record<string, string>>;
  readonly given?: Readonly<Record<string, unknown>>;
}

const utils = [
  'accepted_range',
  'not_empty_string',
  'not_constant',
  'not_null_proportion',
  'sequential_values',
  'recency',
  'expression_is_true',
  'relationships_where',
  'unique_combination_of_columns',
  'equal_rowcount',
  'equality',
  'cardinality_equality',
  'mutually_exclusive_ranges',
];

const otherNames: Readonly<Record<string, OtherName>> = {
  ...Object.fromEntries(utils.map((name) => [`dbt_utils.${name}`, { is: name }])),
  'dbt_expectations.expression_is_true': { is: 'expression_is_true' },
  'dbt_expectations.expect_column_values_to_not_be_null': { is: 'not_null' },
  'dbt_expectations.expect_column_values_to_be_unique': { is: 'unique' },
  'dbt_expectations.expect_column_values_to_be_in_set': {
    is: 'accepted_values',
    renames: { value_set: 'values', quote_values: 'quote' },
  },
  'dbt_expectations.expect_column_values_to_be_between': {
    is: 'accepted_range',
    renames: { strictly: 'inclusive' },
  },
  'dbt_expectations.expect_compound_columns_to_be_unique': {
    is: 'unique_combination_of_columns',
    renames: { column_list: 'combination_of_columns', quote_columns: 'quote_columns' },
  },
  'dbt_expectations.expect_table_row_count_to_be_between': {
    is: 'row_count_between',
    renames: { group_by: 'group_by_columns' },
  },
  'dbt_expectations.expect_table_row_count_to_equal_other_table': {
    is: 'equal_rowcount',
    renames: { group_by: 'group_by_columns' },
  },
  'dbt_expectations.expect_row_values_to_have_recent_data': { is: 'recency' },
};

/** The packages whose tests are known. */
const packages = ['dbt_utils', 'dbt_expectations', 'dbt'];

/**
 * A request under the name of a package as one under the name here; any other as it is.
 * @throws TestRequestError for a test of a package that is not here.
 */
export function underOwnName(request: ParsedRequest): ParsedRequest {
  const { kind } = request;
  const dot = kind.indexOf('.');
  if (dot === -1) return request;
  const [from, name] = [kind.slice(0, dot), kind.slice(dot + 1)];
  if (from === 'dbt') return { ...request, kind: name };
  const other = otherNames[kind];
  if (other === undefined) {
    const here = Object.keys(otherNames).filter((one) => one.startsWith(`${from}.`));
    const hint = packages.includes(from)
      ? `Of that package there are ${here.map((one) => one.slice(dot + 1)).join(', ')}.`
      : undefined;
    throw new TestRequestError(
      `there is no test "${kind}"`,
      hint ?? 'There are no packages: write the test as a file of its own in tests/generic/.',
    );
  }
  const own: Record<string, unknown> = { ...other.given };
  const settings: Record<string, unknown> = { ...request.settings };
  const written = new Map<string, string>();
  for (const [key, value] of Object.entries(request.arguments)) {
    // Both packages have a condition of their own beside the setting.
    if (key === 'row_condition' || (key === 'condition' && from === 'dbt_utils')) {
      settings.where ??= value;
      written.set('where', key);
      continue;
    }
    const renamed = other.renames?.[key] ?? key;
    own[renamed] = key === 'strictly' ? value !== true : value;
    written.set(renamed, key);
  }
  return {
    ...request,
    kind: other.is,
    arguments: own,
    settings,
    path: (key, ...inside) => request.path(written.get(key) ?? key, ...inside),
  };
}
