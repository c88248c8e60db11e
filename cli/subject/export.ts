import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { visitLanded } from '../../loaders/erasure/landed.ts';
import { sensorFiles } from '../../loaders/erasure/request.ts';
import { systemCode } from '../../loaders/landing/errors.ts';
import type { Compiled } from '../../runner/compile/compile.ts';
import { type ExportedTable, exportTables } from '../../runner/subject/rows.ts';
import { UsageError } from '../../runner/text/errors.ts';
import { thousands } from '../../runner/text/figures.ts';
import { createFolders } from '../../warehouse/make-folders.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { bronzeAddress } from '../settings/bronze.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { type NamedSubject, requestOf } from './named.ts';

export interface ExportOptions {
  readonly clock: () => Date;
  readonly signal: AbortSignal;
  /** The folder to write into; undefined: `exports/<id>-<time>` of the project. */
  readonly output: string | undefined;
}

/**
 * Writes the rows that are held of a subject into a new folder, for the person they are about: a CSV file a table, and a README that
 * explains the columns. Says where its files in Bronze are. On systems that know owners only this user may read the folder.
 * @throws UsageError if the folder exists.
 */
export async function exportSubject(
  warehouse: Warehouse,
  { manifest, project }: Compiled,
  named: NamedSubject,
  terminal: Terminal,
  { clock, signal, output }: ExportOptions,
): Promise<0> {
  const { id } = named.subject;
  const at = clock().toISOString();
  // A time in UTC without a character that a file system minds: `2023-10-12-073004`.
  const stamp = at.slice(0, 19).replace('T', '-').replaceAll(':', '');
  const folder = output === undefined ? join(project.root, 'exports', `${id}-${stamp}`) : resolve(output);
  await createFolders(dirname(folder));
  // Files in it have the usual permissions: who may not enter the folder cannot read them.
  await mkdir(folder, { mode: 0o700 }).catch((error: unknown) => {
    if (systemCode(error) !== 'EEXIST') throw error;
    throw new UsageError({ what: `there is already ${folder}`, hint: 'Name another folder with --output.' });
  });
  terminal.live('exporting what was landed');
  const landed = await visitLanded(warehouse, requestOf(project, named, signal), { kind: 'export', folder });
  const onTable = (table: string) => terminal.live(`exporting ${table}`);
  const tables = await exportTables(warehouse, manifest, { id, known: landed.ids }, { folder, signal }, onTable);
  const isEmpty = tables.length === 0 && Object.values(landed.counts).every((count) => count === 0);
  const readme = isEmpty ? 'Nothing is held.\n' : readmeOf(tables);
  const title = `# Data about apartment ${id}, as of ${at.slice(0, 16).replace('T', ' ')} UTC\n\n`;
  await writeFile(join(folder, 'README.md'), `${title}${readme}`, { mode: 0o600, flag: 'wx' });
  if (terminal.json) {
    const counts = Object.fromEntries(tables.map(({ path, rows }) => [path, rows]));
    terminal.event({ type: 'exported', folder, tables: counts, landed });
    return 0;
  }
  if (isEmpty) terminal.say('Nothing of it is held, as the README says.', 'good');
  terminal.say(`The rows of ${tables.length} tables and what was landed are in ${folder}`, 'good');
  const files = landed.counts[sensorFiles] ?? 0;
  if (files > 0)
    terminal.say(
      `Not copied: ${thousands(files)} files of its sensors in ${bronzeAddress(project)}, most of them below ${id}/. They contain api_token, a secret: take it out before you hand one over.`,
    );
  terminal.say('Hand it over on a way that nobody else can read, then delete it.', 'faint');
  return 0;
}

/** For the person: how to read the files, what each is, and what is not there. */
function readmeOf(tables: readonly ExportedTable[]): string {
  return `A file holds the rows of one table as CSV in UTF-8; an empty value is unknown. A text that begins with =, +, - or @ has an apostrophe before
it, so that no spreadsheet takes it for a formula. Times are UTC. \`staging/\` and \`registry/\` have what arrived, \`silver/\` the single readings, \`gold/\` the
figures that reports show; other folders have what people entered, such as who may see the figures.

Not in it are the files as they arrived, where \`staging/file.csv\` says they are kept; api_token, a password that comes with them; what
only mentions this apartment in data of others; backups and logs. Whoever gave you this can say what the data are used for, who receives them
and how long they are kept, and can correct or erase them. You may complain to the data protection authority.

${tables.map(section).join('\n')}`;
}

function section({ node, path, rows }: ExportedTable): string {
  const columns = node.columns.map(({ name, description }) => `- \`${name}\`: ${description}`);
  return `## ${path} (${thousands(rows)} rows)\n\n${node.description.trim()}\n\n${columns.join('\n')}\n`;
}
