import { identifier } from '../../../warehouse/quote.ts';
import type { SqlText } from '../../text/sql-text.ts';
import { type ParsedRequest, type RequestText, TestRequestError } from './request.ts';
import type { Found, Tested } from './tested.ts';

/** Text that is no name of a column but SQL over columns: `lower(name)`, `"Full name"`, `a + b`. */
const expression = /[()'"|:*/%<>=]|\s[-+]\s/;

/** A name that PostgreSQL would fold to lower case unless it is quoted. */
const unquoted = /^[a-z_][a-z0-9_$]*$/i;

/**
 * A column as a test names it: quoted, or as it is written where it is an expression. In a name like `Id` the case counts only where
 * the model itself has it so (dbt writes such names without quotes).
 */
export function columnSql(of: Pick<Tested, 'keepsCase'>, written: string): { name: string | undefined; sql: string } {
  if (expression.test(written)) return { name: undefined, sql: written };
  const folded = unquoted.test(written) && !of.keepsCase(written) ? written.toLowerCase() : written;
  return { name: folded, sql: identifier(folded) };
}

/** What a test takes, read argument by argument. Each method throws TestRequestError at the argument's place. */
export class Arguments {
  readonly #request: ParsedRequest;
  readonly #text: RequestText;
  readonly #find: (written: string) => Found;
  /** Whether only the rows of a condition are tested. */
  readonly isFiltered: boolean;
  /** Ids of other nodes that arguments name. */
  readonly reads: string[] = [];

  constructor(request: ParsedRequest, text: RequestText, find: (written: string) => Found, isFiltered: boolean) {
    this.isFiltered = isFiltered;
    this.#request = request;
    this.#text = text;
    this.#find = find;
  }

  has(key: string): boolean {
    return this.#value(key) !== undefined;
  }

  /** SQL as it is written: an expression, a number. */
  sql(key: string): SqlText | undefined {
    const value = this.#value(key);
    if (value === undefined) return undefined;
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
      return this.#text.written(String(value), this.#request.path(key));
    return this.refuse(key, 'is an expression or a number');
  }

  requiredSql(key: string): SqlText {
    return this.sql(key) ?? this.refuse(key, 'is missing');
  }

  number(key: string, fallback: number): number {
    const value = this.#value(key) ?? fallback;
    const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
    return typeof number === 'number' && Number.isFinite(number) ? number : this.refuse(key, 'is a number');
  }

  wholeNumber(key: string, fallback: number): number {
    const number = this.number(key, fallback);
    return Number.isInteger(number) && number > 0 ? number : this.refuse(key, 'is a whole number from 1');
  }

  flag(key: string, fallback: boolean): boolean {
    const value = this.#value(key) ?? fallback;
    return typeof value === 'boolean' ? value : this.refuse(key, 'is true or false');
  }

  /** One of a few words. */
  word<W extends string>(key: string, words: readonly W[], fallback?: W): W {
    const value = this.#value(key) ?? fallback;
    return (
      words.find((one) => one === value) ?? this.refuse(key, `is one of ${words.map((one) => `"${one}"`).join(', ')}`)
    );
  }

  /** The values of a list, each as SQL: text is quoted unless `quote` says otherwise; NULL is left out. */
  values(key: string, quote: (value: string) => string): SqlText[] {
    const given = this.#value(key);
    const list = Array.isArray(given) ? given : [];
    const found = list.flatMap((value: unknown, index) => {
      if (value === null) return [];
      const at = this.#request.path(key, index);
      const quoted = typeof value === 'string' ? quote(value) : String(value);
      return [quoted === value ? this.#text.written(quoted, at) : this.#text.generated(quoted, at)];
    });
    if (found.length > 0) return found;
    throw new TestRequestError(
      `${this.#request.kind} needs "${key}", a list`,
      undefined,
      this.has(key) ? this.#request.path(key) : [],
    );
  }

  /** Columns of `of`, given as a list or as one name; none if the argument is not given. */
  columns(key: string, of: Tested): { readonly name: string; readonly sql: SqlText }[] {
    const value = this.#value(key);
    if (value === undefined) return [];
    const list: readonly unknown[] = Array.isArray(value)
      ? value
      : String(value)
          .split(',')
          .map((one) => one.trim());
    return list.map((one, index) => {
      const written = String(one);
      const { name, sql } = columnSql(of, written);
      const path = Array.isArray(value) ? this.#request.path(key, index) : this.#request.path(key);
      return { name: name ?? written, sql: this.#text.generated(sql, path) };
    });
  }

  /** The columns of an argument that has to be given. */
  requiredColumns(key: string, of: Tested): { readonly name: string; readonly sql: SqlText }[] {
    const found = this.columns(key, of);
    return found.length > 0 ? found : this.refuse(key, 'is a list of columns');
  }

  /** One column of `of`. @param qualified SQL before it: `parent.` */
  column(key: string, of: Tested, qualified = ''): { readonly name: string | undefined; readonly sql: SqlText } {
    const value = this.#value(key);
    if (typeof value !== 'string') return this.refuse(key, 'is a column');
    const { name, sql } = columnSql(of, value);
    return {
      name,
      sql: this.#text.generated(name === undefined ? sql : `${qualified}${sql}`, this.#request.path(key)),
    };
  }

  /** Another model, seed or source: `ref('x')`, `source('s', 't')` or a name. */
  relation(key: string): Found {
    const value = this.#value(key);
    if (typeof value !== 'string') return this.refuse(key, `names a model: ref('...') or source('...', '...')`);
    try {
      const found = this.#find(value);
      this.reads.push(found.id);
      return found;
    } catch (error) {
      if (!(error instanceof TestRequestError)) throw error;
      throw new TestRequestError(error.message, error.hint, this.#request.path(key));
    }
  }

  /** A list as it is written. */
  list(key: string): readonly unknown[] {
    const value = this.#value(key);
    return Array.isArray(value) ? value : this.refuse(key, 'is a list');
  }

  #value(key: string): unknown {
    return this.#request.arguments[key] ?? undefined;
  }

  /** Says what is wrong with an argument. */
  refuse(key: string, what: string): never {
    throw new TestRequestError(
      `${this.#request.kind}: "${key}" ${what}`,
      undefined,
      this.has(key) ? this.#request.path(key) : this.#request.path(''),
    );
  }
}
