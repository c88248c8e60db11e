import { dirname, join } from 'node:path';
import { isApartmentId } from '../landing/apartment.ts';
import { isLeftover, rejectedFolder } from '../landing/bronze.ts';
import { placeInBronze, removeEmpty, removeFile } from '../landing/bronze-files.ts';
import { SourceError } from '../landing/errors.ts';
import { ledgerName } from '../landing/ledger-name.ts';
import { readSource } from '../landing/source-file.ts';
import { ownerIn } from '../sensors/name.ts';
import { maxFileBytes } from '../sensors/payload.ts';
import { isSubjectsContent, isSubjectsName } from '../sensors/subject-files.ts';
import { ruleOf, type Subject, type SubjectRule } from '../tombstones/rule.ts';
import { deleteFiles, type FolderFiles, foldersBelow, removeEmptyFolders } from './bronze-folder.ts';
import type { ErasureControl } from './progress.ts';

/** Files deleted before it is asked whether to stop. */
const batchFiles = 1000;

/**
 * Files of the subject that stand elsewhere in Bronze than files of its apartment do, since somebody changed the ledger.
 * @param paths of the subject's files, relative to Bronze.
 */
export async function deleteStrays(root: string, subject: Subject, paths: readonly string[]): Promise<number> {
  const strays = paths.filter((path) => ![subject.id, rejectedFolder].includes(path.split('/')[0] ?? ''));
  for (const path of strays) {
    const place = placeInBronze(root, path);
    await removeFile(place);
    await removeEmpty(root, dirname(place));
  }
  return strays.length;
}

/**
 * The sensor files of a subject in Bronze, whether or not the ledger knows them: all below the apartment's folder, and of
 * the rejected files its own. In both, what killed loads left.
 */
export async function sensorFilesInBronze(root: string, subject: Subject): Promise<readonly FolderFiles[]> {
  const rule = ruleOf(subject);
  const found = [...(await foldersBelow(apartmentFolder(root, subject.id)))];
  for (const { folder, names } of await foldersBelow(placeInBronze(root, rejectedFolder))) {
    const theirs: string[] = [];
    for (const name of names) if (await isTheirs(rule, folder, name)) theirs.push(name);
    found.push({ folder, names: theirs });
  }
  return found;
}

/**
 * The folder of an apartment in Bronze, all below which is its own.
 * @throws SourceError if the id would name another folder: the weather's, or one outside Bronze.
 */
export function apartmentFolder(root: string, id: string): string {
  if (isApartmentId(id)) return placeInBronze(root, id);
  throw new SourceError({
    what: 'the id of the apartment does not name a folder of its own in Bronze',
    hint: 'Correct it in project.yml: letters, digits, - and _. Nothing was deleted from Bronze.',
  });
}

async function isTheirs(rule: SubjectRule, folder: string, name: string): Promise<boolean> {
  // A draft that nobody finishes has no name yet.
  if (isLeftover(name) || isSubjectsName(rule, name)) return true;
  if (ownerIn(ledgerName(name)) !== undefined) return false;
  const file = await readSource(join(folder, name), maxFileBytes);
  return file.kind === 'read' && isSubjectsContent(rule, name, file.bytes);
}

/** Deletes these files and the folders that are empty then. Returns how many there were. */
export async function deleteSensorFiles(folders: readonly FolderFiles[], control: ErasureControl): Promise<number> {
  const total = folders.reduce((sum, { names }) => sum + names.length, 0);
  let files = 0;
  let batch = 0;
  for (const { folder, names } of folders) {
    for (let at = 0; at < names.length; at += batchFiles) {
      const some = names.slice(at, at + batchFiles);
      await deleteFiles({ folder, names: some });
      files += some.length;
      batch += some.length;
      if (batch < batchFiles) continue;
      batch = 0;
      control.onProgress({ part: 'sensor files in Bronze', files, total });
      control.checkpoint();
    }
  }
  await removeEmptyFolders(folders);
  control.onProgress({ part: 'sensor files in Bronze', files, total });
  return files;
}
