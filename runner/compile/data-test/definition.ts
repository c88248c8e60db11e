import type { Proof } from '../../manifest/test-node.ts';
import { SqlText } from '../../text/sql-text.ts';
import type { Arguments } from './arguments.ts';
import { TestRequestError } from './request.ts';
import type { TestSubject } from './tested.ts';

/** A kind of generic test: what it takes, and the query for the bad rows. */
export interface Definition {
  /** The arguments that it takes. */
  readonly takes: readonly string[];
  /** Whether it tests a column, a whole model, or either. */
  readonly of: 'column' | 'model' | 'either';
  readonly build: (call: Call) => Built;
}

/** A test that is asked for. */
export interface Call {
  readonly kind: string;
  readonly args: Arguments;
  readonly subject: TestSubject;
  /** The tested column. Not there where the whole model is tested; a definition of columns is not called then. */
  readonly column: TestedColumn;
  /** The tested rows, as written after `from`, only those of the condition `where`. */
  readonly rows: (alias?: string) => SqlText;
}

/** A tested column, or an expression in its place. */
export interface TestedColumn {
  /** Undefined for an expression. */
  readonly name: string | undefined;
  readonly sql: SqlText;
}

export interface Built {
  readonly sql: SqlText;
  /** What is true of a bad row, where its columns alone decide that. */
  readonly badRow?: SqlText | undefined;
  /** Whether a row is bad depends on that row of the tested model alone, and on rows of others. */
  readonly isOfRows?: boolean | undefined;
  /** How the rows that it returns are counted, if not one by one. */
  readonly failCalc?: string | undefined;
  readonly provenBy?: Proof | undefined;
  /** The id of the other node in whose column each value has to be. */
  readonly parent?: { readonly id: string; readonly column: string } | undefined;
  /** What is behind the column in the test's name. */
  readonly suffix?: string | undefined;
}

/** A test that looks for rows with a condition. */
export function rowsWhere({ rows }: Call, badRow: SqlText): Built {
  return { sql: SqlText.join('select *\nfrom ', rows(), '\nwhere ', badRow), badRow, isOfRows: true };
}

/** The SQL of columns, separated by commas. */
export function listOf(columns: readonly Pick<TestedColumn, 'sql'>[]): SqlText {
  return SqlText.list(
    columns.map(({ sql }) => sql),
    ', ',
  );
}

/** The query for values, or combinations of values, that are in more than one row. @param clause which rows it looks at. */
export function repeated({ rows }: Call, columns: readonly Pick<TestedColumn, 'sql'>[], clause: SqlText): SqlText {
  const list = listOf(columns);
  return SqlText.join(
    'select ',
    list,
    ', count(*) as n_records\nfrom ',
    rows(),
    clause,
    `\ngroup by ${list.text}\nhaving count(*) > 1`,
  );
}

/** The condition that something is beyond `min_value` or `max_value`, as it is said of each; one of them has to be given. */
export function beyondBounds(
  call: Call,
  below: (least: SqlText) => SqlText,
  above: (most: SqlText) => SqlText,
): SqlText {
  const [least, most] = [call.args.sql('min_value'), call.args.sql('max_value')];
  const conditions = [...(least === undefined ? [] : [below(least)]), ...(most === undefined ? [] : [above(most)])];
  if (conditions.length === 0) refuse(call, 'needs "min_value", "max_value" or both');
  return SqlText.list(conditions, ' or ');
}

/** Whether a condition has a query in it: whether it holds for a row may then depend on other rows. */
export function hasQuery(condition: string): boolean {
  return /\bselect\b/i.test(condition);
}

/** The part of a window that divides its rows, with a blank behind it: `partition by "a", "b" `; nothing without columns. */
export function partitionBy(columns: readonly Pick<TestedColumn, 'sql'>[]): string {
  return columns.length === 0 ? '' : `partition by ${listOf(columns).text} `;
}

/** The columns by which a test groups: themselves, as SQL that ends in a comma, and the clause for them. */
export function grouping({ args, subject }: Call): {
  readonly columns: readonly Pick<TestedColumn, 'sql'>[];
  readonly selected: SqlText;
  readonly clause: SqlText;
} {
  const columns = args.columns('group_by_columns', subject);
  if (columns.length === 0) return { columns, selected: new SqlText(''), clause: new SqlText('') };
  const list = listOf(columns);
  return { columns, selected: SqlText.join(list, ', '), clause: SqlText.join('\ngroup by ', list) };
}

/** A length of time of `interval` dateparts, e.g. `3 * interval '1 day'`. */
export function lengthOf(args: Arguments, unit: string): SqlText {
  return SqlText.join('(', args.sql('interval') ?? '1', `) * interval '1 ${unit}'`);
}

export const dateparts = ['second', 'minute', 'hour', 'day', 'week', 'month', 'quarter', 'year'] as const;

/** PostgreSQL knows no interval of a quarter. */
export function interval(args: Arguments): SqlText {
  const part = args.word('datepart', dateparts);
  return part === 'quarter' ? SqlText.join(lengthOf(args, 'month'), ' * 3') : lengthOf(args, part);
}

/** Refuses a test whose arguments contradict each other or lack one. */
export function refuse({ kind }: Call, what: string, hint?: string): never {
  throw new TestRequestError(`${kind} ${what}`, hint);
}
