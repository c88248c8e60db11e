import { identifier, identifiers, literal, type RelationName } from '../../warehouse/quote.ts';
import type { Proof } from '../manifest/test-node.ts';
import { type Config, names } from '../project/config.ts';
import { SqlText } from '../text/sql-text.ts';
import { didYouMean } from '../text/suggest.ts';
import type { YamlPath } from '../yaml/yaml-file.ts';
import { refName } from './draft/constraints.ts';

/** A test as a .yml file asks for it: a name, or a name with arguments. */
export type TestRequest = string | Readonly<Record<string, unknown>>;

/** A generic test, ready to run. */
export interface GenericTest {
  /** Which it is, e.g. not_null. */
  readonly kind: string;
  readonly name: string;
  readonly description: string;
  /** Returns the bad rows. */
  readonly sql: SqlText;
  readonly severity: 'error' | 'warn';
  readonly tags: readonly string[];
  readonly enabled: boolean;
  /** Whether a row is bad depends on that row of the tested model alone, and on rows of others. */
  readonly isOfRows: boolean;
  /** What is true of a bad row, where it has such a condition. */
  readonly badRow: SqlText | undefined;
  readonly audit: Config['audit'];
  readonly provenBy: Proof | undefined;
  /** Names of other models it reads. */
  readonly refs: readonly string[];
  /** The column of the one of them that has to have each value. */
  readonly field: string | undefined;
}

/** What a test reads: as it is written in SQL, and as the database knows it, unless it is part of the query itself. */
export interface Tested {
  readonly sql: string;
  /** Undefined for an ephemeral model. */
  readonly relation: RelationName | undefined;
}

export interface TestSubject extends Tested {
  readonly name: string;
  /** Undefined for a test of the whole model. */
  readonly column: string | undefined;
  /** Why it cannot be audited, if it cannot. */
  readonly unaudited?: string | undefined;
  /** What project.yml says for all tests of its folder. */
  readonly folder?: Config | undefined;
}

/** Thrown for a request that makes no sense; the caller knows the place. */
export class TestRequestError extends Error {
  readonly hint: string | undefined;
  /** The key inside the request that is wrong. */
  readonly path: YamlPath;

  constructor(what: string, hint?: string, path: YamlPath = []) {
    super(what);
    this.hint = hint;
    this.path = path;
  }
}

/** Gives SQL the place of a path inside the request. */
export interface RequestText {
  /** What the user wrote there, as it is. */
  written(value: string, path: YamlPath): SqlText;
  /** SQL that was made of it. */
  made(sql: string, path: YamlPath): SqlText;
}

const nowhere: RequestText = { written: (value) => new SqlText(value), made: (sql) => new SqlText(sql) };

interface Arguments {
  readonly values: Readonly<Record<string, unknown>>;
  /** The place of an argument in the request. */
  readonly path: (key: string, ...inside: YamlPath) => YamlPath;
}

const kinds: Readonly<Record<string, readonly string[]>> = {
  not_null: [],
  unique: ['columns'],
  accepted_values: ['values', 'quote'],
  relationships: ['to', 'field'],
};

/** Every test may have these beside its own arguments; dbt writes them under `config` and `arguments` too. */
const settings = [
  'name',
  'severity',
  'audit',
  'where',
  'tags',
  'enabled',
  'meta',
  'config',
  'arguments',
  'description',
];

/**
 * Builds the SQL of one generic test (not_null, unique, accepted_values, relationships).
 * @param find resolves a model's or seed's name; throws TestRequestError if there is none.
 * @param text tells the places of what the request says; without it the SQL has none.
 */
