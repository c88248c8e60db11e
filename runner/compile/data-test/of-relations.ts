import { identifier, literal } from '../../../warehouse/quote.ts';
import { SqlText } from '../../text/sql-text.ts';
import {
  beyondBounds,
  type Definition,
  grouping,
  hasQuery,
  listOf,
  partitionBy,
  refuse,
  repeated,
} from './definition.ts';

const relationships: Definition = {
  takes: ['to', 'field', 'from_condition', 'to_condition'],
  of: 'column',
  build({ args, column, rows, subject }) {
    const parent = args.relation('to');
    const field = args.column('field', parent, 'parent.');
    const onlyTo = args.sql('to_condition');
    const onlyFrom = args.sql('from_condition');
    const child =
      column.name === undefined
        ? SqlText.join('(select *, ', column.sql, ' as from_field from ', rows(), ') as child')
        : rows('child');
    const children =
      onlyFrom === undefined
        ? child
        : SqlText.join(
            '(select * from ',
            column.name === undefined ? child : rows(),
            ' where ',
            onlyFrom,
            ') as child',
          );
    const value = column.name === undefined ? 'child.from_field' : `child.${identifier(column.name)}`;
    const parents =
      onlyTo === undefined ? parent.sql : SqlText.join(`(select * from ${parent.sql} where `, onlyTo, ')');
    const { relation: own } = subject;
    return {
      sql: SqlText.join(
        'select child.*\nfrom ',
        children,
        '\nleft join ',
        parents,
        ' as parent on ',
        field.sql,
        ` = ${value}\nwhere ${value} is not null and ${field.sql.text} is null`,
      ),
      isOfRows: ![onlyFrom, onlyTo].some((one) => hasQuery(one?.text ?? '')),
      suffix: `_${parent.name}`,
      parent: field.name === undefined || onlyTo !== undefined ? undefined : { id: parent.id, column: field.name },
      provenBy:
        own === undefined ||
        parent.relation === undefined ||
        column.name === undefined ||
        field.name === undefined ||
        onlyTo
          ? undefined
          : {
              type: 'foreign_key',
              relation: own,
              columns: [column.name],
              to: parent.relation,
              toColumns: [field.name],
            },
    };
  },
};

const uniqueCombination: Definition = {
  takes: ['combination_of_columns', 'quote_columns'],
  of: 'model',
  build(call) {
    const columns = call.args.requiredColumns('combination_of_columns', call.subject);
    return {
      sql: repeated(call, columns, new SqlText('')),
      suffix: columns.map(({ name }) => name).join('_'),
    };
  },
};

const rowCountBetween: Definition = {
  takes: ['min_value', 'max_value', 'group_by_columns'],
  of: 'model',
  build(call) {
    const { selected, clause } = grouping(call);
    const count = (operator: string) => (bound: SqlText) => SqlText.join(`count(*) ${operator} `, bound);
    return {
      sql: SqlText.join(
        'select ',
        selected,
        'count(*) as row_count\nfrom ',
        call.rows(),
        clause,
        '\nhaving ',
        beyondBounds(call, count('<'), count('>')),
      ),
    };
  },
};

const equalRowcount: Definition = {
  takes: ['compare_model', 'group_by_columns'],
  of: 'model',
  build({ args, rows, subject }) {
    const other = args.relation('compare_model');
    const keys = listOf(args.columns('group_by_columns', subject)).text;
    const selected = keys === '' ? '' : `${keys}, `;
    const count = (from: SqlText, name: string) =>
      SqlText.join(`(select ${selected}count(*) as ${name} from `, from, keys === '' ? ')' : ` group by ${keys})`);
    return {
      sql: SqlText.join(
        `select ${selected}count_a, count_b, abs(coalesce(count_a, 0) - coalesce(count_b, 0)) as diff_count\nfrom `,
        count(rows(), 'count_a'),
        ' as a\nfull join ',
        count(new SqlText(other.sql), 'count_b'),
        keys === '' ? ' as b on true' : ` as b using (${keys})`,
        '\nwhere count_a is distinct from count_b',
      ),
      failCalc: 'coalesce(sum(diff_count), 0)',
      suffix: `_${other.name}`,
    };
  },
};

