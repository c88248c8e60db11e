import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { systemCode } from '../../loaders/landing/errors.ts';
import type { SubjectWords } from '../../runner/subject/words.ts';
import { UsageError } from '../../runner/text/errors.ts';
import { searchFiles, textOf } from './search-files.ts';

/**
 * The logs that this program writes into LOG_DIR, what logrotate made of them (`.1`, `-20231012`) and what was begun of them
 * here; others may keep theirs there, too.
 */
export function isOwnLog(name: string): boolean {
  return /^datacycle(-watch)?\.log([.-]|$)/.test(name);
}

/** A file being rewritten stands beside the one it replaces. */
const draftEnding = '.erasing';

/**
 * Takes the subject's names out of the logs in a folder: each file that has one is rewritten whole and renamed, no line is
 * lost, compressed ones stay so.
 * @returns how many files were rewritten; 0 if there is no such folder.
 * @throws UsageError for a log that grows meanwhile.
 */
export async function eraseFromLogs(folder: string, words: SubjectWords, signal: AbortSignal): Promise<number> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  });
  for (const name of names)
    if (isOwnLog(name) && name.includes(draftEnding)) await rm(join(folder, name), { force: true });
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

async function rewrite(path: string, words: SubjectWords): Promise<void> {
  const draft = path.replace(/(\.gz)?$/, `${draftEnding}$1`);
  const before = await stat(path);
  const lines = Readable.from(linesWithout(path, words));
  const file = createWriteStream(draft, { mode: before.mode, flags: 'w' });
  if (/\.gz$/i.test(path)) await pipeline(lines, createGzip(), file);
  else await pipeline(lines, file);
  if (!file.closed) await once(file, 'close');
  const handle = await open(draft, 'r+');
  await handle.sync().finally(() => handle.close());
  if ((await stat(path)).size !== before.size) {
    await rm(draft, { force: true });
    throw new UsageError({
      what: 'a log was written to while it was cleaned',
      hint: 'Stop what else works on this project, then repeat: what is done stays done.',
    });
  }
  await rename(draft, path);
}

/** The file line by line, since a name never goes over two. */
async function* linesWithout(path: string, words: SubjectWords): AsyncGenerator<string> {
  let rest = '';
  for await (const text of textOf(path)) {
    const end = text.lastIndexOf('\n') + 1;
    if (end === 0) {
      rest += text;
      continue;
    }
    yield words.erase(rest + text.slice(0, end));
    rest = text.slice(end);
  }
  if (rest !== '') yield words.erase(rest);
}
