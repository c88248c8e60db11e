import { createHash } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { lstat, realpath, stat } from 'node:fs/promises';
import { isAbsolute, relative, sep } from 'node:path';
import { closeFile, type Descriptor, openFile, readFully, statFile } from './descriptor.ts';
import { systemCode } from './errors.ts';

/** A file's bytes; or its size if that is over the limit; or why it cannot be read now, which may be different later. */
export type SourceFile =
  | (SourceState & { readonly kind: 'read'; readonly bytes: Buffer })
  | (SourceState & { readonly kind: 'big'; readonly size: number })
  | { readonly kind: 'skipped'; readonly reason: string };

/** When a file was last written, and what tells it from any later state of it. */
export interface SourceState {
  /** In milliseconds since 1970. */
  readonly modified: number;
  /** Size and times, as text: a file with another stamp has changed. */
  readonly stamp: string;
}

/** Why a folder is left alone. */
export const isFolder = 'it is a folder';

const forbidden = 'no permission to read it';

/** Whether a file was skipped because this user may not read it. */
export function isForbidden({ reason }: { readonly reason: string }): boolean {
  return reason === forbidden;
}

const troubles: Readonly<Record<string, string>> = {
  EACCES: forbidden,
  EPERM: forbidden,
  EBUSY: 'another program has it open',
  ENOENT: 'it is gone',
  EISDIR: isFolder,
  ELOOP: 'it is a link to itself',
};

/** Why a file that may be half a file is left for later. */
export const growing = 'it is still being written';

/** O_NONBLOCK, where the platform has it: opening a named pipe would wait for a writer for ever. */
const openFlags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/** O_NOFOLLOW, where the platform has it. */
const noFollow = constants.O_NOFOLLOW ?? 0;

/** Thrown in here only. */
class LeadsOut extends Error {}

/**
 * Reads a regular file of up to `limit` bytes in one go. Never throws for what is wrong with the file.
 * @param within the folder that a link may not lead out of; undefined if links are followed wherever they lead.
 */
export async function readSource(path: string, limit: number, within?: string): Promise<SourceFile> {
  let file: Descriptor | undefined;
  try {
    file = await openWithin(path, within);
    const found = await statFile(file);
    if (!found.isFile()) return { kind: 'skipped', reason: found.isDirectory() ? isFolder : 'it is not a file' };
    if (found.size > limit) return { kind: 'big', size: found.size, ...stateOf(found) };
    // Without an unneeded call to find its end: a file that has grown since is judged by its modification time.
    const bytes = Buffer.allocUnsafeSlow(found.size);
    if ((await readFully(file, bytes, 0)) < found.size) return { kind: 'skipped', reason: growing };
    return { kind: 'read', bytes, ...stateOf(found) };
  } catch (error) {
    return { kind: 'skipped', reason: troubleOf(error, path) };
  } finally {
    if (file !== undefined) await closeFile(file);
  }
}

/** Only a link costs more than one call, but where the platform cannot refuse links. */
async function openWithin(path: string, within: string | undefined): Promise<Descriptor> {
  if (within === undefined) return openFile(path, openFlags);
  if (noFollow === 0 && !(await lstat(path)).isSymbolicLink()) return openFile(path, openFlags);
  if (noFollow !== 0) {
    try {
      return await openFile(path, openFlags | noFollow);
    } catch (error) {
      if (!['ELOOP', 'EMLINK'].includes(systemCode(error))) throw error;
    }
  }
  const [target, folder] = [await realpath(path), await realpath(within)];
  const way = relative(folder, target);
  if (way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way)) throw new LeadsOut();
  return openFile(target, openFlags | noFollow);
}

/**
 * Reads a file of any size piece by piece, giving each piece to `take`.
 * @param options `within` as {@link readSource} has it; `most`: a file that turns out to have more bytes is still being written.
 * @returns size and SHA-256, or why it could not be read; an error of `take` is thrown.
 */
export async function streamSource(
  path: string,
  take: (piece: Buffer) => Promise<void>,
  { within, most = Number.POSITIVE_INFINITY }: { readonly within?: string; readonly most?: number } = {},
): Promise<{ kind: 'streamed'; size: number; sha256: string } | { kind: 'skipped'; reason: string }> {
  const hash = createHash('sha256');
  let size = 0;
  let file: Descriptor | undefined;
  const piece = Buffer.allocUnsafe(1024 * 1024);
  try {
    for (;;) {
      let length: number;
      try {
        file ??= await openWithin(path, within);
        length = await readFully(file, piece, size);
      } catch (error) {
        return { kind: 'skipped', reason: troubleOf(error, path) };
      }
      if (length === 0) return { kind: 'streamed', size, sha256: hash.digest('hex') };
      hash.update(piece.subarray(0, length));
      size += length;
      if (size > most) return { kind: 'skipped', reason: growing };
      await take(piece.subarray(0, length));
    }
  } finally {
    if (file !== undefined) await closeFile(file);
  }
}

/** Why a file must not be judged yet although it was read: it has changed since. Undefined if it has not. */
export async function changedSince(path: string, stamp: string): Promise<string | undefined> {
  try {
    return stateOf(await stat(path)).stamp === stamp ? undefined : growing;
  } catch (error) {
    return troubleOf(error, path);
  }
}

/** The stamp of a file now; undefined if it cannot be looked at. */
export async function stampOf(path: string): Promise<string | undefined> {
  try {
    return stateOf(await stat(path)).stamp;
  } catch {
    return undefined;
  }
}

/** With the time of the last change of any kind: a copy may reserve its size and keep an old time of modification. */
function stateOf({ size, mtimeMs, ctimeMs }: Stats): SourceState {
  return { modified: mtimeMs, stamp: `${size} ${mtimeMs} ${ctimeMs}` };
}

function troubleOf(error: unknown, path: string): string {
  if (error instanceof LeadsOut) return 'it is a link that leads out of the folder, and is not followed';
  const code = systemCode(error);
  // What Node puts in the place of bytes that are not UTF-8.
  if (code === 'ENOENT' && path.includes('\ufffd'))
    return 'its name is not UTF-8: rename it, or mount the share with UTF-8 names';
  return troubles[code] ?? `it cannot be read (${code === '' ? 'unknown error' : code})`;
}
