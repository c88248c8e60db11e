// What `datacycle bi` needs besides powerbi/, which is pure.
//
//   measure-problems.ts  checks the measures of the .yml files, with their places
//   preview.ts           draws the pages from the database
//   design.ts            reads pages, captions and the like from powerbi/
//   write-folder.ts      writes the project's files and removes those of an earlier one
//
// A file that a person has changed is never overwritten without `--force`, and the report only with `--new-report`. If something
// would be overwritten, no file is touched. Each report is kept or written for itself.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import * as z from 'zod';
import type { PowerBiProject } from '../../powerbi/project/project.ts';
import { UsageError } from '../../runner/text/errors.ts';

/** Lists what was written, so that the next time it is clear what has been changed since. */
const record = '.datacycle.json';

const recordSchema = z.strictObject({ files: z.record(z.string(), z.string()) });

export interface Written {
  readonly written: number;
  /** The folders of the reports that were left alone because a person has changed them. */
  readonly reportsKept: readonly string[];
}

export interface Overwriting {
  /** Overwrite changed files, except for a report that a person has changed. */
  readonly force: boolean;
  /** Take away the report with all that is in it, and write a new one. */
  readonly newReport: boolean;
}

/**
 * Writes a Power BI project into a folder, and takes away what an earlier one had and this has not. What a person has
 * changed is not overwritten: a report that was worked on is kept as it is, anything else changed stops it before a file
 * is touched.
 * @throws UsageError that lists the changed files.
 */
export function writeFolder(folder: string, project: PowerBiProject, { force, newReport }: Overwriting): Written {
  const before = readRecord(folder, force);
  // Those of an earlier project, too: one that is no longer written may have been worked on.
  const reports = [...new Set([...project.reportFolders, ...[...before.keys()].flatMap(reportFolderOf)])];
  const reportOf = (path: string) => reports.find((report) => path.startsWith(`${report}/`));
  const changed = changedFiles(folder, before, project.files);
  const inTheWay = changed.filter((path) => reportOf(path) === undefined);
  if (!force && inTheWay.length > 0) throw changedByHand(folder, inTheWay);
  const reportsKept = reports.filter(
    (report) =>
      !newReport &&
      existsSync(join(folder, report)) &&
      (changed.some((path) => reportOf(path) === report) || addedFiles(folder, report, project, before).length > 0),
  );
  const isKept = (path: string) => reportsKept.includes(reportOf(path) ?? '');
  // Pages of an earlier report would stay as files that its list of pages does not name.
  if (newReport) for (const report of reports) rmSync(join(folder, report), { recursive: true, force: true });
  const files = [...project.files].filter(([path]) => !isKept(path));
  for (const [path, text] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  for (const path of before.keys()) {
    if (!project.files.has(path) && !isKept(path)) rmSync(join(folder, path), { force: true });
  }
  const kept = [...before].filter(([path]) => isKept(path));
  const hashes = Object.fromEntries([...kept, ...files.map(([path, text]) => [path, hashOf(text)])]);
  writeFileSync(join(folder, record), `${JSON.stringify({ files: hashes }, null, 2)}\n`);
  return { written: files.length, reportsKept };
}

/** The report that a path belongs to, by its first folder. */
function reportFolderOf(path: string): string[] {
  const first = path.slice(0, path.indexOf('/'));
  return first.endsWith('.Report') ? [first] : [];
}

/** The files that were written the last time, with their hashes; none in a new folder. */
function readRecord(folder: string, force: boolean): Map<string, string> {
  const path = join(folder, record);
  if (existsSync(path)) {
    try {
      return new Map(Object.entries(recordSchema.parse(JSON.parse(readFileSync(path, 'utf8'))).files));
    } catch {
      if (force) return new Map();
      throw new UsageError({
        what: `${path} cannot be read, so that it is not clear what in the folder is yours`,
        hint: 'Write into another folder with --output, or overwrite this one with --force.',
      });
    }
  }
  if (existsSync(folder) && !statSync(folder).isDirectory()) {
    throw new UsageError({ what: `${folder} is a file`, hint: 'Name a folder with --output.' });
  }
  if (!force && existsSync(folder) && readdirSync(folder).length > 0) {
    throw new UsageError({
      what: `${folder} holds files that datacycle has not written`,
      hint: 'Write into another folder with --output, or overwrite what has the same names with --force.',
    });
  }
  return new Map();
}

/** The files that are neither as they were written nor as they are to be written now; a deleted file counts as changed. */
function changedFiles(
  folder: string,
  before: ReadonlyMap<string, string>,
  files: ReadonlyMap<string, string>,
): string[] {
  return [...before].flatMap(([path, hash]) => {
    const full = join(folder, path);
    if (!existsSync(full)) return [path];
    const now = hashOf(readFileSync(full, 'utf8'));
    const next = files.get(path);
    // After a break in the middle of writing some files are new already.
    return now === hash || (next !== undefined && now === hashOf(next)) ? [] : [path];
  });
}

/** The files of a report that datacycle did not write: pages of an author, or a report without a record. */
function addedFiles(
  folder: string,
  report: string,
  project: PowerBiProject,
  before: ReadonlyMap<string, string>,
): string[] {
  const definition = `${report}/definition`;
  const full = join(folder, definition);
  if (!existsSync(full)) return [];
  return readdirSync(full, { recursive: true, encoding: 'utf8' })
    .filter((path) => statSync(join(full, path)).isFile())
    .map((path) => [definition, ...path.split(sep)].join('/'))
    .filter((path) => {
      if (before.has(path)) return false;
      const next = project.files.get(path);
      // After a break in the middle of writing some files are new already.
      return next === undefined || hashOf(readFileSync(join(folder, path), 'utf8')) !== hashOf(next);
    });
}

function changedByHand(folder: string, paths: readonly string[]): UsageError {
  const shown = paths.slice(0, 10).map((path) => `  ${path}`);
  const more = paths.length > 10 ? [`  and ${paths.length - 10} more`] : [];
  return new UsageError({
    what: `files in ${folder} have been changed since they were written:\n${[...shown, ...more].join('\n')}`,
    hint: 'Write into another folder with --output and compare, or overwrite them with --force, which keeps a report that you have worked on.',
  });
}

/** Power BI Desktop and Git may change how lines end: that is no change. */
function hashOf(text: string): string {
  return createHash('sha256').update(text.replaceAll('\r\n', '\n')).digest('hex');
}
