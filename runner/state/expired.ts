import type { Queryable } from '../../warehouse/warehouse.ts';
import { type Question, question } from '../database/question.ts';

export async function recordExpired(session: Queryable, model: string, before: string): Promise<void> {
  await session.query(
    `insert into datacycle.expired as e (model, before) values ($1, $2)
     on conflict (model) do update set before = greatest(e.before, excluded.before)`,
    [model, before],
  );
}

/** Removes the record: the model was rebuilt from complete sources. */
export async function deleteExpired(session: Queryable, model: string): Promise<void> {
  await session.query('delete from datacycle.expired where model = $1', [model]);
}

/** Of these models, up to when those that lack rows by now lack them. */
export function expiredOf(models: readonly string[]): Question<ReadonlyMap<string, Date>> {
  return question(
    `select model, to_char(before at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as before
     from datacycle.expired
     where model = any($1::text[])`,
    [models],
    (rows: readonly { model: string; before: string }[]) =>
      new Map(rows.map(({ model, before }) => [model, new Date(before)])),
  );
}
