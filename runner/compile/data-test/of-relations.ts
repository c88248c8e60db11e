import { identifier } from '../../../warehouse/quote.ts';
import { SqlText } from '../../text/sql-text.ts';
import { type Definition, grouping, refuse } from './definition.ts';

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
      isOfRows: ![onlyFrom, onlyTo].some((one) => /\bselect\b/i.test(one?.text ?? '')),
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
  build({ args, rows, subject }) {
    const columns = args.requiredColumns('combination_of_columns', subject);
    const list = SqlText.list(
      columns.map(({ sql }) => sql),
      ', ',
    );
    return {
      sql: SqlText.join(
        'select ',
        list,
        ', count(*) as n_records\nfrom ',
        rows(),
        `\ngroup by ${list.text}\nhaving count(*) > 1`,
      ),
      suffix: columns.map(({ name }) => name).join('_'),
    };
  },
};

const rowCountBetween: Definition = {
  takes: ['min_value', 'max_value', 'group_by_columns'],
  of: 'model',
  build(call) {
    const { args, rows } = call;
    const { selected, clause } = grouping(call);
    const bounds = (
      [
        ['min_value', '<'],
        ['max_value', '>'],
      ] as const
    ).flatMap(([key, operator]) => {
      const bound = args.sql(key);
      return bound === undefined ? [] : [SqlText.join(`count(*) ${operator} `, bound)];
    });
    if (bounds.length === 0) refuse(call, 'needs "min_value", "max_value" or both');
    return {
      sql: SqlText.join(
        'select ',
        selected,
        'count(*) as row_count\nfrom ',
        rows(),
        clause,
        '\nhaving ',
        SqlText.list(bounds, ' or '),
      ),
    };
  },
};

const equalRowcount: Definition = {
  takes: ['compare_model', 'group_by_columns'],
  of: 'model',
  build({ args, rows, subject }) {
    const other = args.relation('compare_model');
    const columns = args.columns('group_by_columns', subject);
    const list = columns.map(({ sql }) => sql.text).join(', ');
    const count = (from: SqlText, name: string) =>
      SqlText.join(
        `(select ${list === '' ? '' : `${list}, `}count(*) as ${name} from `,
        from,
        list === '' ? ')' : ` group by ${list})`,
      );
    const keys = columns.map(({ sql }) => sql.text);
    return {
      sql: SqlText.join(
        `select ${keys.map((key) => `${key}, `).join('')}count_a, count_b, abs(coalesce(count_a, 0) - coalesce(count_b, 0)) as diff_count\nfrom `,
        count(rows(), 'count_a'),
        ' as a\nfull join ',
        count(new SqlText(other.sql), 'count_b'),
        keys.length === 0 ? ' as b on true' : ` as b using (${keys.join(', ')})`,
        '\nwhere count_a is distinct from count_b',
      ),
      failCalc: 'coalesce(sum(diff_count), 0)',
      suffix: `_${other.name}`,
    };
  },
};

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
    const names = excluded.map(({ name }) => `'${name.replaceAll("'", "''")}'`).join(', ');
    const compared =
      columns.length > 0
        ? SqlText.list(
            columns.map(({ sql }) => sql),
            ', ',
          )
        : new SqlText(`to_jsonb(compared.*)${names === '' ? '' : ` - array[${names}]`} as row`);
    const from = (what: SqlText) => SqlText.join('select ', compared, ' from ', what);
    const [a, b] = [from(rows('compared')), from(new SqlText(`${other.sql} as compared`))];
    const less = (left: SqlText, right: SqlText, which: string) =>
      SqlText.join(`select '${which}' as which_diff, lacking.*\nfrom (`, left, ' except ', right, ') as lacking');
    return {
      sql: SqlText.join(less(a, b, 'a_minus_b'), '\nunion all\n', less(b, a, 'b_minus_a')),
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
    const [a, b] = [of(column.sql, rows()), of(field.sql, new SqlText(other.sql))];
    const less = (left: SqlText, right: SqlText, which: string) =>
      SqlText.join(`select '${which}' as which_diff, lacking.*\nfrom (`, left, ' except ', right, ') as lacking');
    return {
      sql: SqlText.join(less(a, b, 'a_minus_b'), '\nunion all\n', less(b, a, 'b_minus_a')),
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
    const partition = parts.length === 0 ? '' : `partition by ${parts.map(({ sql }) => sql.text).join(', ')} `;
    const gaps = ofGaps[args.word('gaps', ['allowed', 'not_allowed', 'required'], 'allowed')];
    const length = args.flag('zero_length_range_allowed', false) ? '<=' : '<';
    const over = (order: string) => `over (${partition}order by ${order})`;
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
