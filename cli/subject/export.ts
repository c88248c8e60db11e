import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { exportLanded } from '../../loaders/erasure/export-landed.ts';
import { systemCode } from '../../loaders/landing/errors.ts';
import type { Compiled } from '../../runner/compile/compile.ts';
import { exportKeptRows } from '../../runner/subject/kept-rows.ts';
import { exportTables } from '../../runner/subject/rows.ts';
import { UsageError } from '../../runner/text/errors.ts';
import { thousands } from '../../runner/text/figures.ts';
import { createFolders } from '../../warehouse/make-folders.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { knownSubject, requestOf } from './held.ts';
import type { NamedSubject } from './named.ts';
import { isEmpty, readmeOf } from './readme.ts';
import { refuseWithoutBronze } from './refuse.ts';

export interface ExportOptions {
  readonly clock: () => Date;
  readonly signal: AbortSignal;
  /** The folder to write into; undefined: `exports/<id>-<time>` of the project. */
  readonly output: string | undefined;
}

/**
 * Writes everything that is held of a subject into a new folder, for the person it is about: tables as CSV, landed files as
 * they came, and a README. On systems that know owners only this user may read it.
 * @throws UsageError if the folder is not empty.
 */
export async function exportSubject(
  warehouse: Warehouse,
  { manifest, project }: Compiled,
  named: NamedSubject,
  terminal: Terminal,
  { clock, signal, output }: ExportOptions,
): Promise<0> {
  await refuseWithoutBronze(warehouse, project);
  const { subject } = named;
  const known = await knownSubject(warehouse, project, named, signal);
  const at = clock();
  const folder = output === undefined ? join(project.root, 'exports', `${subject.id}-${stamp(at)}`) : resolve(output);
  await prepare(folder);
  const onTable = (table: string) => terminal.live(`exporting ${table}`);
  const tables = await exportTables(warehouse, manifest, known, { folder, signal }, onTable);
  const kept = await exportKeptRows(warehouse, manifest, subject.id, { folder, signal });
  terminal.live('exporting what was landed');
  const landed = await exportLanded(warehouse, requestOf(project, named, signal), folder);
  await writeFile(join(folder, 'README.md'), readmeOf({ subject, tables, kept, landed, at }), {
    mode: 0o600,
    flag: 'wx',
  });
  const rows = tables.reduce((sum, table) => sum + table.rows, 0);
  if (terminal.json) {
    const counts = Object.fromEntries(tables.map((table) => [table.path, table.rows]));
    if (kept > 0) counts['datacycle/audit_row.csv'] = kept;
    terminal.event({ type: 'exported', folder, tables: counts, landed });
  } else if (isEmpty({ tables, kept, landed })) {
    terminal.say(`Nothing of it is held: ${folder} says so, and nothing else.`, 'good');
  } else {
    terminal.say(`${thousands(rows)} rows of ${tables.length} tables and what was landed are in ${folder}`, 'good');
    for (const { name, reason } of landed.leftOut.first) terminal.say(`  left out: ${name}: ${reason}`, 'warning');
    const more = landed.leftOut.count - landed.leftOut.first.length;
    if (more > 0) terminal.say(`  and ${thousands(more)} more`, 'warning');
    terminal.say('Hand it over on a way that nobody else can read, then delete it.', 'faint');
  }
  return 0;
}

/** `2023-10-12-073004`, UTC: no character that a file system minds. */
function stamp(at: Date): string {
  return at.toISOString().slice(0, 19).replace('T', '-').replaceAll(':', '');
}

async function prepare(folder: string): Promise<void> {
  await createFolders(dirname(folder));
  await mkdir(folder, { mode: 0o700 }).catch((error: unknown) => {
    if (systemCode(error) !== 'EEXIST') throw error;
  });
  const there = await readdir(folder).catch((error: unknown) => {
    if (systemCode(error) === 'ENOTDIR') return ['a file'];
    throw error;
  });
  // Files in it have the usual permissions: who may not enter the folder cannot read them.
  if (there.length === 0) return chmod(folder, 0o700);
  throw new UsageError({ what: `${folder} is not empty`, hint: 'Name another folder with --output.' });
}
