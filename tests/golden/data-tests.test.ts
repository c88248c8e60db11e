import { describe, it } from 'vitest';
import { compileFiles } from '../unit/runner/projects.ts';
import { expectGolden } from './golden.ts';

/** The SQL of a generic test by the request for it, of column `id` of model `readings` or of the whole model. */
const ofColumn: Readonly<Record<string, unknown>> = {
  not_null: {},
  unique: { where: 'value > 0' },
  accepted_values: { values: ['a', "it's", null] },
  relationships: { to: "ref('rooms')", field: 'id' },
  relationships_where: {
    to: "source('raw', 'events')",
    field: 'id',
    from_condition: 'value > 0',
    to_condition: "kind = 'a'",
  },
  accepted_range: { min_value: 0, max_value: 'value + 1', inclusive: false },
  not_empty_string: {},
  not_constant: { group_by_columns: ['room'] },
  not_null_proportion: { at_least: 0.95 },
  sequential_values: { interval: 1, datepart: 'hour', group_by_columns: ['room'] },
  cardinality_equality: { to: "ref('rooms')", field: 'id' },
};
const ofModel: Readonly<Record<string, unknown>> = {
  expression_is_true: { expression: 'value >= id', where: 'value is not null' },
  recency: { datepart: 'day', field: 'at', interval: 2 },
  unique_combination_of_columns: { combination_of_columns: ['id', 'room'] },
  row_count_between: { min_value: 1, max_value: 10 },
  equal_rowcount: { compare_model: "ref('rooms')" },
  row_count_anomaly: {},
  freshness_anomaly: { runs: 10, sensitivity: 2 },
  equality: { compare_model: "ref('rooms')", exclude_columns: ['at'] },
  mutually_exclusive_ranges: {
    lower_bound_column: 'value',
    upper_bound_column: 'coalesce(id, 9)',
    partition_by: 'room',
    gaps: 'not_allowed',
  },
};
const requests = (all: Readonly<Record<string, unknown>>) =>
  JSON.stringify(Object.entries(all).map(([kind, args]) => ({ [kind]: args })));

describe('the query of a data test', () => {
  const { manifest } = compileFiles({
    'models/readings.sql': "select 1 as id, 2 as value, 'a' as room, now() as at",
    'models/m.yml': `models: [{ name: readings, data_tests: ${requests(ofModel)}, columns: [{ name: id, data_tests: ${requests(ofColumn)} }] }]
sources: [{ name: raw, tables: [{ name: events }] }]`,
    'seeds/rooms.csv': 'id\n1\n',
    'tests/generic/is_multiple.sql': `{{!-- Rows whose value is no multiple of divisor. --}}
{{arguments divisor="number = 2" label="text?"}}
{{config severity="warn"}}
select *{{#if label}}, {{literal label}} as label{{/if}}
from {{model}}
where {{column_name}} % {{divisor}} <> 0`,
    'models/own.sql': 'select 1 as id',
    'models/own.yml': `models: [{ name: own, columns: [{ name: id, data_tests: [is_multiple, { is_multiple: { divisor: 3, label: "it's", where: id > 1, name: thirds } }] }] }]`,
  });
  const tests = [...manifest.nodes.values()].flatMap((node) => (node.kind === 'test' ? [node] : []));
  it.each(tests.map((test) => [test.generic === 'is_multiple' ? test.name : (test.generic ?? ''), test] as const))(
    '%s',
    (name, { sql, dbtName, verdict }) => {
      const judged = verdict === undefined ? '' : `\n-- counted as: ${verdict.failCalc}`;
      expectGolden(`data-tests/${name}`, `-- dbt: ${dbtName}${judged}\n${sql.text};\n`);
    },
  );
});
