import { identifier, identifiers, literal } from '../warehouse/quote.ts';
import type { Proof, RelationName } from './manifest.ts';
import { didYouMean } from './suggest.ts';

/** A test as a .yml file asks for it: a name, or a name with arguments. */
export type TestRequest = string | Readonly<Record<string, unknown>>;

/** A generic test, ready to run. */
export interface GenericTest {
  readonly name: string;
  readonly description: string;
  /** Returns the bad rows. */
  readonly sql: string;
  readonly severity: 'error' | 'warn' | undefined;
  readonly provenBy: Proof | undefined;
  /** Names of other models it reads. */
  readonly refs: readonly string[];
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
}

/** Thrown for a request that makes no sense; the caller knows the place. */
export class TestRequestError extends Error {
  readonly hint: string | undefined;

  constructor(what: string, hint?: string) {
    super(what);
    this.hint = hint;
  }
}

type Arguments = Readonly<Record<string, unknown>>;

const kinds: Readonly<Record<string, readonly string[]>> = {
  not_null: [],
  unique: ['columns'],
  accepted_values: ['values', 'quote'],
  relationships: ['to', 'field'],
};

/** Every test may have these beside its own arguments; dbt writes them under `config` and `arguments` too. */
const settings = ['name', 'severity', 'where', 'config', 'arguments', 'description'];

/**
 * Builds the SQL of one generic test (not_null, unique, accepted_values, relationships).
 * @param find resolves a model's or seed's name; throws TestRequestError if there is none.
 */
export function genericTest(request: TestRequest, subject: TestSubject, find: (name: string) => Tested): GenericTest {
  const [kind, args] = parse(request);
  const table = subject.sql;
  const where = args.where;
  if (where !== undefined && typeof where !== 'string')
    throw new TestRequestError(`${kind}: "where" is a condition in SQL`);
  const from = where === undefined ? table : `(select * from ${table} where ${where}) as ${identifier(subject.name)}`;
  const built = build(kind, args, subject, from, find);
  const severity = args.severity;
  if (severity !== undefined && severity !== 'error' && severity !== 'warn')
    throw new TestRequestError(`${kind}: "severity" is error or warn`);
  return {
    name: typeof args.name === 'string' ? args.name : built.name,
    description: typeof args.description === 'string' ? args.description : '',
    sql: built.sql,
    severity,
    refs: built.refs ?? [],
    // A constraint proves a test of all rows, not of those that a condition picks: it proves those as well.
    provenBy: built.provenBy,
  };
}

interface Built {
  readonly name: string;
  readonly sql: string;
  readonly provenBy?: Proof | undefined;
  readonly refs?: readonly string[];
}

function build(
  kind: string,
  args: Arguments,
  subject: TestSubject,
  from: string,
  find: (name: string) => Tested,
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
    const present = columns.map((name) => `${identifier(name)} is not null`).join(' and ');
    return {
      name: `unique_${subject.name}_${columns.join('_')}`,
      sql: `select ${list}, count(*) as row_count\nfrom ${from}\nwhere ${present}\ngroup by ${list}\nhaving count(*) > 1`,
      provenBy: own && { type: 'unique', relation: own, columns },
    };
  }
  const column = subject.column;
  if (column === undefined) throw new TestRequestError(`${kind} tests one column`, 'Put it under a column.');
  const name = identifier(column);
  switch (kind) {
    case 'not_null':
      return {
        name: `not_null_${subject.name}_${column}`,
        sql: `select *\nfrom ${from}\nwhere ${name} is null`,
        provenBy: own && { type: 'not_null', relation: own, column },
      };
    case 'accepted_values': {
      // A NULL in the list would make the condition unknown for every value; NULL is never a bad value here anyway.
      const values = Array.isArray(args.values) ? args.values.filter((value) => value !== null) : [];
      if (values.length === 0) throw new TestRequestError('accepted_values needs "values", a list');
      const quote = args.quote !== false;
      const list = values
        .map((value) => (typeof value === 'string' && quote ? literal(value) : String(value)))
        .join(', ');
      return {
        name: `accepted_values_${subject.name}_${column}`,
        sql: `select ${name}, count(*) as row_count\nfrom ${from}\nwhere ${name} not in (${list})\ngroup by ${name}`,
      };
    }
    case 'relationships': {
      const to = refName(args.to);
      const field = args.field;
      if (to === undefined || typeof field !== 'string')
        throw new TestRequestError('relationships needs "to" (a model) and "field" (its column)');
      const parent = find(to);
      return {
        name: `relationships_${subject.name}_${column}__${to}`,
        sql: [
          `select child.${name}, count(*) as row_count`,
          `from ${from.startsWith('(') ? from.replace(/ as "(?:[^"]|"")*"$/, '') : from} as child`,
          `left join ${parent.sql} as parent on parent.${identifier(field)} = child.${name}`,
          `where child.${name} is not null and parent.${identifier(field)} is null`,
          `group by child.${name}`,
        ].join('\n'),
        provenBy:
          own === undefined || parent.relation === undefined
            ? undefined
            : { type: 'foreign_key', relation: own, columns: [column], to: parent.relation, toColumns: [field] },
        refs: [to],
      };
    }
    default:
      throw new TestRequestError(`there is no test "${kind}"`, didYouMean(kind, Object.keys(kinds)));
  }
}

function parse(request: TestRequest): [string, Arguments] {
  if (typeof request === 'string') return [request, {}];
  const [entry, ...others] = Object.entries(request);
  if (entry === undefined || others.length > 0)
    throw new TestRequestError('a test is a name, or one name with its arguments');
  const [kind, value] = entry;
  const known = Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
  if (known === undefined)
    throw new TestRequestError(`there is no test "${kind}"`, didYouMean(kind, Object.keys(kinds)));
  const given = isRecord(value) ? value : {};
  const flat: Record<string, unknown> = {
    ...given,
    ...(isRecord(given.arguments) ? given.arguments : {}),
    ...(isRecord(given.config) ? given.config : {}),
  };
  for (const key of Object.keys(flat)) {
    if (!known.includes(key) && !settings.includes(key))
      throw new TestRequestError(`${kind} has no argument "${key}"`, didYouMean(key, [...known, ...settings]));
  }
  return [kind, flat];
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `ref('x')`, `ref("x")` or just `x`, as dbt's .yml files have it. */
export function refName(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const match = /^\s*(?:ref\(\s*['"](.+?)['"]\s*\)|([^()]+?))\s*$/.exec(value);
  return match?.[1] ?? match?.[2];
}
