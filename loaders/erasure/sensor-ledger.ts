import type { Queryable, Session } from '../../warehouse/warehouse.ts';
import { placeInBronze } from '../landing/bronze-files.ts';
import { SourceError } from '../landing/errors.ts';
import { readSource } from '../landing/source-file.ts';
import { sensors } from '../sensors/ledger.ts';
import { ownerIn } from '../sensors/name.ts';
import { maxFileBytes } from '../sensors/payload.ts';
import { isSubjectsContent, isSubjectsName, isSubjectsPath } from '../sensors/subject-files.ts';
import type { SubjectRule } from '../tombstones/rule.ts';

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
export async function subjectsFiles(on: Queryable, root: string, rule: SubjectRule): Promise<readonly LedgerFile[]> {
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
      const isTheirs = isSubjectsName(rule, name) || (path !== null && isSubjectsPath(rule, path));
      if (isTheirs || (rejected && path !== null && (await isTheirContent(root, rule, name, path)))) {
        if (path !== null) assertBelow(root, path);
        found.push({ id, path });
      }
    }
  }
  // Rows that somebody left without a ledger row.
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

async function isTheirContent(root: string, rule: SubjectRule, name: string, path: string): Promise<boolean> {
  if (ownerIn(name) !== undefined) return false;
  const file = await readSource(placeInBronze(root, path), maxFileBytes);
  return file.kind === 'read' && isSubjectsContent(rule, path, file.bytes);
}

/** Deletes these files' rows and ledger rows. Returns how many of each there were. */
export async function forgetFiles(
  session: Session,
  files: readonly LedgerFile[],
): Promise<{ readonly sensorRows: number; readonly ledgerRows: number }> {
  const ids = [files.map(({ id }) => id)];
  const remove = async (table: string) =>
    (
      await session.query(
        `delete from staging.${table} as t using unnest($1::bigint[]) as e (file_id) where t.file_id = e.file_id`,
        ids,
      )
    ).rowCount;
  const sensorRows = await remove('sensor_file');
  await remove('pruned_file');
  return { sensorRows, ledgerRows: await remove('file') };
}