export function genericTest(
  request: TestRequest,
  subject: TestSubject,
  find: (name: string) => Tested,
  text: RequestText = nowhere,
): GenericTest {
  const [kind, { values: args, path }] = parse(request);
  const where = args.where;
  if (where !== undefined && typeof where !== 'string')
    throw new TestRequestError(`${kind}: "where" is a condition in SQL`, undefined, path('where'));
  const rows: Rows = (alias) => {
    if (where === undefined) return new SqlText(alias === undefined ? subject.sql : `${subject.sql} as ${alias}`);
    const condition = text.written(where, path('where'));
    const name = alias ?? identifier(subject.name);
    return SqlText.join(`(select * from ${subject.sql} where `, condition, `) as ${name}`);
  };
  const built = build(kind, { values: args, path }, subject, rows, find, text);
  const { folder = {} } = subject;
  const { severity = folder.severity ?? 'error', enabled = folder.enabled ?? true } = args;
  if (severity !== 'error' && severity !== 'warn')
    throw new TestRequestError(`${kind}: "severity" is error or warn`, undefined, path('severity'));
  if (typeof enabled !== 'boolean')
    throw new TestRequestError(`${kind}: "enabled" is true or false`, undefined, path('enabled'));
  const tags = names.safeParse(args.tags ?? []);
  if (!tags.success) throw new TestRequestError(`${kind}: "tags" is a list of names`, undefined, path('tags'));
  const audit = auditOf(kind, { values: args, path }, subject);
  return {
    kind,
    // A condition with a query in it may ask for other rows.
    // So does one that is compared with rows of its own model.
    isOfRows: kind !== 'unique' && !/\bselect\b/i.test(where ?? '') && built.refs?.includes(subject.name) !== true,
    badRow:
      where !== undefined && built.badRow !== undefined
        ? SqlText.join('(', text.written(where, path('where')), '\n) and ', built.badRow)
        : built.badRow,
    name: typeof args.name === 'string' ? args.name : built.name,
    description: typeof args.description === 'string' ? args.description : '',
    sql: built.sql,
    severity,
    tags: [...(folder.tags ?? []), ...tags.data],
    enabled,
    audit,
    refs: built.refs ?? [],
    field: built.field,
    // A constraint proves a test of all rows, not of those that a condition picks: it proves those as well.
    provenBy: built.provenBy,
  };
}

function auditOf(kind: string, { values: { audit }, path }: Arguments, subject: TestSubject): Config['audit'] {
  if (audit === undefined) {
    // What a folder says for all of its tests is no mistake of one that has no use for it.
    const { audit: asked = false } = subject.folder ?? {};
    return subject.unaudited !== undefined || (asked === 'new_rows' && kind === 'unique') ? false : asked;
  }
  if (audit === false) return false;
  if (audit !== true && audit !== 'new_rows')
    throw new TestRequestError(`${kind}: "audit" is true, false or new_rows`, undefined, path('audit'));
  if (subject.unaudited !== undefined)
    throw new TestRequestError(`${subject.unaudited}, so that nothing can be audited`, undefined, path('audit'));
  if (audit === 'new_rows' && kind === 'unique') {
    const hint = 'Write audit: true. A constraint (unique, primary_key) holds it without reading the table.';
    throw new TestRequestError('unique compares new rows with old ones', hint, path('audit'));
  }
  return audit;
}

/** The rows to test, as written after `from`. */
type Rows = (alias?: string) => SqlText;

interface Built {
  readonly name: string;
  readonly sql: SqlText;
  readonly badRow?: SqlText;
  readonly provenBy?: Proof | undefined;
  readonly refs?: readonly string[];
  readonly field?: string;
}

