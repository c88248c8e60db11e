import { identifier } from '../../../warehouse/quote.ts';
import type { Proof } from '../../manifest/test-node.ts';
import { type Config, configSchema, mergeConfig } from '../../project/config.ts';
import type { ProjectError } from '../../text/errors.ts';
import { schemaFault } from '../../text/schema-fault.ts';
import { SqlText } from '../../text/sql-text.ts';
import { didYouMean } from '../../text/suggest.ts';
import { Arguments, columnSql } from './arguments.ts';
import { type Built, type Definition, hasQuery, type TestedColumn } from './definition.ts';
import { dbtName } from './names.ts';
import { ofColumns } from './of-columns.ts';
import { ofHistory } from './of-history.ts';
import { ofRelations } from './of-relations.ts';
import { underOwnName } from './other-names.ts';
import {
  nowhere,
  type ParsedRequest,
  parseRequest,
  type RequestText,
  type TestRequest,
  TestRequestError,
} from './request.ts';
import type { Found, TestSubject } from './tested.ts';

/** A generic test, ready to run. */
export interface GenericTest {
  /** Which it is, e.g. not_null. */
  readonly kind: string;
  readonly name: string;
  /** The name that dbt gives it. */
  readonly dbtName: string;
  readonly description: string;
  /** The tested column, where it tests one. */
  readonly column: string | undefined;
  readonly arguments: Readonly<Record<string, unknown>>;
  /** Returns the bad rows. */
  readonly sql: SqlText;
  /** What is set for it, by its folder, its own file and its request. */
  readonly config: Config;
  /** Whether a row is bad depends on that row of the tested model alone, and on rows of others. */
  readonly isOfRows: boolean;
  /** What is true of a bad row, where it has such a condition. */
  readonly badRow: SqlText | undefined;
  readonly audit: Config['audit'];
  readonly provenBy: Proof | undefined;
  /** Ids of what it reads besides its subject. */
  readonly reads: readonly string[];
  /** The column of another node in which each value has to be. */
  readonly parent: Built['parent'];
}

/** A test of the project itself, in a file of its own. */
export interface CustomTest {
  readonly definition: Definition;
  /** What its file sets, and a .yml for it. */
  readonly config: Config;
  readonly description?: string | undefined;
  /** What is wrong with its file: nothing can be tested by it. */
  readonly fault?: ProjectError | undefined;
}

/** The kinds of tests that every project has. */
export const builtIn: Readonly<Record<string, Definition>> = { ...ofColumns, ...ofRelations, ...ofHistory };

/**
 * Builds the SQL of one generic test.
 * @param find resolves what an argument names; throws TestRequestError if there is no such model, seed or source.
 * @param text tells the places of what the request says; without it the SQL has none.
 * @param custom the project's own tests by name; one may take the place of a built-in one.
 * @param isMacro whether the project has a macro of this name: dbt takes `test_x` for the test `x`.
 */
export function genericTest(
  written: TestRequest,
  subject: TestSubject,
  find: (name: string) => Found,
  text: RequestText = nowhere,
  custom: ReadonlyMap<string, CustomTest> = new Map(),
  isMacro: (name: string) => boolean = () => false,
): GenericTest {
  const asked = parseRequest(written);
  const own = custom.get(asked.kind);
  if (own?.fault !== undefined) throw own.fault;
  const request = own === undefined ? underOwnName(asked) : asked;
  const { kind, path } = request;
  const definition = own?.definition ?? (Object.hasOwn(builtIn, kind) ? builtIn[kind] : undefined);
  if (definition === undefined)
    throw new TestRequestError(
      `there is no test "${kind}"`,
      (isMacro(`test_${kind}`) ? `Move macros/test_${kind}.sql to tests/generic/${kind}.sql.` : undefined) ??
        didYouMean(kind, [...Object.keys(builtIn), ...custom.keys()]) ??
        `Write it as tests/generic/${kind}.sql, or take one of ${Object.keys(builtIn).join(', ')}.`,
    );
  const config = [own?.config ?? {}, settingsOf(request)].reduce(mergeConfig, subject.folder ?? {});
  const column = testedColumn(request, definition, subject, text);
  for (const key of Object.keys(request.arguments)) {
    const known = [...definition.takes, ...(subject.column === undefined ? ['column_name'] : [])];
    if (!known.includes(key))
      throw new TestRequestError(`${kind} has no argument "${key}"`, didYouMean(key, known), path(key));
  }
  const { where } = config;
  const args = new Arguments(request, text, find, where !== undefined);
  const rows = (alias?: string) => {
    if (where === undefined) return new SqlText(alias === undefined ? subject.sql : `${subject.sql} as ${alias}`);
    const name = alias ?? identifier(subject.name);
    return SqlText.join(`(select * from ${subject.sql} where `, condition(request, where, text), `) as ${name}`);
  };
  const built = definition.build({ kind, args, subject, column: column ?? whole, rows });
  const judgedBy = built.failCalc === undefined ? config : { fail_calc: built.failCalc, ...config };
  // A condition with a query in it may ask for other rows.
  // So does one that is compared with rows of its own model.
  const isOfOtherRows = hasQuery(where ?? '') || args.reads.includes(subject.id);
  const isOfRows = built.isOfRows === true && !isOfOtherRows && !judgedOtherwise(judgedBy);
  const columnName = column === undefined ? undefined : (column.name ?? column.sql.text);
  const name = [kind, subject.name, built.suffix?.startsWith('_') === false ? undefined : columnName, built.suffix];
  return {
    kind,
    name:
      request.name ??
      name
        .filter((part) => part !== undefined && part !== '')
        .join('_')
        .replace(/[^\p{L}\p{N}_]+/gu, '_'),
    dbtName: request.name ?? dbtName(asked, subject),
    description: request.description === '' ? (own?.description ?? '') : request.description,
    column: columnName,
    arguments: request.arguments,
    sql: built.sql,
    config: judgedBy,
    isOfRows,
    badRow:
      built.badRow === undefined || where === undefined
        ? built.badRow
        : SqlText.join('(', condition(request, where, text), '\n) and ', built.badRow),
    audit: auditOf(request, isOfRows, config, subject),
    provenBy: built.provenBy,
    reads: args.reads,
    parent: built.parent,
  };
}

