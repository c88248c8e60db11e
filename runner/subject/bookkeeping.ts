import { join } from 'node:path';
import { copyToFile } from '../../warehouse/copy-to-file.ts';
import { identifier, literal, relation } from '../../warehouse/quote.ts';
import type { Queryable, Session, Warehouse } from '../../warehouse/warehouse.ts';
import { isBuilt, type Manifest } from '../manifest/manifest.ts';
import { isSubjectNode, type KnownSubject, keyPredicate, type SubjectNode, storedRelations } from './predicate.ts';
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
    for (const table of ['datacycle.run_result', 'staging.attempt']) {
      const messages = await session.query(
        `update ${table} set message = 'the message named an apartment that was erased' where ${words.sql('message')}`,
      );
      count += messages.rowCount;
    }
    return count;
  });
}

/**
 * How many of the bad rows that failed audits recorded are the subject's by the column that says so for their model, and for how
 * many that is unknown: a test returns what columns it likes.
 */
export async function countAuditRows(
  on: Queryable,
  manifest: Manifest,
  subject: KnownSubject,
): Promise<{ readonly theirs: number; readonly unclear: number }> {
  const none = { theirs: 0, unclear: 0 };
  if (!(await storedRelations(on))({ schema: 'datacycle', name: 'audit_row' })) return none;
  const isTheirs = await auditPredicate(on, manifest, subject);
  const { rows } = await on.query<typeof none>(
    `select count(*) filter (where ${isTheirs})::int as theirs, count(*) filter (where (${isTheirs}) is null)::int as unclear
     from datacycle.audit_row as a`,
  );
  return rows[0] ?? none;
}

/** Writes the subject's bad rows of audits into `<folder>/datacycle/audit_row.csv`, unless there is none. @returns how many. */
export async function exportAuditRows(
  warehouse: Warehouse,
  manifest: Manifest,
  subject: KnownSubject,
  { folder, signal }: { readonly folder: string; readonly signal: AbortSignal },
): Promise<number> {
  return warehouse.transaction(async (session) => {
    await session.query('set transaction read only');
    const { theirs } = await countAuditRows(session, manifest, subject);
    if (theirs === 0) return 0;
    const query = `select f.at, a.model, a.test, a.row
from datacycle.audit_row as a
join datacycle.audit_failure as f using (run_id, test)
where ${await auditPredicate(session, manifest, subject)}
order by f.at, a.model, a.test, a.row_no`;
    await copyToFile(session, query, join(folder, 'datacycle', 'audit_row.csv'), signal);
    return theirs;
  }, 'repeatable read');
}

/**
 * Deletes the bad rows of all failed audits, whosever they are: they only serve to look at, and a row that does not say
 * whose it is may be the subject's. That the audits failed stays recorded. @returns how many.
 */
export async function eraseAuditRows(on: Queryable): Promise<number> {
  return (await on.query('delete from datacycle.audit_row')).rowCount;
}

/** The condition that a bad row, as `a`, is the subject's; null where nothing in the row says whose it is. */
async function auditPredicate(on: Queryable, manifest: Manifest, subject: KnownSubject): Promise<string> {
  const isThere = await storedRelations(on);
  const canBeRead = (id: string | undefined): boolean => {
    const target = id === undefined ? undefined : manifest.nodes.get(id);
    return !isSubjectNode(target) || (isThere(target.relation) && canBeRead(target.subject.of));
  };
  const cases = [...manifest.nodes.values()].filter(isBuilt).flatMap((node) => {
    if (node.subject === 'nobody') return [`when ${literal(node.name)} then false`];
    if (!isSubjectNode(node) || !canBeRead(node.subject.of)) return [];
    const key = `a.row ->> ${literal(node.subject.column)}`;
    const isTheirs = keyPredicate(key, node, manifest, subject, { cast: '::text' });
    return [`when ${literal(node.name)} then case when ${key} is not null then ${isTheirs} end`];
  });
  return cases.length === 0 ? 'null::boolean' : `case a.model ${cases.join('\n')} end`;
}
