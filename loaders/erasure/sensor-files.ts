import { readdir, rm } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import type { Queryable } from '../../warehouse/warehouse.ts';
import { checkpoint } from '../housekeeping/alone.ts';
import { removeEmpty } from '../landing/bronze-files.ts';
import { LoadFailedError, systemCode, systemReason } from '../landing/errors.ts';
import { atOnce } from '../landing/in-order.ts';
import { sensors } from '../sensors/ledger.ts';
import { isSubjectsPath } from '../sensors/subject-files.ts';
import { ruleOf, type SubjectRule } from '../tombstones/rule.ts';
import { type SubjectRequest, sensorFiles } from './request.ts';

/** Names looked through at once. */
const pageRows = 20_000;

/** The ids of a subject's sensor files in staging: by the owner in their names, or by their folder in Bronze. */
export async function ledgerFiles(on: Queryable, rule: SubjectRule): Promise<readonly number[]> {
  const found: number[] = [];
  for (let after = 0; ; ) {
    const { rows } = await on.query<{ id: number; name: string; path: string | null }>(
      `select file_id as id, name, bronze_path as path from staging.file
       where source = $1 and file_id > $2 order by file_id limit ${pageRows}`,
      [sensors, after],
    );
    const last = rows.at(-1);
    if (last === undefined) return found;
    after = last.id;
    const own = rows.filter(({ name, path }) => isSubjectsPath(rule, name) || isSubjectsPath(rule, path ?? ''));
    found.push(...own.map(({ id }) => id));
  }
}

/**
 * Counts or deletes the sensor files of a subject in Bronze, whether or not the ledger knows them: all below the apartment's folder,
 * elsewhere those with the owner in their names. Links are not followed.
 * @returns how many files.
 * @throws LoadFailedError, which names no file, if one cannot be deleted.
 */
export async function visitSensorFiles(
  { bronzeRoot, bronzeRemote, subject, signal, onProgress }: SubjectRequest,
  isErasure: boolean,
): Promise<number> {
  let files = 0;
  try {
    for await (const { folder, names } of subjectFiles(ruleOf(subject), resolve(bronzeRoot))) {
      checkpoint(signal);
      files += names.length;
      if (isErasure) {
        await atOnce(names, 16, (name) => rm(join(folder, name), { force: true }));
        await removeEmpty(bronzeRoot, folder);
      }
      if (names.length > 0) onProgress?.(sensorFiles, files);
    }
  } catch (error) {
    if (systemCode(error) === '') throw error;
    throw new LoadFailedError({
      what: `its files in Bronze cannot be read or deleted: ${systemReason(systemCode(error))}`,
      hint: 'Check the permissions below BRONZE_ROOT and that no other program has its files open, then repeat: it goes on where it stopped.',
    });
  }
  if (bronzeRemote === undefined) return files;
  const rule = ruleOf(subject);
  for await (const { path } of bronzeRemote.list('')) {
    if (!isSubjectsPath(rule, path)) continue;
    checkpoint(signal);
    files += 1;
    if (isErasure) await bronzeRemote.remove(path);
    if (files % 1000 === 0) onProgress?.(sensorFiles, files);
  }
  return files;
}

/** Folders with files of the subject; what is in a folder comes before it. */
async function* subjectFiles(
  rule: SubjectRule,
  root: string,
  folder = root,
): AsyncGenerator<{ readonly folder: string; readonly names: readonly string[] }> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  });
  for (const entry of entries) if (entry.isDirectory()) yield* subjectFiles(rule, root, join(folder, entry.name));
  const path = relative(root, folder).split(sep).join('/');
  const isTheirs = (name: string) => isSubjectsPath(rule, path === '' ? name : `${path}/${name}`);
  const names = entries.filter((entry) => !entry.isDirectory() && isTheirs(entry.name)).map(({ name }) => name);
  if (names.length > 0 || isTheirs('')) yield { folder, names };
}