const whole: TestedColumn = { name: undefined, sql: new SqlText('') };

/** Whether its verdict depends on something else than whether there is a bad row. */
export function judgedOtherwise({ warn_if, error_if, fail_calc, limit }: Config): boolean {
  return warn_if !== undefined || error_if !== undefined || fail_calc !== undefined || limit !== undefined;
}

function condition({ path, settings }: ParsedRequest, where: string, text: RequestText): SqlText {
  return settings.where === undefined ? new SqlText(where) : text.written(where, path('where'));
}

/** What the request sets. @throws TestRequestError */
function settingsOf({ kind, settings, path }: ParsedRequest): Config {
  const checked = configSchema.safeParse(settings);
  const [issue] = checked.error?.issues ?? [];
  if (issue === undefined) return checked.data ?? {};
  const [key = '', ...inside] = issue.path.map((part) => (typeof part === 'number' ? part : String(part)));
  const { what, hint } = schemaFault(issue, settings[String(key)]);
  throw new TestRequestError(`${kind}: "${key}": ${what}`, hint, path(String(key), ...inside));
}

function testedColumn(
  { kind, arguments: args, path }: ParsedRequest,
  { of }: Definition,
  subject: TestSubject,
  text: RequestText,
): TestedColumn | undefined {
  if (of === 'model') {
    if (subject.column === undefined) return undefined;
    throw new TestRequestError(`${kind} tests a whole model`, 'Put it under the data_tests of the model.');
  }
  if (subject.column !== undefined) {
    // The name of a column here is one, even where it looks like an expression.
    const { sql, name } =
      subject.quoted === true || columnSql(subject, subject.column).name === undefined
        ? { sql: identifier(subject.column), name: subject.column }
        : columnSql(subject, subject.column);
    return { name, sql: new SqlText(sql) };
  }
  const given = args.column_name;
  if (typeof given === 'string') {
    const { name, sql } = columnSql(subject, given);
    return { name, sql: text.written(sql, path('column_name')) };
  }
  if (of === 'either') return undefined;
  throw new TestRequestError(`${kind} tests one column`, 'Put it under a column.');
}

function auditOf(
  { kind, settings, path }: ParsedRequest,
  isOfRows: boolean,
  { audit = false }: Config,
  subject: TestSubject,
): Config['audit'] {
  if (settings.audit === undefined) {
    // What a folder says for all of its tests is no mistake of one that has no use for it.
    return subject.unaudited !== undefined || (audit === 'new_rows' && !isOfRows) ? false : audit;
  }
  if (audit === false) return false;
  if (subject.unaudited !== undefined)
    throw new TestRequestError(`${subject.unaudited}, so that nothing can be audited`, undefined, path('audit'));
  if (audit === 'new_rows' && !isOfRows) {
    const hint =
      kind === 'unique'
        ? 'Write audit: true. A constraint (unique, primary_key) holds it without reading the table.'
        : 'Write audit: true.';
    throw new TestRequestError(`${kind} compares new rows with old ones`, hint, path('audit'));
  }
  return audit;
}
