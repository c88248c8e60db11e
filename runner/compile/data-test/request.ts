import { testKeys } from '../../project/config.ts';
import { SqlText } from '../../text/sql-text.ts';
import { didYouMean } from '../../text/suggest.ts';
import { isMapping } from '../../yaml/mapping.ts';
import type { YamlPath } from '../../yaml/yaml-file.ts';

/** A test as a .yml file asks for it: a name, or a name with arguments. */
export type TestRequest = string | Readonly<Record<string, unknown>>;

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
  generated(sql: string, path: YamlPath): SqlText;
}

export const nowhere: RequestText = { written: (value) => new SqlText(value), generated: (sql) => new SqlText(sql) };

/** A request taken apart. */
export interface ParsedRequest {
  /** Which test it asks for, as it is written: `unique`, `dbt_utils.accepted_range`. */
  readonly kind: string;
  /** A name of its own. */
  readonly name: string | undefined;
  readonly description: string;
  /** What only this kind of test takes. */
  readonly arguments: Readonly<Record<string, unknown>>;
  /** What any test may have: severity, where, ... */
  readonly settings: Readonly<Record<string, unknown>>;
  /** The place of an argument or setting in the request. */
  readonly path: (key: string, ...inside: YamlPath) => YamlPath;
}

/** Keys beside the arguments of a test that are no settings. */
const parts = ['name', 'description', 'config', 'arguments'];

/**
 * Takes a request apart, in any of the forms that dbt has: a name, a name with arguments and settings (beside each other, or under
 * `arguments` and `config`), or `test_name` beside them.
 * @throws TestRequestError
 */
export function parseRequest(request: TestRequest): ParsedRequest {
  if (typeof request === 'string') return parsed(request, {}, []);
  if (typeof request.test_name === 'string') {
    const { test_name: kind, ...given } = request;
    return parsed(kind, given, []);
  }
  const [entry, ...others] = Object.entries(request);
  if (entry === undefined || others.length > 0)
    throw new TestRequestError('a test is a name, or one name with its arguments');
  const [kind, value] = entry;
  if (value !== null && !isMapping(value))
    throw new TestRequestError(`${kind} takes arguments by their names`, undefined, [kind]);
  return parsed(kind, value ?? {}, [kind]);
}

function parsed(kind: string, given: Readonly<Record<string, unknown>>, at: YamlPath): ParsedRequest {
  const own: Record<string, unknown> = {};
  const settings: Record<string, unknown> = {};
  const paths = new Map<string, YamlPath>();
  const isSetting = (key: string) => (testKeys as readonly string[]).includes(key);
  for (const [key, value] of Object.entries(given)) {
    if (parts.includes(key)) continue;
    (isSetting(key) ? settings : own)[key] = value;
    paths.set(key, [...at, key]);
  }
  for (const [key, value] of Object.entries(recordIn(given, 'arguments', kind, at))) {
    own[key] = value;
    paths.set(key, [...at, 'arguments', key]);
  }
  for (const [key, value] of Object.entries(recordIn(given, 'config', kind, at))) {
    const path = [...at, 'config', key];
    if (!isSetting(key))
      throw new TestRequestError(`"${key}" is no setting of a test`, didYouMean(key, testKeys), path);
    settings[key] = value;
    paths.set(key, path);
  }
  const { name, description = '' } = given;
  if (name !== undefined && (typeof name !== 'string' || name.trim() === ''))
    throw new TestRequestError(`${kind}: "name" is a name`, undefined, [...at, 'name']);
  return {
    kind,
    name,
    description: typeof description === 'string' ? description : '',
    arguments: own,
    settings,
    path: (key, ...inside) => [...(paths.get(key) ?? at), ...inside],
  };
}

function recordIn(
  given: Readonly<Record<string, unknown>>,
  key: 'arguments' | 'config',
  kind: string,
  at: YamlPath,
): Readonly<Record<string, unknown>> {
  const value = given[key];
  if (value === undefined || value === null) return {};
  if (isMapping(value)) return value;
  throw new TestRequestError(`${kind}: "${key}" holds names and values`, undefined, [...at, key]);
}
