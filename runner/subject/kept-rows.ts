import { join } from 'node:path';
import { copyToFile } from '../../warehouse/copy-to-file.ts';
import { identifier, literal, relation } from '../../warehouse/quote.ts';
import type { Queryable, Warehouse } from '../../warehouse/warehouse.ts';
import { isBuilt, type Manifest } from '../manifest/manifest.ts';
import { isSubjectNode, type SubjectNode, subjectPredicate } from './predicate.ts';

/*
 * The bad rows that failed audits kept. A test returns what columns it likes, so that it cannot always be told whose a kept
 * row is.
 */

/** How many kept rows are the subject's, and for how many it cannot be told whose they are. */
export interface KeptRows {
  readonly theirs: number;
  readonly unclear: number;
}

/** Counts the kept rows of failed audits. */
export async function countKeptRows(on: Queryable, manifest: Manifest, id: string): Promise<KeptRows> {
  if (!(await isThere(on, 'datacycle', 'audit_row'))) return { theirs: 0, unclear: 0 };
  const isTheirs = await ownership(on, manifest, '$1');
  const { rows } = await on.query<{ theirs: number; unclear: number }>(
    `select count(*) filter (where ${isTheirs})::int as theirs, count(*) filter (where (${isTheirs}) is null)::int as unclear
     from datacycle.audit_row as a
     where $1::text is not null`,
    [id],
  );
  return rows[0] ?? { theirs: 0, unclear: 0 };
}

/** Writes the subject's kept rows into `<folder>/datacycle/audit_row.csv`, unless there is none. @returns how many. */
export async function exportKeptRows(
  warehouse: Warehouse,
  manifest: Manifest,
  id: string,
  { folder, signal }: { readonly folder: string; readonly signal: AbortSignal },
): Promise<number> {
  return warehouse.transaction(async (session) => {
    await session.query('set transaction read only');
    const { theirs } = await countKeptRows(session, manifest, id);
    if (theirs === 0) return 0;
    const query = `select f.at, a.model, a.test, a.row
from datacycle.audit_row as a
join datacycle.audit_failure as f using (run_id, test)
where ${await ownership(session, manifest, literal(id))}
order by f.at, a.model, a.test, a.row_no`;
    await copyToFile(session, query, join(folder, 'datacycle', 'audit_row.csv'), signal);
    return theirs;
  }, 'repeatable read');
}

/**
 * Deletes the kept rows of all failed audits, whosever they are: they only serve to look at, and a row that does not say
 * whose it is may be the subject's. That the audits failed stays known. @returns how many.
 */
export async function eraseKeptRows(on: Queryable): Promise<number> {
  return (await on.query('delete from datacycle.audit_row')).rowCount;
}

/**
 * The condition that a kept row, as `a`, is the subject's by the column that says it for its model; null where nothing in the
 * row says whose it is.
 * @param id SQL for the subject's id.
 */
async function ownership(on: Queryable, manifest: Manifest, id: string): Promise<string> {
  const cases: string[] = [];
  for (const node of manifest.nodes.values()) {
    if (!isBuilt(node)) continue;
    if (node.subject === 'nobody') cases.push(`when ${literal(node.name)} then false`);
    if (!isSubjectNode(node)) continue;
    const { column, of } = node.subject;
    const target = of === undefined ? undefined : manifest.nodes.get(of);
    if (isSubjectNode(target) && !(await allThere(on, manifest, target))) continue;
    const key = `a.row ->> ${literal(column)}`;
    const isTheirs = isSubjectNode(target)
      ? `in (
             select t.${identifier(column)}::text from ${relation(target.relation)} as t
             where ${subjectPredicate(target, manifest, id)}
         )`
      : `= ${id}`;
    cases.push(`when ${literal(node.name)} then case when ${key} is not null then ${key} ${isTheirs} end`);
  }
  return cases.length === 0 ? 'null::boolean' : `case a.model ${cases.join('\n')} end`;
}

/** Whether the tables are there through which the subject of a node is found, its own included. */
async function allThere(on: Queryable, manifest: Manifest, node: SubjectNode): Promise<boolean> {
  if (!(await isThere(on, node.relation.schema, node.relation.name))) return false;
  const target = node.subject.of === undefined ? undefined : manifest.nodes.get(node.subject.of);
  return !isSubjectNode(target) || allThere(on, manifest, target);
}

async function isThere(on: Queryable, schema: string, name: string): Promise<boolean> {
  const { rows } = await on.query<{ there: boolean }>('select to_regclass($1) is not null as there', [
    relation(schema, name),
  ]);
  return rows[0]?.there === true;
}
