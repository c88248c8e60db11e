import { readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Queryable } from '../../warehouse/warehouse.ts';
import { isApartmentId } from '../landing/apartment.ts';
import { isLeftover, rejectedFolder } from '../landing/bronze.ts';
import { placeInBronze, removeEmpty } from '../landing/bronze-files.ts';
import { LoadFailedError, SourceError, systemCode, systemReason } from '../landing/errors.ts';
import { atOnce } from '../landing/in-order.ts';
import { ledgerName } from '../landing/ledger-name.ts';
import { readSource } from '../landing/source-file.ts';
import { sensors } from '../sensors/ledger.ts';
import { ownerIn } from '../sensors/name.ts';
import { maxFileBytes } from '../sensors/payload.ts';
import { isSubjectsContent, isSubjectsName, isSubjectsPath } from '../sensors/subject-files.ts';
import { ruleOf, type Subject, type SubjectRule } from '../tombstones/rule.ts';

/** Names looked through at once. */
const pageRows = 20_000;

/** A sensor file of the subject that staging knows. */
export interface LedgerFile {
  readonly id: number;
  /** Relative to Bronze, with forward slashes; null if the file is gone or only its row is known. */
  readonly path: string | null;
}

/**
 * The sensor files of a subject that staging knows: by the owner in their names, by their folder in Bronze or, rejected
 * files without a readable name, by what they hold.
 * @throws SourceError if the ledger names one that is not below Bronze.
 */
export async function ledgerFiles(on: Queryable, root: string, rule: SubjectRule): Promise<readonly LedgerFile[]> {
  const found: LedgerFile[] = [];
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
      const isTheirs =
        isSubjectsName(rule, name) ||
        (path !== null &&
          (isSubjectsPath(rule, path) || (rejected && (await holdsTheirs(rule, placeInBronze(root, path))))));
      if (!isTheirs) continue;
      if (path !== null) assertBelow(root, path);
      found.push({ id, path });
    }
  }
  // Rows without a ledger row.
  const { rows } = await on.query<{ id: number; name: string }>(
    `select s.file_id as id, s.name from staging.sensor_file as s
     where not exists (select from staging.file as f where f.file_id = s.file_id)`,
  );
  for (const { id, name } of rows) if (isSubjectsName(rule, name)) found.push({ id, path: null });
  return found;
}

/** As placeInBronze, whose error names the file, and with it the person. */
function assertBelow(root: string, path: string): void {
  try {
    placeInBronze(root, path);
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    throw new SourceError({
      what: 'the ledger names a file of this apartment that is not below BRONZE_ROOT',
      hint: 'Somebody changed staging.file by hand: correct bronze_path there. Nothing was touched.',
    });
  }
}

async function holdsTheirs(rule: SubjectRule, place: string): Promise<boolean> {
  const name = basename(place);
  if (ownerIn(ledgerName(name)) !== undefined) return false;
  const file = await readSource(place, maxFileBytes);
  return file.kind === 'read' && isSubjectsContent(rule, name, file.bytes);
}

/** A folder and the names of the files in it. */
export interface FolderFiles {
  readonly folder: string;
  readonly names: readonly string[];
}

/**
 * The sensor files of a subject in Bronze, whether or not the ledger knows them: all below the apartment's folder, and of
 * the rejected files its own; in both, what killed loads left. What is in a folder comes before it.
 * @throws SourceError if the id of the apartment names no folder of its own.
 */
export async function* bronzeFiles(root: string, subject: Subject): AsyncGenerator<FolderFiles> {
  const rule = ruleOf(subject);
  yield* foldersBelow(apartmentFolder(root, subject.id));
  for await (const { folder, names } of foldersBelow(placeInBronze(root, rejectedFolder))) {
    const theirs: string[] = [];
    for (const name of names) {
      // An abandoned draft has no name yet.
      const isTheirs = isLeftover(name) || isSubjectsName(rule, name);
      if (isTheirs || (await holdsTheirs(rule, join(folder, name)))) theirs.push(name);
    }
    yield { folder, names: theirs };
  }
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

/** Links are not followed. */
async function* foldersBelow(folder: string): AsyncGenerator<FolderFiles> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return [];
    throw withoutPath(error);
  });
  for (const entry of entries) if (entry.isDirectory()) yield* foldersBelow(join(folder, entry.name));
  yield { folder, names: entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name) };
}

/**
 * Deletes files of one folder, and the folder if it is then empty. It is no error if a file does not exist.
 * @throws LoadFailedError, which names no file, if one cannot be deleted.
 */
export async function deleteFiles(root: string, { folder, names }: FolderFiles): Promise<void> {
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