/** The rows of each of two queries that the other does not have. */
function ofOneAlone(a: SqlText, b: SqlText): SqlText {
  const less = (left: SqlText, right: SqlText, which: string) =>
    SqlText.join(`select '${which}' as which_diff, lacking.*\nfrom (`, left, ' except ', right, ') as lacking');
  return SqlText.join(less(a, b, 'a_minus_b'), '\nunion all\n', less(b, a, 'b_minus_a'));
}

const equality: Definition = {
  takes: ['compare_model', 'compare_columns', 'exclude_columns'],
  of: 'model',
  build(call) {
    const { args, rows, subject } = call;
    const other = args.relation('compare_model');
    const columns = args.columns('compare_columns', subject);
    const excluded = args.columns('exclude_columns', subject);
    if (columns.length > 0 && excluded.length > 0)
      refuse(call, 'takes "compare_columns" or "exclude_columns", not both');
    // As JSON, rows are compared column by column by their names, whatever the order of the columns.
    const names = excluded.map(({ name }) => literal(name)).join(', ');
    const compared =
      columns.length > 0
        ? listOf(columns)
        : new SqlText(`to_jsonb(compared.*)${names === '' ? '' : ` - array[${names}]`} as row`);
    const from = (what: SqlText) => SqlText.join('select ', compared, ' from ', what);
    return {
      sql: ofOneAlone(from(rows('compared')), from(new SqlText(`${other.sql} as compared`))),
      suffix: `_${other.name}`,
    };
  },
};

const cardinalityEquality: Definition = {
  takes: ['to', 'field'],
  of: 'column',
  build({ args, column, rows }) {
    const other = args.relation('to');
    const field = args.column('field', other);
    const of = (value: SqlText, from: SqlText) =>
      SqlText.join('select ', value, ' as value, count(*) as num_rows from ', from, ' group by 1');
    return {
      sql: ofOneAlone(of(column.sql, rows()), of(field.sql, new SqlText(other.sql))),
      suffix: `_${other.name}`,
    };
  },
};

/** What the upper bound has to be to the next lower bound. */
const ofGaps = { allowed: '<=', not_allowed: '=', required: '<' } as const;

const mutuallyExclusiveRanges: Definition = {
  takes: ['lower_bound_column', 'upper_bound_column', 'partition_by', 'gaps', 'zero_length_range_allowed'],
  of: 'model',
  build({ args, rows, subject }) {
    const lower = args.column('lower_bound_column', subject).sql;
    const upper = args.column('upper_bound_column', subject).sql;
    const parts = args.columns('partition_by', subject);
    const gaps = ofGaps[args.word('gaps', ['allowed', 'not_allowed', 'required'], 'allowed')];
    const length = args.flag('zero_length_range_allowed', false) ? '<=' : '<';
    const over = (order: string) => `over (${partitionBy(parts)}order by ${order})`;
    return {
      sql: SqlText.join(
        'select *\nfrom (\n    select ',
        ...parts.map(({ sql }) => SqlText.join(sql, ', ')),
        lower,
        ' as lower_bound, ',
        upper,
        ' as upper_bound,\n        ',
        `lead(${lower.text}) ${over(`${lower.text}, ${upper.text}`)} as next_lower_bound,\n        `,
        `row_number() ${over(`${lower.text} desc, ${upper.text} desc`)} = 1 as is_last_record\n    from `,
        rows(),
        `\n) as ranges\nwhere not (\n    coalesce(lower_bound ${length} upper_bound, false)\n    `,
        `and coalesce(upper_bound ${gaps} next_lower_bound, is_last_record, false)\n)`,
      ),
    };
  },
};

/** Tests of a whole model, and of a model beside another. */
export const ofRelations: Readonly<Record<string, Definition>> = {
  relationships: { ...relationships, takes: ['to', 'field'] },
  relationships_where: relationships,
  unique_combination_of_columns: uniqueCombination,
  row_count_between: rowCountBetween,
  equal_rowcount: equalRowcount,
  equality,
  cardinality_equality: cardinalityEquality,
  mutually_exclusive_ranges: mutuallyExclusiveRanges,
};
