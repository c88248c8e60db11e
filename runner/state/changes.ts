import type { Queryable } from '../../warehouse/warehouse.ts';
import { renumbered } from '../database/question.ts';

/** One insert, update or delete, and the values for its `$1` and so on. */
export interface Change {
  readonly sql: string;
  readonly params: readonly unknown[];
}

/**
 * Makes several changes in one statement: one way to the database and back. None of them sees what the others do, so no two may touch
 * one row.
 */
export async function changeTogether(on: Queryable, changes: readonly Change[]): Promise<void> {
  if (changes.length === 0) return;
  const params: unknown[] = [];
  const parts = changes.map(({ sql, params: own }, index) => {
    const before = params.length;
    params.push(...own);
    return `change_${index} as (\n${renumbered(sql, before)}\n)`;
  });
  await on.query(`with ${parts.join(',\n')}\nselect`, params, 'prepared');
}
