import { createReadStream } from 'node:fs';
import { opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { TextDecoder } from 'node:util';
import { createGunzip } from 'node:zlib';
import { systemCode } from '../../loaders/landing/errors.ts';
import { atOnce } from '../../loaders/landing/in-order.ts';
import { encodingOf } from '../../loaders/sensors/text-encoding.ts';
import type { SubjectWords } from '../../runner/subject/words.ts';

/** Files searched at once, and found before they are. */
const filesAtOnce = 16;
const filesPerBatch = 1024;

/** What a search of files came upon. */
export interface NamedFiles {
  /** Files and folders that name the subject, in their name or in what they hold; relative, with forward slashes. */
  readonly named: readonly string[];
  /** Files that could not be read, so that nobody knows. */
  readonly unreadable: readonly string[];
  readonly searched: number;
}

/** What stands below a folder; a folder that cannot be listed is `closed`. */
export interface Entry {
  /** Relative, with forward slashes; empty for the folder itself. */
  readonly path: string;
  readonly kind: 'file' | 'folder' | 'other' | 'closed';
}

/** Every file and folder below a folder; none if there is no such folder. Links are not followed. */
async function* entriesBelow(root: string, isOurs: (path: string) => boolean, folder = ''): AsyncGenerator<Entry> {
  try {
    for await (const entry of await opendir(join(root, folder))) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (!isOurs(path)) continue;
      yield { path, kind: entry.isFile() ? 'file' : entry.isDirectory() ? 'folder' : 'other' };
      if (entry.isDirectory()) yield* entriesBelow(root, isOurs, path);
    }
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return;
    if (systemCode(error) === '') throw error;
    yield { path: folder, kind: 'closed' };
  }
}

/**
 * Looks for the subject's names in the names and the contents of all files below a folder, compressed ones (.gz) unpacked;
 * what is packed otherwise cannot be read.
 * Memory stays flat.
 * @param isOurs which files and folders to look at, by path; all if not given.
 * @throws the signal's reason once it is aborted.
 */
export async function searchFiles(
  root: string,
  words: SubjectWords,
  {
    signal,
    isOurs = () => true,
    onProgress = () => undefined,
  }: { signal: AbortSignal; isOurs?: (path: string) => boolean; onProgress?: (files: number) => void },
): Promise<NamedFiles> {
  const named: string[] = [];
  const unreadable: string[] = [];
  let searched = 0;
  let batch: string[] = [];
  const searchBatch = async () => {
    signal.throwIfAborted();
    await atOnce(batch, filesAtOnce, async (path) => {
      const found = await namesSubject(join(root, ...path.split('/')), words);
      if (found === undefined) unreadable.push(path);
      else if (found) named.push(path);
    });
    searched += batch.length;
    batch = [];
    onProgress(searched);
  };
  for await (const { path, kind } of entriesBelow(root, isOurs)) {
    if (words.count(path) > 0) named.push(path);
    else if (kind === 'file') batch.push(path);
    else if (kind === 'closed') unreadable.push(path);
    if (batch.length >= filesPerBatch) await searchBatch();
  }
  await searchBatch();
  return { named, unreadable, searched };
}

/** Packed in a way that is not known here, as logrotate may be told to. */
const unknownPacking = /\.(?:xz|bz2|zst|lz4|zip|7z)$/i;

/** Whether a file's content names the subject; undefined if it cannot be read to its end. */
async function namesSubject(path: string, words: SubjectWords): Promise<boolean | undefined> {
  if (unknownPacking.test(path)) return undefined;
  let seen = '';
  // Where the names begin that have not been looked for, as far as what stands before them is at hand.
  let start = 0;
  try {
    for await (const text of textOf(path)) {
      seen += text;
      // A name may begin in one piece and end in the next, and what follows tells whether it is one.
      if (words.isBetween(seen, start, seen.length - words.longest)) return true;
      const kept = seen.slice(-3 * words.longest);
      start = kept.length < seen.length || start > 0 ? words.longest : 0;
      seen = kept;
    }
    return words.isBetween(seen, start, seen.length);
  } catch {
    return undefined;
  }
}

/** The text of a file, UTF-8 or UTF-16, unpacked if its name ends in .gz, in pieces that do not cut a character. */
export async function* textOf(path: string): AsyncGenerator<string> {
  const file = createReadStream(path);
  let decoder: TextDecoder | undefined;
  const bytes: AsyncIterable<Buffer> = /\.gz$/i.test(path) ? unpacked(file) : file;
  for await (const chunk of bytes) {
    decoder ??= new TextDecoder(encodingOf(chunk), { ignoreBOM: true });
    yield decoder.decode(chunk, { stream: true });
  }
  if (decoder !== undefined) yield decoder.decode();
}

function unpacked(file: ReturnType<typeof createReadStream>): AsyncIterable<Buffer> {
  const gunzip = createGunzip();
  file.once('error', (error) => gunzip.destroy(error));
  gunzip.once('close', () => file.destroy());
  return file.pipe(gunzip);
}
