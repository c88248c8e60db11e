import { literal } from '../../../warehouse/quote.ts';
import { SqlText } from '../../text/sql-text.ts';
import {
  beyondBounds,
  type Definition,
  grouping,
  hasQuery,
  interval,
  partitionBy,
  refuse,
  repeated,
  rowsWhere,
} from './definition.ts';

const notNull: Definition = {
  takes: [],
  of: 'column',
  build(call) {
    const { column, subject } = call;
    const built = rowsWhere(call, SqlText.join(column.sql, ' is null'));
    if (subject.relation === undefined || column.name === undefined) return built;
    return { ...built, provenBy: { type: 'not_null', relation: subject.relation, column: column.name } };
  },
};

const unique: Definition = {
  takes: ['columns'],
  of: 'either',
  build(call) {
    const { args, subject, column } = call;
    const several = args.columns('columns', subject);
    if (several.length === 0 && column.sql.text === '') refuse(call, 'of a whole model needs "columns"');
    const columns = several.length > 0 ? several : [column];
    const present = SqlText.list(
      columns.map(({ sql }) => SqlText.join(sql.text, ' is not null')),
      ' and ',
    );
    const names = columns.flatMap(({ name }) => name ?? []);
    return {
      sql: repeated(call, columns, SqlText.join('\nwhere ', present)),
      suffix: several.length > 0 ? names.join('_') : undefined,
      provenBy:
        subject.relation === undefined || names.length < columns.length
          ? undefined
          : { type: 'unique', relation: subject.relation, columns: names },
    };
  },
};

const acceptedValues: Definition = {
  takes: ['values', 'quote'],
  of: 'column',
  build({ args, column, rows }) {
    // A NULL in the list would make the condition unknown for every value; NULL is never a bad value here anyway.
    const quote = args.flag('quote', true) ? literal : (value: string) => value;
    const badRow = SqlText.join(column.sql, ' not in (', SqlText.list(args.values('values', quote), ', '), ')');
    return {
      sql: SqlText.join(
        'select ',
        column.sql,
        ', count(*) as n_records\nfrom ',
        rows(),
        '\nwhere ',
        badRow,
        '\ngroup by ',
        column.sql.text,
      ),
      badRow,
      isOfRows: true,
    };
  },
};

const acceptedRange: Definition = {
  takes: ['min_value', 'max_value', 'inclusive'],
  of: 'column',
  build(call) {
    const { args, column } = call;
    const equal = args.flag('inclusive', true) ? '=' : '';
    const not = (operator: string) => (bound: SqlText) =>
      SqlText.join('not (', column.sql, ` ${operator}${equal} `, bound, ')');
    return rowsWhere(call, SqlText.join('(', beyondBounds(call, not('>'), not('<')), ')'));
  },
};

const notEmptyString: Definition = {
  takes: ['trim_whitespace'],
  of: 'column',
  build(call) {
    const { args, column } = call;
    const text = args.flag('trim_whitespace', true) ? SqlText.join('btrim(', column.sql, ')') : column.sql;
    return rowsWhere(call, SqlText.join(text, " = ''"));
  },
};

const notConstant: Definition = {
  takes: ['group_by_columns'],
  of: 'column',
  build(call) {
    const { column, rows } = call;
    const { selected, clause } = grouping(call);
    const values = SqlText.join('count(distinct ', column.sql, ')');
    return {
      sql: SqlText.join(
        'select ',
        selected,
        values,
        ' as filler_column\nfrom ',
        rows(),
        clause,
        `\nhaving ${values.text} = 1`,
      ),
    };
  },
};

const notNullProportion: Definition = {
  takes: ['at_least', 'at_most', 'group_by_columns'],
  of: 'column',
  build(call) {
    const { args, column, rows } = call;
    const { selected, clause } = grouping(call);
    if (!args.has('at_least') && !args.has('at_most')) refuse(call, 'needs "at_least", "at_most" or both');
    return {
      sql: SqlText.join(
        'select *\nfrom (\n    select ',
        selected,
        'count(',
        column.sql,
        ') / nullif(count(*), 0)::numeric as not_null_proportion\n    from ',
        rows(),
        clause,
        '\n) as proportions\nwhere not_null_proportion < ',
        args.sql('at_least') ?? '0',
        ' or not_null_proportion > ',
        args.sql('at_most') ?? '1',
      ),
    };
  },
};

const sequentialValues: Definition = {
  takes: ['interval', 'datepart', 'group_by_columns'],
  of: 'column',
  build(call) {
    const { args, column, rows } = call;
    const { columns, selected } = grouping(call);
    const next = args.has('datepart')
      ? SqlText.join('value::timestamp = (previous_value + ', interval(args), ')::timestamp')
      : SqlText.join('value = previous_value + ', args.sql('interval') ?? '1');
    return {
      sql: SqlText.join(
        'select *\nfrom (\n    select ',
        selected,
        column.sql,
        ` as value, lag(${column.sql.text}) over (${partitionBy(columns)}order by ${column.sql.text}) as previous_value\n    from `,
        rows(),
        '\n) as windowed\nwhere not (',
        next,
        ')',
      ),
    };
  },
};

const recency: Definition = {
  takes: ['field', 'datepart', 'interval', 'ignore_time_component', 'group_by_columns'],
  of: 'either',
  build(call) {
    const { args, column, rows, subject } = call;
    const { selected, clause } = grouping(call);
    const field = column.sql.text === '' ? args.column('field', subject).sql : column.sql;
    const type = args.flag('ignore_time_component', false) ? 'date' : undefined;
    const newest = SqlText.join('max(', field, type === undefined ? ')' : `)::${type}`);
    const threshold = SqlText.join('(now() - ', interval(args), `)::${type ?? 'timestamp'}`);
    return {
      sql: SqlText.join(
        'select *\nfrom (\n    select ',
        selected,
        newest,
        ' as most_recent, ',
        threshold,
        ' as threshold\n    from ',
        rows(),
        clause,
        '\n) as recency\nwhere most_recent < threshold',
      ),
    };
  },
};

const expressionIsTrue: Definition = {
  takes: ['expression'],
  of: 'either',
  build(call) {
    const { args, column } = call;
    const expression = args.requiredSql('expression');
    const whole = column.sql.text === '' ? expression : SqlText.join(column.sql, ' ', expression);
    const built = rowsWhere(call, SqlText.join('not (', whole, ')'));
    // A query or an aggregate in it may ask for other rows.
    return hasQuery(expression.text) ? { ...built, badRow: undefined, isOfRows: false } : built;
  },
};

/** Tests of one column, or of an expression in its place. */
export const ofColumns: Readonly<Record<string, Definition>> = {
  not_null: notNull,
  unique,
  accepted_values: acceptedValues,
  accepted_range: acceptedRange,
  not_empty_string: notEmptyString,
  not_constant: notConstant,
  not_null_proportion: notNullProportion,
  sequential_values: sequentialValues,
  recency,
  expression_is_true: expressionIsTrue,
};
