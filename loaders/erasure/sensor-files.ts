import { readdir, rm, writeFile } from 'node:fs/promises';
import { basename, join, relative, resolve, sep } from 'node:path';
import { createFolders } from '../../warehouse/make-folders.ts';
import type { Queryable } from '../../warehouse/warehouse.ts';
import { checkpoint } from '../housekeeping/alone.ts';
import type { Apartment } from '../landing/apartment.ts';
import { isLeftover, rejectedFolder } from '../landing/bronze.ts';
import { placeInBronze, removeEmpty } from '../landing/bronze-files.ts';
import { LoadFailedError, systemCode, systemReason } from '../landing/errors.ts';
import { atOnce } from '../landing/in-order.ts';
import { isCompressed, ledgerName } from '../landing/ledger-name.ts';
import { readSource } from '../landing/source-file.ts';
import type { NoteCollector } from '../landing/summary.ts';
import { sensors } from '../sensors/ledger.ts';
import { ownerIn } from '../sensors/name.ts';
import { maxFileBytes, sensorPayload, tooBig } from '../sensors/payload.ts';
import { isSubjectsContent, isSubjectsName, isSubjectsPath } from '../sensors/subject-files.ts';
import { ruleOf, type SubjectRule } from '../tombstones/rule.ts';
import { type SubjectAct, type SubjectRequest, sensorFiles } from './request.ts';

/** Names looked through at once. */
const pageRows = 20_000;

/**
 * The ids of a subject's sensor files in staging: by the owner in their names, by their folder in Bronze or, rejected
 * files without a readable name, by what they hold.
 */
export async function ledgerFiles(on: Queryable, root: string, rule: SubjectRule): Promise<readonly number[]> {
  const found: number[] = [];
  for (let after = 0; ; ) {
    const { rows } = await on.query<{ id: number; name: string; path: string | null; rejected: boolean }>(
      `select file_id as id, name, bronze_path as path, status = 'rejected' as rejected
       from staging.file where source = $1 and file_id > $2 order by file_id limit ${pageRows}`,
      [sensors, after],
    );
    const last = rows.at(-1);
    if (last === undefined) break;
    after = last.id;
    for (const { id, name, path, rejected } of rows) {
      if (isSubjectsName(rule, name) || (path !== null && isSubjectsPath(rule, path))) found.push(id);
      else if (path !== null && rejected && (await holdsTheirs(rule, placeInBronze(root, path)))) found.push(id);
    }
  }
  const { rows: strays } = await on.query<{ id: number; name: string }>(
    `select s.file_id as id, s.name from staging.sensor_file as s
     where not exists (select from staging.file as f where f.file_id = s.file_id)`,
  );
  return [...found, ...strays.filter(({ name }) => isSubjectsName(rule, name)).map(({ id }) => id)];
}

/** Whether a file whose name names no owner names the subject as its `user`. */
async function holdsTheirs(rule: SubjectRule, place: string): Promise<boolean> {
  const name = basename(place);
  if (ownerIn(ledgerName(name)) !== undefined) return false;
  const file = await readSource(place, maxFileBytes);
  return file.kind === 'read' && isSubjectsContent(rule, name, file.bytes);
}

/**
 * Counts, copies or deletes the sensor files of a subject in Bronze, whether or not the ledger knows them: all below the
 * apartment's folder, elsewhere those with the owner in their names, and of the rejected files its own and drafts of killed
 * loads. Copies are decompressed and without api_token; drafts are not copied, since nobody knows whose they are.
 * @param damaged collects the files that could not be copied.
 * @returns how many files; of a copy, those that were written.
 * @throws LoadFailedError, which names no file, if one cannot be deleted.
 */
export async function visitSensorFiles(
  { bronzeRoot, subject, signal, onProgress }: SubjectRequest,
  act: SubjectAct,
  damaged: NoteCollector,
): Promise<number> {
  let files = 0;
  for await (const { folder, path, names } of subjectFiles(resolve(bronzeRoot), subject)) {
    checkpoint(signal);
    if (act.kind !== 'export') files += names.length;
    if (act.kind === 'erase') await deleteFiles(bronzeRoot, folder, names);
    if (act.kind === 'export') {
      const whole = names.filter((name) => !isLeftover(name));
      const to = join(act.folder, 'bronze', path);
      if (whole.length > 0) await createFolders(to);
      await atOnce(whole, 16, async (name) => {
        const reason = await copyFile(join(folder, name), join(to, name.replace(/\.gz$/i, '')));
        if (reason === undefined) files += 1;
        else damaged.add([{ name: `${path}/${name}`, reason }]);
      });
    }
    if (names.length > 0) onProgress?.(sensorFiles, files);
  }
  return files;
}

/** Folders with files of the subject; what is in a folder comes before it. */
async function* subjectFiles(
  root: string,
  subject: Apartment,
): AsyncGenerator<{ readonly folder: string; readonly path: string; readonly names: readonly string[] }> {
  const rule = ruleOf(subject);
  for await (const { folder, names } of foldersBelow(root)) {
    const path = relative(root, folder).split(sep).join('/');
    const [top = ''] = path.split('/');
    const theirs: string[] = [];
    for (const name of names) if (await isTheirs(rule, top, join(folder, name))) theirs.push(name);
    if (theirs.length > 0 || rule.hasApartment(top)) yield { folder, path, names: theirs };
  }
}

/** @param top the folder of Bronze that the file is in. */
async function isTheirs(rule: SubjectRule, top: string, place: string): Promise<boolean> {
  if (rule.hasApartment(top)) return true;
  const name = basename(place);
  const owner = ownerIn(ledgerName(name));
  if (owner !== undefined) return rule.hasOwner(owner);
  // A draft has no name yet.
  return top === rejectedFolder && (isLeftover(name) || rule.isNamedIn(name) || holdsTheirs(rule, place));
}

/** Every folder and the names of the files in it. Links are not followed. */
async function* foldersBelow(
  folder: string,
): AsyncGenerator<{ readonly folder: string; readonly names: readonly string[] }> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return [];
    throw withoutPath(error);
  });
  for (const entry of entries) if (entry.isDirectory()) yield* foldersBelow(join(folder, entry.name));
  yield { folder, names: entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name) };
}

/** Returns why a file was left out. */
async function copyFile(from: string, to: string): Promise<string | undefined> {
  const source = await readSource(from, maxFileBytes);
  if (source.kind === 'skipped') return source.reason;
  if (source.kind === 'big') return tooBig;
  const payload = sensorPayload(source.bytes, isCompressed(from));
  if (!payload.ok) return payload.reason;
  await writeFile(to, payload.json);
  return undefined;
}

/**
 * Deletes files of one folder, and the folder if it is then empty. It is no error if a file does not exist.
 * @throws LoadFailedError, which names no file, if one cannot be deleted.
 */
async function deleteFiles(root: string, folder: string, names: readonly string[]): Promise<void> {
  await atOnce(names, 16, (name) => rm(join(folder, name), { force: true })).catch((error: unknown) => {
    throw withoutPath(error);
  });
  await removeEmpty(root, folder);
}

/** The system's error names the path, and with it the person. */
function withoutPath(error: unknown): unknown {
  const code = systemCode(error);
  if (code === '') return error;
  return new LoadFailedError({
    what: `what is to be erased cannot be deleted from Bronze: ${systemReason(code)}`,
    hint: 'Check the permissions below BRONZE_ROOT and that no other program has its files open, then erase again: it goes on where it stopped.',
  });
}
