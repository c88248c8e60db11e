import { createHash } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
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

const troubles: Readonly<Record<string, string>> = {
  EACCES: 'no permission to read it',
  EPERM: 'no permission to read it',
  EBUSY: 'another program has it open',
  ENOENT: 'it is gone',
  EISDIR: 'it is a folder',
  ELOOP: 'it is a link to itself',
};

/** Why a file that may be half a file is left for later. */
export const growing = 'it is still being written';

/** O_NONBLOCK, where the platform has it: opening a named pipe would wait for a writer for ever. */
const openFlags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/** Reads a regular file of up to `limit` bytes in one go. Never throws for what is wrong with the file. */
export async function readSource(path: string, limit: number): Promise<SourceFile> {
  let file: Descriptor | undefined;
  try {
    file = await openFile(path, openFlags);
    const found = await statFile(file);
    if (!found.isFile())
      return { kind: 'skipped', reason: found.isDirectory() ? 'it is a folder' : 'it is not a file' };
    if (found.size > limit) return { kind: 'big', size: found.size, ...stateOf(found) };
    // Without an unneeded call to find its end: a file that has grown since is judged by its modification time.
    const bytes = Buffer.allocUnsafeSlow(found.size);
    if ((await readFully(file, bytes, 0)) < found.size) return { kind: 'skipped', reason: growing };
    return { kind: 'read', bytes, ...stateOf(found) };
  } catch (error) {
    return { kind: 'skipped', reason: troubleOf(error) };
  } finally {
    if (file !== undefined) await closeFile(file);
  }
}

/**
 * Reads a file of any size piece by piece, giving each piece to `take`.
 * @returns size and SHA-256, or why it could not be read; an error of `take` is thrown.
 */
export async function streamSource(
  path: string,
  take: (piece: Buffer) => Promise<void>,
): Promise<{ kind: 'streamed'; size: number; sha256: string } | { kind: 'skipped'; reason: string }> {
  const hash = createHash('sha256');
  let size = 0;
  let file: Descriptor | undefined;
  const piece = Buffer.allocUnsafe(1024 * 1024);
  try {
    for (;;) {
      let length: number;
      try {
        file ??= await openFile(path, openFlags);
        length = await readFully(file, piece, size);
      } catch (error) {
        return { kind: 'skipped', reason: troubleOf(error) };
      }
      if (length === 0) return { kind: 'streamed', size, sha256: hash.digest('hex') };
      hash.update(piece.subarray(0, length));
      size += length;
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
    return troubleOf(error);
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

function troubleOf(error: unknown): string {
  const code = systemCode(error);
  return troubles[code] ?? `it cannot be read (${code === '' ? 'unknown error' : code})`;
}
