import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createFolders } from '../../warehouse/make-folders.ts';
import { identifier, literal, relation } from '../../warehouse/quote.ts';
import type { Queryable, Warehouse } from '../../warehouse/warehouse.ts';
import { isBuilt, type Manifest } from '../manifest/manifest.ts';
import { isSubjectNode, subjectNodes, subjectPredicate } from './predicate.ts';
import type { SubjectWords } from './words.ts';

/*
 * The bad rows that failed audits kept. A test returns what columns it likes, so that it cannot always be told whose a kept
 * row is.
 */

/** How many kept rows are the subject's, and of how many nobody can say whose they are. */
export interface KeptRows {
  readonly theirs: number;
  readonly unclear: number;
}

/** Whose kept rows are asked for. */
export interface KeptRowsOf {
  readonly id: string;
  /** The ids of all others who are configured. */
  readonly otherIds: readonly string[];
  readonly words: SubjectWords;
}

/** Counts the kept rows of failed audits. */
export async function countKeptRows(
  on: Queryable,
  manifest: Manifest,
  { id, otherIds, words }: KeptRowsOf,
): Promise<KeptRows> {
  if (!(await isThere(on, 'datacycle', 'audit_row'))) return { theirs: 0, unclear: 0 };
  const { theirs, unclear } = await conditions(on, manifest, otherIds);
  const { rows } = await on.query<{ theirs: number; unclear: number }>(
    `select count(*) filter (where ${theirs('$1', '$2')}) as theirs,
         count(*) filter (where ${unclear} and not (${theirs('$1', '$2')})) as unclear
     from datacycle.audit_row as a`,
    [id, words.posix],
  );
  return { theirs: Number(rows[0]?.theirs ?? 0), unclear: Number(rows[0]?.unclear ?? 0) };
}

/** Writes the subject's kept rows into `<folder>/datacycle/audit_row.csv`, unless there is none. @returns how many. */
export async function exportKeptRows(
  warehouse: Warehouse,
  manifest: Manifest,
  of: KeptRowsOf,
  { folder, signal }: { readonly folder: string; readonly signal: AbortSignal },
): Promise<number> {
  return warehouse.transaction(async (session) => {
    await session.query('set transaction read only');
    const { theirs: count } = await countKeptRows(session, manifest, of);
    if (count === 0) return 0;
    const { theirs } = await conditions(session, manifest, of.otherIds);
    const query = `select f.at, a.model, a.test, a.row
from datacycle.audit_row as a
join datacycle.audit_failure as f using (run_id, test)
where ${theirs(literal(of.id), literal(of.words.posix))}
order by f.at, a.model, a.test, a.row_no`;
    await createFolders(join(folder, 'datacycle'));
    const file = createWriteStream(join(folder, 'datacycle', 'audit_row.csv'), { mode: 0o600, flags: 'wx' });
    const chunks = session.copyOut(`copy (${query}) to stdout with (format csv, header true, encoding 'UTF8')`);
    await pipeline(Readable.from(chunks), file, { signal });
    return count;
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
 * Conditions on a kept row as `a`: that it is the subject's, and that nothing in it says whose it is. One that names the
 * subject is its own unless its key says that it is somebody else's.
 */
async function conditions(
  on: Queryable,
  manifest: Manifest,
  otherIds: readonly string[],
): Promise<{ readonly theirs: (id: string, posix: string) => string; readonly unclear: string }> {
  const known: { model: string; key: string; isOf: (...ids: string[]) => string }[] = [];
  for (const node of subjectNodes(manifest)) {
    const { column, of } = node.subject;
    const [model, key] = [literal(node.name), literal(column)];
    if (of === undefined) {
      known.push({ model, key, isOf: (...ids) => `in (${ids.join(', ')})` });
      continue;
    }
    const target = manifest.nodes.get(of);
    if (!isSubjectNode(target) || !(await allThere(on, manifest, of))) continue;
    const { schema, name } = target.relation;
    const from = `select t.${identifier(column)}::text from ${relation(schema, name)} as t`;
    const isOne = (id: string) => subjectPredicate(target, manifest, id);
    known.push({ model, key, isOf: (...ids) => `in (${from} where ${ids.map(isOne).join(' or ')})` });
  }
  const nobodys = [...manifest.nodes.values()].flatMap((node) =>
    isBuilt(node) && node.subject === 'nobody' ? [literal(node.name)] : [],
  );
  const cases = (of: (one: (typeof known)[number]) => string, otherwise: string) =>
    known.length === 0
      ? otherwise
      : `case a.model ${known.map((one) => `when ${one.model} then ${of(one)}`).join(' ')} else ${otherwise} end`;
  const isOf = (...ids: string[]) =>
    ids.length === 0
      ? 'false'
      : `coalesce(${cases((one) => `a.row ->> ${one.key} ${one.isOf(...ids)}`, 'false')}, false)`;
  return {
    theirs: (id, posix) =>
      `(${isOf(id)} or (a.row::text ~ ${posix} and not ${isOf(...otherIds.map((other) => literal(other)))}))`,
    unclear: cases(
      ({ key }) => `a.row ->> ${key} is null`,
      nobodys.length === 0 ? 'true' : `a.model not in (${nobodys.join(', ')})`,
    ),
  };
}

/** Whether the tables are there through which the subject of a node is found, its own included. */
async function allThere(on: Queryable, manifest: Manifest, id: string): Promise<boolean> {
  const node = manifest.nodes.get(id);
  if (!isSubjectNode(node) || !(await isThere(on, node.relation.schema, node.relation.name))) return false;
  return node.subject.of === undefined || allThere(on, manifest, node.subject.of);
}

async function isThere(on: Queryable, schema: string, name: string): Promise<boolean> {
  const { rows } = await on.query<{ there: boolean }>('select to_regclass($1) is not null as there', [
    relation(schema, name),
  ]);
  return rows[0]?.there === true;
}
