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
  const all = Object.entries<Question<unknown>>(questions);
  const asked = all.filter(([, { isEmpty }]) => isEmpty !== true);
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
  return Object.fromEntries(all.map(([name, { read }]) => [name, read(rows[0]?.[name] ?? [])])) as T;
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
