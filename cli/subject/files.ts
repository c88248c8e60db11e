import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { opendir, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { systemCode } from '../../loaders/landing/errors.ts';
import { atOnce } from '../../loaders/landing/in-order.ts';
import type { Project } from '../../runner/project/project.ts';
import type { SubjectWords } from '../../runner/subject/words.ts';
import { fromRoot } from '../settings/environment.ts';
import { textSetting } from '../settings/settings.ts';

/** Files searched at once, and found before they are. */
const filesAtOnce = 16;
const filesPerBatch = 1024;

interface SearchOptions {
  readonly signal: AbortSignal;
  /** Which files and folders to look at, by path; all if not given. */
  readonly isOurs?: (path: string) => boolean;
  readonly onProgress?: (files: number) => void;
}

/** What a search of files came upon, as paths relative to the folder, with forward slashes. */
interface NamedFiles {
  /** Files and folders that name the subject, in their name or in what they hold. */
  readonly named: string[];
  /** Files that could not be read, so it is unknown what they contain. */
  readonly unreadable: string[];
}

/**
 * Looks for the subject's names in the names and the contents (UTF-8, or that in gzip) of all files below a folder; what is
 * packed otherwise cannot be read. Links are not followed. Holds no more of a file than its longest line.
 * @throws the signal's reason once it is aborted.
 */
export async function searchFiles(root: string, words: SubjectWords, options: SearchOptions): Promise<NamedFiles> {
  const { signal, isOurs = () => true, onProgress } = options;
  const found: NamedFiles = { named: [], unreadable: [] };
  let searched = 0;
  let batch: string[] = [];
  const searchBatch = async () => {
    signal.throwIfAborted();
    await atOnce(batch, filesAtOnce, async (path) => {
      try {
        if (await isNamedIn(join(root, path), words)) found.named.push(path);
      } catch {
        found.unreadable.push(path);
      }
    });
    searched += batch.length;
    batch = [];
    onProgress?.(searched);
  };
  const searchFolder = async (folder: string): Promise<void> => {
    try {
      for await (const entry of await opendir(join(root, folder))) {
        const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
        if (!isOurs(path)) continue;
        if (words.areIn(path)) found.named.push(path);
        else if (entry.isFile()) batch.push(path);
        if (batch.length >= filesPerBatch) await searchBatch();
        if (entry.isDirectory()) await searchFolder(path);
      }
    } catch (error) {
      if (systemCode(error) === '') throw error;
      // A folder that cannot be listed.
      if (systemCode(error) !== 'ENOENT') found.unreadable.push(folder);
    }
  };
  await searchFolder('');
  await searchBatch();
  return { named: found.named.sort(), unreadable: found.unreadable.sort() };
}

/** Whether a file's content names the subject. @throws if it cannot be read to its end, e.g. compressed in a way that logrotate can be configured for. */
async function isNamedIn(path: string, words: SubjectWords): Promise<boolean> {
  if (/\.(?:xz|bz2|zst|lz4|zip|7z)$/i.test(path)) throw new Error('it is packed in an unknown way');
  for await (const lines of linesOf(path)) if (words.areIn(lines)) return true;
  return false;
}

/** The text of a file, unpacked if its name ends in .gz, in pieces of whole lines. */
async function* linesOf(path: string): AsyncGenerator<string> {
  const file = createReadStream(path);
  const text = /\.gz$/i.test(path) ? unpacked(file) : file;
  let rest = '';
  for await (const piece of text.setEncoding('utf8') as AsyncIterable<string>) {
    const end = piece.lastIndexOf('\n') + 1;
    if (end > 0) yield rest + piece.slice(0, end);
    rest = end > 0 ? piece.slice(end) : rest + piece;
  }
  if (rest !== '') yield rest;
}

function unpacked(file: ReturnType<typeof createReadStream>) {
  const gunzip = createGunzip();
  file.once('error', (error) => gunzip.destroy(error));
  gunzip.once('close', () => file.destroy());
  return file.pipe(gunzip);
}

/** Where this program writes logs and artifacts, if anywhere. */
export function ownFolders(project: Project) {
  const logs = textSetting(project, 'LOG_DIR');
  return { logs: logs && fromRoot(project.root, logs), target: project.targetFolder };
}

/** The logs that this program writes into LOG_DIR, and what logrotate made of them (`.1`, `-20231012`). */
export function isOwnLog(name: string): boolean {
  return /^datacycle(-watch)?\.log([.-]|$)/.test(name);
}

/**
 * Removes the lines that name the subject from a log, which is rewritten and renamed, compressed if it was. A draft that a killed
 * erasure leaves names nobody, and is written again by the next.
 */
export async function eraseFromLog(path: string, words: SubjectWords): Promise<void> {
  const draft = path.replace(/(\.gz)?$/, '.erasing$1');
  const file = createWriteStream(draft, { mode: (await stat(path)).mode, flush: true });
  if (/\.gz$/i.test(path)) await pipeline(linesWithout(path, words), createGzip(), file);
  else await pipeline(linesWithout(path, words), file);
  if (!file.closed) await once(file, 'close');
  await rename(draft, path);
}

async function* linesWithout(path: string, words: SubjectWords): AsyncGenerator<string> {
  for await (const lines of linesOf(path))
    yield lines
      .split(/(?<=\n)/)
      .filter((line) => !words.areIn(line))
      .join('');
}
