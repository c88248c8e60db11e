import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { opendir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { systemCode } from '../../loaders/landing/errors.ts';
import { atOnce } from '../../loaders/landing/in-order.ts';
import type { SubjectWords } from '../../runner/subject/words.ts';
import { UsageError } from '../../runner/text/errors.ts';

/** Files searched at once, and found before they are. */
const filesAtOnce = 16;
const filesPerBatch = 1024;

interface SearchOptions {
  readonly signal: AbortSignal;
  /** Which files and folders to look at, by path; all if not given. */
  readonly isOurs?: (path: string) => boolean;
  readonly onProgress?: (files: number) => void;
}

/** What a search of files came upon. */
interface NamedFiles {
  /** Files and folders that name the subject, in their name or in what they hold; relative, with forward slashes. */
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
      const isNamed = await isNamedIn(join(root, ...path.split('/')), words);
      if (isNamed === undefined) found.unreadable.push(path);
      else if (isNamed) found.named.push(path);
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
  return found;
}

/** Compressed in a way that is not supported here, as logrotate may be configured to do. */
const unknownPacking = /\.(?:xz|bz2|zst|lz4|zip|7z)$/i;

/** Whether a file's content names the subject; undefined if it cannot be read to its end. */
async function isNamedIn(path: string, words: SubjectWords): Promise<boolean | undefined> {
  if (unknownPacking.test(path)) return undefined;
  try {
    for await (const lines of linesOf(path)) if (words.areIn(lines)) return true;
    return false;
  } catch {
    return undefined;
  }
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

/**
 * The logs that this program writes into LOG_DIR, what logrotate made of them (`.1`, `-20231012`) and what was begun of them
 * here; others may keep theirs there, too.
 */
export function isOwnLog(name: string): boolean {
  return /^datacycle(-watch)?\.log([.-]|$)/.test(name);
}

/**
 * Removes the lines that name the subject from the logs in a folder: each such file is rewritten and renamed, compressed if it
 * was.
 * @returns how many files were rewritten; 0 if there is no such folder.
 * @throws UsageError for a log that grows meanwhile.
 */
export async function eraseFromLogs(folder: string, words: SubjectWords, signal: AbortSignal): Promise<number> {
  const { named } = await searchFiles(folder, words, { signal, isOurs: isOwnLog });
  for (const name of named) {
    signal.throwIfAborted();
    await rewrite(join(folder, name), words);
  }
  return named.length;
}

/** Removes what `compile` and others made in a folder and that names the subject: it can be made again. */
export async function removeArtifacts(folder: string, words: SubjectWords, signal: AbortSignal): Promise<number> {
  const { named } = await searchFiles(folder, words, { signal });
  for (const path of named) await rm(join(folder, ...path.split('/')), { recursive: true, force: true });
  return named.length;
}

/** A draft that a killed erasure leaves has no line that names the subject, and is written again by the next. */
async function rewrite(path: string, words: SubjectWords): Promise<void> {
  const draft = path.replace(/(\.gz)?$/, '.erasing$1');
  const before = await stat(path);
  const file = createWriteStream(draft, { mode: before.mode, flush: true });
  if (/\.gz$/i.test(path)) await pipeline(linesWithout(path, words), createGzip(), file);
  else await pipeline(linesWithout(path, words), file);
  if (!file.closed) await once(file, 'close');
  if ((await stat(path)).size === before.size) return rename(draft, path);
  await rm(draft, { force: true });
  throw new UsageError({
    what: 'a log was written to while it was cleaned',
    hint: 'Stop what else works on this project, then repeat: what is done stays done.',
  });
}

async function* linesWithout(path: string, words: SubjectWords): AsyncGenerator<string> {
  for await (const lines of linesOf(path)) {
    const others = () => lines.split(/(?<=\n)/).filter((line) => !words.areIn(line));
    yield words.areIn(lines) ? others().join('') : lines;
  }
}
