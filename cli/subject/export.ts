import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { visitLanded } from '../../loaders/erasure/landed.ts';
import { systemCode } from '../../loaders/landing/errors.ts';
import type { Compiled } from '../../runner/compile/compile.ts';
import { exportTables } from '../../runner/subject/rows.ts';
import { UsageError } from '../../runner/text/errors.ts';
import { thousands } from '../../runner/text/figures.ts';
import { createFolders } from '../../warehouse/make-folders.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { formatCell } from '../terminal/table.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { knownBy, type NamedSubject, requestOf } from './named.ts';
import { isEmpty, readmeOf } from './readme.ts';

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
  const { subject } = named;
  const at = clock();
  // A time in UTC without a character that a file system minds: `2023-10-12-073004`.
  const stamp = at.toISOString().slice(0, 19).replace('T', '-').replaceAll(':', '');
  const folder = output === undefined ? join(project.root, 'exports', `${subject.id}-${stamp}`) : resolve(output);
  await prepare(folder);
  terminal.live('exporting what was landed');
  const landed = await visitLanded(warehouse, requestOf(project, named, signal), { kind: 'export', folder });
  const known = knownBy(named, landed.ids);
  const to = { folder, signal };
  const tables = await exportTables(warehouse, manifest, known, to, (table) => terminal.live(`exporting ${table}`));
  const exported = { subject, tables, landed, at };
  await writeFile(join(folder, 'README.md'), readmeOf(exported), { mode: 0o600, flag: 'wx' });
  if (terminal.json) {
    const counts = Object.fromEntries(tables.map(({ path, rows }) => [path, rows]));
    terminal.event({ type: 'exported', folder, tables: counts, landed });
    return 0;
  }
  if (isEmpty(exported)) terminal.say('Nothing of it is held, as the README says.', 'good');
  const rows = tables.reduce((sum, table) => sum + table.rows, 0);
  terminal.say(`${thousands(rows)} rows of ${tables.length} tables and what was landed are in ${folder}`, 'good');
  for (const { name, reason } of landed.damaged.first)
    terminal.say(`  left out: ${formatCell(name)}: ${reason}`, 'warning');
  const more = landed.damaged.count - landed.damaged.first.length;
  if (more > 0) terminal.say(`  and ${thousands(more)} more`, 'warning');
  terminal.say('Hand it over on a way that nobody else can read, then delete it.', 'faint');
  return 0;
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
