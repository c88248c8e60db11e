import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { createGunzip, createGzip, gzip } from 'node:zlib';
import type { BronzeWriter } from '../landing/bronze.ts';
import { writeFully } from '../landing/descriptor.ts';
import { systemCode } from '../landing/errors.ts';
import { readSource, streamSource } from '../landing/source-file.ts';

/** Larger files are compressed piece by piece. */
const smallBytes = 256 * 1024;

const gzipWhole = promisify(gzip);

/** What became of a file: a compressed draft in Bronze that has to be settled, or why there is none. */
export type Compressed =
  | { readonly kind: 'drafted'; readonly bytes: number; readonly compressedBytes: number }
  | { readonly kind: 'left'; readonly reason: string };

export const notAsLanded = 'it is not what was landed (its SHA-256 differs from the ledger)';

/**
 * Writes a Bronze file's compressed twin, not yet visible, if the file still is what the ledger says.
 * @param from where the file is; `path`: its compressed twin, relative to Bronze.
 * @param sha256 of the file, hexadecimal.
 * @throws LoadFailedError if Bronze cannot be written.
 */
export async function compressFile(
  bronze: BronzeWriter,
  from: string,
  path: string,
  sha256: string,
): Promise<Compressed> {
  const file = await readSource(from, smallBytes);
  switch (file.kind) {
    case 'skipped':
      return { kind: 'left', reason: file.reason };
    case 'read': {
      if (createHash('sha256').update(file.bytes).digest('hex') !== sha256)
        return { kind: 'left', reason: notAsLanded };
      const packed = await gzipWhole(file.bytes);
      await bronze.write(path, packed);
      return { kind: 'drafted', bytes: file.bytes.length, compressedBytes: packed.length };
    }
    case 'big': {
      const streamed = await compressBig(bronze, from, path);
      if (streamed.kind === 'drafted' && streamed.sha256 === sha256) return streamed;
      await bronze.drop(path);
      return streamed.kind === 'left' ? streamed : { kind: 'left', reason: notAsLanded };
    }
    default:
      return file satisfies never;
  }
}

function compressBig(bronze: BronzeWriter, from: string, path: string) {
  return bronze.writeWith(path, async (draft) => {
    const packer = createGzip();
    let compressedBytes = 0;
    const written = (async () => {
      for await (const piece of packer as AsyncIterable<Buffer>) {
        compressedBytes += piece.length;
        await writeFully(draft, piece);
      }
    })();
    // The caller that awaits it gets the error; until then a full disk must not count as an unhandled rejection.
    written.catch(() => undefined);
    const read = await streamSource(from, async (piece) => {
      // The piece is used again for the next one, and the packer may not have read it by then.
      if (!packer.write(Buffer.from(piece))) await Promise.race([once(packer, 'drain'), written]);
    });
    packer.end();
    await written;
    return read.kind === 'skipped'
      ? ({ kind: 'left', reason: read.reason } as const)
      : ({ kind: 'drafted', bytes: read.size, compressedBytes, sha256: read.sha256 } as const);
  });
}

/** The SHA-256 of bytes that come in pieces. */
export async function hashOf(pieces: AsyncIterable<unknown>): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of pieces) hash.update(piece as Uint8Array);
  return hash.digest('hex');
}

/**
 * Whether a compressed file holds, unpacked, what has this SHA-256. False also if it is not there or damaged.
 * @param file its path, or its bytes in pieces.
 */
export async function holds(file: string | AsyncIterable<Uint8Array>, sha256: string): Promise<boolean> {
  const hash = createHash('sha256');
  try {
    await pipeline(typeof file === 'string' ? createReadStream(file) : file, createGunzip(), hash);
    return hash.digest('hex') === sha256;
  } catch (error) {
    // What zlib finds is a fault of the file; a disk that cannot be read is another matter.
    if (['ENOENT', 'EISDIR'].includes(systemCode(error)) || systemCode(error).startsWith('Z_')) return false;
    throw error;
  }
}
