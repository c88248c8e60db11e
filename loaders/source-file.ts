import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { systemCode } from './errors.ts';

/** A file's bytes; or its size if that is over the limit; or why it cannot be read now, which may be different later. */
export type SourceFile =
  | { readonly kind: 'read'; readonly bytes: Buffer; readonly modified: number }
  | { readonly kind: 'big'; readonly size: number; readonly modified: number }
  | { readonly kind: 'skipped'; readonly reason: string };

const troubles: Readonly<Record<string, string>> = {
  EACCES: 'no permission to read it',
  EPERM: 'no permission to read it',
  EBUSY: 'another program has it open',
  ENOENT: 'it is gone',
  EISDIR: 'it is a folder',
  ELOOP: 'it is a link to itself',
};

const growing = 'it is still being written';

/** O_NONBLOCK, where the platform has it: opening a named pipe would wait for a writer for ever. */
const openFlags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/** Reads a regular file of up to `limit` bytes in one go. Never throws for what is wrong with the file. */
export async function readSource(path: string, limit: number): Promise<SourceFile> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, openFlags);
    const found = await handle.stat();
    if (!found.isFile())
      return { kind: 'skipped', reason: found.isDirectory() ? 'it is a folder' : 'it is not a file' };
    if (found.size > limit) return { kind: 'big', size: found.size, modified: found.mtimeMs };
    // One byte more than there should be tells a file that has grown since.
    const bytes = Buffer.allocUnsafeSlow(found.size + 1);
    let length = 0;
    while (length < found.size) {
      const { bytesRead } = await handle.read(bytes, length, bytes.length - length, length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    if (length !== found.size) return { kind: 'skipped', reason: growing };
    return { kind: 'read', bytes: bytes.subarray(0, length), modified: found.mtimeMs };
  } catch (error) {
    return { kind: 'skipped', reason: troubleOf(error) };
  } finally {
    await handle?.close();
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
  let handle: FileHandle | undefined;
  try {
    try {
      handle = await open(path, openFlags);
    } catch (error) {
      return { kind: 'skipped', reason: troubleOf(error) };
    }
    const piece = Buffer.allocUnsafe(1024 * 1024);
    for (;;) {
      let length: number;
      try {
        length = (await handle.read(piece, 0, piece.length, size)).bytesRead;
      } catch (error) {
        return { kind: 'skipped', reason: troubleOf(error) };
      }
      if (length === 0) break;
      hash.update(piece.subarray(0, length));
      size += length;
      await take(piece.subarray(0, length));
    }
    return { kind: 'streamed', size, sha256: hash.digest('hex') };
  } finally {
    await handle?.close();
  }
}

/** Why a file must not be judged yet although it was read: it has changed since. Undefined if it has not. */
export async function changedSince(path: string, size: number, modified: number): Promise<string | undefined> {
  try {
    const now = await stat(path);
    return now.size === size && now.mtimeMs === modified ? undefined : growing;
  } catch (error) {
    return troubleOf(error);
  }
}

function troubleOf(error: unknown): string {
  const code = systemCode(error);
  return troubles[code] ?? `it cannot be read (${code === '' ? 'unknown error' : code})`;
}
