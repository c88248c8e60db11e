import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import glob from 'fast-glob';
import type { Bucket } from '../../objects/bucket.ts';
import { LoadFailedError } from '../landing/errors.ts';

/** A file of a recording. */
export interface PlacedFile {
  /** Relative to the place, with forward slashes. */
  readonly path: string;
  readonly bytes: number;
}

/** Where a recording is: a folder of this machine, or a bucket. */
export interface RecordingPlace {
  /** For messages. */
  readonly address: string;
  /** Its files `<room>/<sensor>.csv`; undefined if there is no such place. @throws ObjectError */
  files(): Promise<readonly PlacedFile[] | undefined>;
  /**
   * The next bytes of a file; none at its end. They are good until the next call.
   * @param from the position of the first of them.
   * @throws the error of the file system as it is; ObjectError; LoadFailedError if an object is gone.
   */
  read(file: PlacedFile, from: number): Promise<Buffer>;
}

/** A folder above those of the rooms. */
export class RecordedFolder implements RecordingPlace {
  readonly address: string;
  readonly #buffer = Buffer.allocUnsafe(65_536);

  constructor(folder: string) {
    this.address = folder;
  }

  async files(): Promise<readonly PlacedFile[] | undefined> {
    const found = await stat(this.address).catch(() => undefined);
    if (found?.isDirectory() !== true) return undefined;
    const paths = await glob('*/*.csv', { cwd: this.address, caseSensitiveMatch: false });
    return Promise.all(paths.map(async (path) => ({ path, bytes: (await stat(this.#at(path))).size })));
  }

  async read({ path }: PlacedFile, from: number): Promise<Buffer> {
    // Opened for each piece: a building has more files than a process may have open everywhere.
    const file = await open(this.#at(path), 'r');
    try {
      const { bytesRead } = await file.read(this.#buffer, 0, this.#buffer.length, from);
      return this.#buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  }

  #at(path: string): string {
    return join(this.address, ...path.split('/'));
  }
}

/** Bytes of one request: each takes a while, and a piece of every file is in memory. */
const pieceBytes = 131_072;

/** Objects of a bucket below a prefix. */
export class RecordedObjects implements RecordingPlace {
  readonly address: string;
  readonly #bucket: Bucket;
  readonly #prefix: string;

  /** @param prefix without slashes at its ends; empty for the whole bucket. */
  constructor(bucket: Bucket, prefix: string) {
    this.#bucket = bucket;
    this.#prefix = prefix === '' ? '' : `${prefix}/`;
    this.address = bucket.address(this.#prefix);
  }

  async files(): Promise<readonly PlacedFile[]> {
    const files: PlacedFile[] = [];
    for await (const { key, bytes } of this.#bucket.list(this.#prefix)) {
      const path = key.slice(this.#prefix.length);
      // As in a folder: hidden ones do not count.
      if (/^[^/.][^/]*\/[^/.][^/]*\.csv$/i.test(path)) files.push({ path, bytes });
    }
    return files;
  }

  async read({ path, bytes }: PlacedFile, from: number): Promise<Buffer> {
    if (from >= bytes) return Buffer.alloc(0);
    const key = this.#prefix + path;
    const piece = await this.#bucket.get(key, { from, to: Math.min(bytes, from + pieceBytes) });
    if (piece === undefined)
      throw new LoadFailedError({
        what: `${this.#bucket.address(key)} was deleted while it was replayed`,
        hint: 'Put it there again, and replay again: it goes on where it stopped.',
      });
    return Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
  }
}
