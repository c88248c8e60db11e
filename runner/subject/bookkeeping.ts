import { identifier, literal, relation } from '../../warehouse/quote.ts';
import type { Queryable, Session, Warehouse } from '../../warehouse/warehouse.ts';
import type { Manifest } from '../manifest/manifest.ts';
import type { SubjectNode } from './predicate.ts';
import { storedTables } from './stored-tables.ts';
import type { SubjectWords } from './words.ts';

/** Takes the place of a natural key: the number stays assigned, and the key names nobody. */
const erasedKey = `'erased:' || key`;

/** Removes the natural keys of the subject's rows from the bookkeeping, before these rows (`<table> as t where ...`) are deleted. */
export async function eraseKeys(session: Session, { name, config }: SubjectNode, rows: string): Promise<void> {
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
export async function eraseNames(warehouse: Warehouse, manifest: Manifest, words: SubjectWords): Promise<number> {
  return warehouse.transaction(async (session) => {
    const stored = await storedTables(session, manifest);
    const rows = [...manifest.nodes.values()].flatMap((node) => {
      const key = node.kind === 'model' ? node.config.surrogate_key : undefined;
      if (node.kind !== 'model' || key === undefined || !stored.has(relation(node.relation))) return [];
      return [`select ${literal(node.name)}, t.${identifier(key)}::bigint from ${relation(node.relation)} as t`];
    });
    const existing = ["select ''::text, 0::bigint", ...rows].join(' union all ');
    const erased = await session.query(
      `update datacycle.surrogate_key as k set natural_key = ${erasedKey}
       where ${words.sql('k.natural_key')}
           and not exists (select from (${existing}) as r (model, key) where r.model = k.model and r.key = k.key)`,
    );
    let count = erased.rowCount;
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

/**
 * Deletes the bad rows that tests have stored in tables, whosever they are, for the same reason. The tables stay until the tests run
 * again. @returns how many.
 */
export async function eraseStoredBadRows(on: Queryable, manifest: Manifest): Promise<number> {
  const stored = await storedTables(on, manifest);
  const tables = [...manifest.nodes.values()].flatMap((node) =>
    node.kind === 'test' && node.stored !== undefined ? [relation(node.stored.relation)] : [],
  );
  let deleted = 0;
  for (const table of new Set(tables))
    if (stored.has(table)) deleted += (await on.query(`delete from ${table}`)).rowCount;
  return deleted;
}
