import { identifier } from '../../warehouse/quote.ts';
import type { Queryable } from '../../warehouse/warehouse.ts';

/** A query that can be asked together with others, and what its rows mean: values that are the same in JSON. */
export interface Question<T> {
  readonly sql: string;
  /** Values for `$1` and so on. */
  readonly params: readonly unknown[];
  readonly read: (rows: readonly unknown[]) => T;
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
 * Asks several questions in one statement: one way to the database and back, and all answers of one moment.
 * @example const { models, pruned } = await askTogether(session, { models: allModels, pruned: prunedOf(sources) });
 */
export async function askTogether<T extends object>(
  on: Queryable,
  questions: { readonly [K in keyof T]: Question<T[K]> },
): Promise<T> {
  const asked = Object.entries<Question<unknown>>(questions);
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
  return Object.fromEntries(asked.map(([name, { read }]) => [name, read(rows[0]?.[name] ?? [])])) as T;
}

/** SQL whose parameters come after so many others: `$1` becomes `$3` after two. */
export function renumbered(sql: string, before: number): string {
  return sql.replace(/\$(\d+)/g, (_, number) => `$${before + Number(number)}`);
}

/** Asks one question. */
export async function ask<T>(on: Queryable, one: Question<T>): Promise<T> {
  return one.read((await on.query(one.sql, one.params, 'prepared')).rows);
}
