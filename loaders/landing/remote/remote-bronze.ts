// Bronze in a bucket of object storage: the other of its two places, beside a folder.
//
//   remote-bronze.ts  files by their paths in Bronze: put, list, copied to the disk, removed
//
// A bucket has no rename, and needs none: an object is there whole, or not at all. It is written on the condition that there is
// none; where there is one with the same bytes, a load that was killed had written it. Where its bytes differ, it is replaced, as a
// rename replaces a file. With BRONZE_ROOT=s3://... drafts are written into a folder of this machine first, and put when
// they would be renamed, before the ledger speaks of them. With BRONZE_ARCHIVE=s3://... old files are moved there at night.
import { open, stat } from 'node:fs/promises';
import type { Bucket } from '../../../objects/bucket.ts';

/** A file in the bucket. */
export interface RemoteFile {
  /** As the ledger names it: relative to Bronze, with forward slashes. */
  readonly path: string;
  readonly bytes: number;
}

/** What is larger goes in parts of this size, in bytes, so that memory stays flat. */
const pieceBytes = 8 * 1024 * 1024;

/** Files of Bronze in a bucket, below a prefix. */
export class RemoteBronze {
  readonly #bucket: Bucket;
  readonly #prefix: string;

  /** @param prefix without slashes at its ends; empty for the whole bucket. */
  constructor(bucket: Bucket, prefix: string) {
    this.#bucket = bucket;
    this.#prefix = prefix === '' ? '' : `${prefix}/`;
  }

  /** Where it is, for messages. */
  get address(): string {
    return this.#bucket.address(this.#prefix);
  }

  /**
   * Puts a file of this machine there, under a path of Bronze. Once it returns, the object is there whole and durable.
   * @throws ObjectError | a system error of reading the file.
   */
  async put(path: string, from: string): Promise<void> {
    const { size } = await stat(from);
    if (size > pieceBytes) return this.#putParts(path, from);
    const key = this.#key(path);
    const bytes = await readWhole(from, size);
    if (await this.#bucket.put(key, bytes, { ifAbsent: true })) return;
    const there = await this.#bucket.get(key);
    if (there === undefined || Buffer.compare(there, bytes) !== 0) await this.#bucket.put(key, bytes);
  }

  async #putParts(path: string, from: string): Promise<void> {
    const upload = await this.#bucket.upload(this.#key(path));
    try {
      for await (const piece of pieces(from)) await upload.part(piece);
    } catch (error) {
      await upload.abort();
      throw error;
    }
    await upload.complete();
  }

  /** The size of a file there, in bytes; undefined if there is none. @throws ObjectError */
  async sizeOf(path: string): Promise<number | undefined> {
    return (await this.#bucket.head(this.#key(path)))?.bytes;
  }

  /** All files whose paths begin so, e.g. `weather/`, in the order of their paths. @throws ObjectError */
  async *list(begin: string): AsyncGenerator<RemoteFile> {
    for await (const { key, bytes } of this.#bucket.list(this.#prefix + begin))
      yield { path: key.slice(this.#prefix.length), bytes };
  }

  /** The bytes of a file, piece by piece; nothing if it is gone. @throws ObjectError */
  async *read({ path, bytes }: RemoteFile): AsyncGenerator<Uint8Array> {
    for (let from = 0; from < bytes; from += pieceBytes) {
      const range = bytes <= pieceBytes ? undefined : { from, to: Math.min(bytes, from + pieceBytes) };
      const piece = await this.#bucket.get(this.#key(path), range);
      if (piece === undefined) return;
      yield piece;
    }
  }

  /** Removes a file; one that is not there is no fault. @throws ObjectError */
  async remove(path: string): Promise<void> {
    await this.#bucket.delete(this.#key(path));
  }

  #key(path: string): string {
    return this.#prefix + path;
  }
}

async function readWhole(from: string, size: number): Promise<Uint8Array> {
  if (size === 0) return new Uint8Array(0);
  for await (const piece of pieces(from)) return piece;
  return new Uint8Array(0);
}

async function* pieces(from: string): AsyncGenerator<Uint8Array> {
  const file = await open(from, 'r');
  try {
    for (;;) {
      const piece = Buffer.alloc(pieceBytes);
      let length = 0;
      while (length < pieceBytes) {
        const { bytesRead } = await file.read(piece, length, pieceBytes - length, null);
        if (bytesRead === 0) break;
        length += bytesRead;
      }
      if (length > 0) yield piece.subarray(0, length);
      if (length < pieceBytes) return;
    }
  } finally {
    await file.close();
  }
}