function build(
  kind: string,
  { values: args, path }: Arguments,
  subject: TestSubject,
  rows: Rows,
  find: (name: string) => Tested,
  text: RequestText,
): Built {
  const own = subject.relation;
  if (kind === 'unique') {
    const columns = Array.isArray(args.columns)
      ? args.columns.map(String)
      : subject.column === undefined
        ? []
        : [subject.column];
    if (columns.length === 0) throw new TestRequestError('unique of a whole model needs "columns"');
    const list = identifiers(columns);
    const named = columns.map((name, index) =>
      Array.isArray(args.columns) ? text.made(identifier(name), path('columns', index)) : identifier(name),
    );
    const present = columns.map((name) => `${identifier(name)} is not null`).join(' and ');
    return {
      name: `unique_${subject.name}_${columns.join('_')}`,
      sql: SqlText.join(
        'select ',
        SqlText.list(named, ', '),
        ', count(*) as row_count\nfrom ',
        rows(),
        `\nwhere ${present}\ngroup by ${list}\nhaving count(*) > 1`,
      ),
      provenBy: own && { type: 'unique', relation: own, columns },
    };
  }
  const column = subject.column;
  if (column === undefined) throw new TestRequestError(`${kind} tests one column`, 'Put it under a column.');
  const name = identifier(column);
  switch (kind) {
    case 'not_null': {
      const badRow = `${name} is null`;
      return {
        name: `not_null_${subject.name}_${column}`,
        sql: SqlText.join('select *\nfrom ', rows(), `\nwhere ${badRow}`),
        badRow: new SqlText(badRow),
        provenBy: own && { type: 'not_null', relation: own, column },
      };
    }
    case 'accepted_values': {
      // A NULL in the list would make the condition unknown for every value; NULL is never a bad value here anyway.
      const given: readonly unknown[] = Array.isArray(args.values) ? args.values : [];
      const quote = args.quote !== false;
      const list = given.flatMap((value, index) => {
        if (value === null) return [];
        const at = path('values', index);
        return [typeof value === 'string' && quote ? text.made(literal(value), at) : text.written(String(value), at)];
      });
      if (list.length === 0)
        throw new TestRequestError('accepted_values needs "values", a list', undefined, path('values'));
      const badRow = SqlText.join(`${name} not in (`, SqlText.list(list, ', '), ')');
      return {
        name: `accepted_values_${subject.name}_${column}`,
        sql: SqlText.join(
          `select ${name}, count(*) as row_count\nfrom `,
          rows(),
          '\nwhere ',
          badRow,
          `\ngroup by ${name}`,
        ),
        badRow,
      };
    }
    case 'relationships': {
      const to = refName(args.to);
      const field = args.field;
      if (to === undefined || typeof field !== 'string')
        throw new TestRequestError('relationships needs "to" (a model) and "field" (its column)');
      const parent = located(path('to'), () => find(to));
      return {
        name: `relationships_${subject.name}_${column}__${to}`,
        sql: SqlText.join(
          `select child.${name}, count(*) as row_count\nfrom `,
          rows('child'),
          `\nleft join ${parent.sql} as parent on `,
          text.made(`parent.${identifier(field)}`, path('field')),
          ` = child.${name}\nwhere child.${name} is not null and parent.${identifier(field)} is null\ngroup by child.${name}`,
        ),
        provenBy:
          own === undefined || parent.relation === undefined
            ? undefined
            : { type: 'foreign_key', relation: own, columns: [column], to: parent.relation, toColumns: [field] },
        refs: [to],
        field,
      };
    }
    default:
      throw new TestRequestError(`there is no test "${kind}"`, didYouMean(kind, Object.keys(kinds)));
  }
}

/** What `work` complains about has this path. */
function located<T>(path: YamlPath, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof TestRequestError ? new TestRequestError(error.message, error.hint, path) : error;
  }
}

function parse(request: TestRequest): [string, Arguments] {
  if (typeof request === 'string') return [request, { values: {}, path: () => [] }];
  const [entry, ...others] = Object.entries(request);
  if (entry === undefined || others.length > 0)
    throw new TestRequestError('a test is a name, or one name with its arguments');
  const [kind, value] = entry;
  const known = Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
  if (known === undefined)
    throw new TestRequestError(`there is no test "${kind}"`, didYouMean(kind, Object.keys(kinds)));
  const values: Record<string, unknown> = {};
  const paths = new Map<string, YamlPath>();
  const take = (given: unknown, path: YamlPath) => {
    if (!isRecord(given)) return;
    Object.assign(values, given);
    for (const key of Object.keys(given)) paths.set(key, [...path, key]);
  };
  const given = isRecord(value) ? value : {};
  take(given, [kind]);
  take(given.arguments, [kind, 'arguments']);
  take(given.config, [kind, 'config']);
  for (const [key, path] of paths) {
    if (!known.includes(key) && !settings.includes(key))
      throw new TestRequestError(`${kind} has no argument "${key}"`, didYouMean(key, [...known, ...settings]), path);
  }
  return [kind, { values, path: (key, ...inside) => [...(paths.get(key) ?? []), ...inside] }];
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
