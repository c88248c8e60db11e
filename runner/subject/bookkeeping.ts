import { identifier, literal, relation } from '../../warehouse/quote.ts';
import type { Queryable, Session, Warehouse } from '../../warehouse/warehouse.ts';
import type { Manifest } from '../manifest/manifest.ts';
import { type SubjectNode, storedRelations } from './predicate.ts';
import type { SubjectWords } from './words.ts';

/** Takes the place of a natural key: the number stays assigned, and the key names nobody. */
const erasedKey = `'erased:' || key`;

/** Removes the natural keys of the subject's rows from the bookkeeping, before these rows (`<table> as t where ...`) are deleted. */
export async function forgetKeys(session: Session, { name, config }: SubjectNode, rows: string): Promise<void> {
  const key = config.surrogate_key;
  if (key === undefined) return;
  await session.query(
    `update datacycle.surrogate_key set natural_key = ${erasedKey}
     where model = ${literal(name)} and key in (select t.${identifier(key)} from ${rows})`,
  );
}

/**
 * Removes from the bookkeeping what names the subject: natural keys of rows that were deleted earlier, and messages of runs and
 * loads. A natural key whose row is still there is never touched, since the next build would assign another number to that row.
 * @returns how many there were.
 */
export async function forgetNames(warehouse: Warehouse, { nodes }: Manifest, words: SubjectWords): Promise<number> {
  return warehouse.transaction(async (session) => {
    const isThere = await storedRelations(session);
    let count = 0;
    const { rows: models } = await session.query<{ model: string }>(
      'select distinct model from datacycle.surrogate_key',
    );
    for (const { model } of models) {
      const node = [...nodes.values()].find((one) => one.kind === 'model' && one.name === model);
      const key = node?.kind === 'model' && isThere(node.relation) ? node.config.surrogate_key : undefined;
      const hasRow =
        node?.kind === 'model' && key !== undefined
          ? `exists (select from ${relation(node.relation)} as t where t.${identifier(key)} = k.key)`
          : 'false';
      const forgotten = await session.query(
        `update datacycle.surrogate_key as k set natural_key = ${erasedKey}
         where k.model = ${literal(model)} and ${words.sql('k.natural_key')} and not ${hasRow}`,
      );
      count += forgotten.rowCount;
    }
    const message = `message = 'the message named an apartment that was erased'`;
    for (const statement of [
      `update datacycle.run_result set ${message} where ${words.sql('message')}`,
      `update staging.attempt set ${message} where ${words.sql('message')}`,
      `update staging.attempt set unread = null where ${words.sql('unread::text')}`,
    ])
      count += (await session.query(statement)).rowCount;
    return count;
  });
}

/**
 * Deletes the bad rows of all failed audits, whosever they are: they only serve to look at, and a test returns
 * what columns it likes, so that nobody can tell whose a row is. That the audits failed stays recorded. @returns how many.
 */
export async function eraseAuditRows(on: Queryable): Promise<number> {
  return (await on.query('delete from datacycle.audit_row')).rowCount;
}
