import { identifier } from '../../warehouse/quote.ts';
import type { Queryable } from '../../warehouse/warehouse.ts';

/** A query that can be asked together with others, and what its rows mean: values that are the same in JSON. */
export interface Question<T> {
  readonly sql: string;
  /** Values for `$1` and so on. */
  readonly params: readonly unknown[];
  readonly read: (rows: readonly unknown[]) => T;
  /** Whether no row can answer it, so that it need not be asked. */
  readonly isEmpty?: boolean;
}

/** @param sql without `$1` and so on in texts or comments. */
export function question<R extends object, T>(
  sql: string,
  params: readonly unknown[],
  read: (rows: readonly R[]) => T,
): Question<T> {
  return { sql, params, read: (rows) => read(rows as readonly R[]) };
}

/**
 * Asks several questions in one statement: one way to the database and back, and all answers of one moment. What is empty is left out.
 * @example const { models, pruned } = await askTogether(session, { models: allModels, pruned: prunedOf(sources) });
 */
export async function askTogether<T extends object>(
  on: Queryable,
  questions: { readonly [K in keyof T]: Question<T[K]> },
): Promise<T> {
  const asked = Object.entries<Question<unknown>>(questions).filter(([, { isEmpty }]) => isEmpty !== true);
  const params: unknown[] = [];
  const answers = asked.map(([name, { sql, params: own }]) => {
    const before = params.length;
    params.push(...own);
    return `(select coalesce(jsonb_agg(q), '[]') from (\n${renumbered(sql, before)}\n) as q) as ${identifier(name)}`;
  });
  const { rows } = await on.query<Record<string, readonly unknown[]>>(
    `select ${answers.join(',\n')}`,
    params,
    'prepared',
  );
  return answersIn<T>(questions, rows[0]);
}

/**
 * Asks the same questions about many things in one statement: as {@link askTogether} for each of them, at the price of planning one.
 * @param each the questions about each thing; they differ in their values alone, which are texts or lists of texts.
 * @returns the answers in the order of the things.
 */
export async function askEach<T extends object>(
  on: Queryable,
  each: readonly { readonly [K in keyof T]: Question<T[K]> }[],
): Promise<readonly T[]> {
  const [first] = each;
  if (first === undefined) return [];
  const types: string[] = [];
  const answers = Object.entries<Question<unknown>>(first).map(([name, { sql, params }]) => {
    const before = types.length;
    types.push(...params.map((value) => (Array.isArray(value) ? 'text[]' : 'text')));
    const asked = sql.replace(/\$(\d+)/g, (_, number) => `thing.v${before + Number(number)}`);
    return `(select coalesce(jsonb_agg(q), '[]') from (\n${asked}\n) as q) as ${identifier(name)}`;
  });
  const columns = types.map((type, index) => `v${index + 1} ${type}`);
  const things = each.map((questions, place) => {
    const values = Object.values<Question<unknown>>(questions).flatMap(({ params }) => params);
    return { place, ...Object.fromEntries(values.map((value, index) => [`v${index + 1}`, value])) };
  });
  const { rows } = await on.query<Record<string, readonly unknown[]>>(
    `select ${answers.join(',\n')}
from jsonb_to_recordset($1::jsonb) as thing (place integer, ${columns.join(', ')})
order by thing.place`,
    [JSON.stringify(things)],
  );
  return each.map((questions, place) => answersIn<T>(questions, rows[place]));
}

/** What the row of a statement answers to questions, by their names; a name that is not there has no rows. */
function answersIn<T extends object>(
  questions: { readonly [K in keyof T]: Question<T[K]> },
  row: Readonly<Record<string, readonly unknown[]>> | undefined,
): T {
  const all = Object.entries<Question<unknown>>(questions);
  return Object.fromEntries(all.map(([name, { read }]) => [name, read(row?.[name] ?? [])])) as T;
}

/** The same question where all that it asks about is in `list`: there is no answer if that is empty. */
export function about<T>(list: readonly unknown[], one: Question<T>): Question<T> {
  return list.length === 0 ? { ...one, isEmpty: true } : one;
}

/** SQL whose parameters come after so many others: `$1` becomes `$3` after two. */
export function renumbered(sql: string, before: number): string {
  return sql.replace(/\$(\d+)/g, (_, number) => `$${before + Number(number)}`);
}

/** Asks one question. */
export async function ask<T>(on: Queryable, one: Question<T>): Promise<T> {
  return one.read((await on.query(one.sql, one.params, 'prepared')).rows);
}
