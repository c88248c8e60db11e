import { writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { createFolders } from '../../warehouse/make-folders.ts';
import { isLeftover } from '../landing/bronze.ts';
import { closeFile, openFile, writeFully } from '../landing/descriptor.ts';
import { atOnce } from '../landing/in-order.ts';
import { isCompressed } from '../landing/ledger-name.ts';
import { readSource } from '../landing/source-file.ts';
import { NoteCollector, type Notes } from '../landing/summary.ts';
import { NotATable } from '../registry/bronze.ts';
import { RegistryRows } from '../registry/subject-rows.ts';
import { maxFileBytes, tooBig } from '../sensors/payload.ts';
import type { RegistryIds } from '../tombstones/registry-ids.ts';
import type { Subject, SubjectRule } from '../tombstones/rule.ts';
import { judgedRows, type SnapshotFile, snapshotFiles } from './registry-bronze.ts';
import { sensorFilesInBronze } from './sensor-bronze.ts';
import { withoutToken } from './without-token.ts';

const filesAtOnce = 16;

/** What was exported of Bronze. */
export interface BronzeExported {
  readonly bronzeFiles: number;
  readonly bronzeRows: number;
  /** Files that could not be exported and why: damaged ones above all. */
  readonly leftOut: Notes;
}

/**
 * Copies a subject's sensor files from Bronze into `<folder>/bronze`, decompressed and without api_token, and its rows of
 * each snapshot of the registry as JSON lines.
 */
export async function exportBronze(
  bronzeRoot: string,
  subject: Subject,
  rule: SubjectRule,
  ids: RegistryIds,
  folder: string,
  checkpoint: () => void,
): Promise<BronzeExported> {
  const to = join(folder, 'bronze');
  const leftOut = new NoteCollector();
  let bronzeFiles = 0;
  for (const { folder: from, names } of await sensorFilesInBronze(bronzeRoot, subject)) {
    checkpoint();
    const place = join(to, relative(resolve(bronzeRoot), from));
    const wanted = names.filter(
      (name) => !isLeftover(name) && !(isCompressed(name) && names.includes(name.slice(0, -3))),
    );
    if (wanted.length > 0) await createFolders(place);
    await atOnce(wanted, filesAtOnce, async (name) => {
      const reason = await copyOne(join(from, name), join(place, isCompressed(name) ? name.slice(0, -3) : name));
      if (reason === undefined) bronzeFiles += 1;
      else leftOut.add([{ name: relative(resolve(bronzeRoot), join(from, name)).split(sep).join('/'), reason }]);
    });
  }
  let bronzeRows = 0;
  for (const files of await snapshotFiles(bronzeRoot)) {
    checkpoint();
    const rows = new RegistryRows(rule, [ids]);
    const paths = files.map(({ path }) => path);
    for (const file of files) {
      // Of a file and its compressed twin, one.
      if (isCompressed(file.path) && paths.includes(file.path.slice(0, -3))) continue;
      bronzeRows += await exportRows(bronzeRoot, file, rows, to, leftOut);
    }
  }
  return { bronzeFiles, bronzeRows, leftOut: { ...leftOut } };
}

/** Returns why a file was left out. */
async function copyOne(from: string, to: string): Promise<string | undefined> {
  const source = await readSource(from, maxFileBytes);
  if (source.kind === 'skipped') return source.reason;
  if (source.kind === 'big') return tooBig;
  const content = withoutToken(source.bytes, isCompressed(from));
  if (!content.ok) return content.reason;
  await writeFile(to, content.bytes);
  return undefined;
}

async function exportRows(
  root: string,
  file: SnapshotFile,
  rows: RegistryRows,
  to: string,
  leftOut: NoteCollector,
): Promise<number> {
  const target = join(to, ...file.path.replace(/\.json(?:\.gz)?$/i, '.jsonl').split('/'));
  let output: number | undefined;
  let written = 0;
  try {
    for await (const { bytes, isTheirs } of judgedRows(root, file, rows)) {
      if (!isTheirs) continue;
      if (output === undefined) {
        await createFolders(dirname(target));
        output = await openFile(target, 'w');
      }
      // A line each: rows of other programs may be spread over several.
      const line = bytes.includes(0x0a) ? JSON.stringify(JSON.parse(bytes.toString('utf8'))) : bytes;
      await writeFully(output, Buffer.concat([Buffer.from(line), Buffer.from('\n')]));
      written += 1;
    }
  } catch (error) {
    if (!(error instanceof NotATable)) throw error;
    leftOut.add([{ name: file.path, reason: error.message }]);
  } finally {
    if (output !== undefined) await closeFile(output);
  }
  return written;
}
