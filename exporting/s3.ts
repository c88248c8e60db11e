import { open } from 'node:fs/promises';
import { Bucket } from '../objects/bucket.ts';
import type { S3Settings } from '../objects/settings.ts';
import { leastPartBytes, type Upload } from '../objects/upload.ts';
import type { Destination } from './destination.ts';

/** The bytes of a file that are in memory at once. */
const partBytes = Math.max(8 * 1024 * 1024, leastPartBytes);

/** Objects of a bucket below a prefix. What is staged is an upload that is not complete: nobody sees it. */
export class S3Destination implements Destination {
  readonly address: string;
  readonly #bucket: Bucket;
  readonly #prefix: string;
  readonly #staged: Upload[] = [];
  /** The objects below the prefix when it was first asked for one. */
  #found: Promise<ReadonlyMap<string, number>> | undefined;

  /** @param to the prefix is empty or ends with a slash. */
  constructor(settings: S3Settings, to: { readonly bucket: string; readonly prefix: string }, signal: AbortSignal) {
    this.#bucket = new Bucket(settings, to.bucket, signal);
    this.#prefix = to.prefix;
    this.address = this.#bucket.address(to.prefix);
  }

  async clean(): Promise<void> {
    this.#staged.splice(0);
    // In a bucket as a whole there may be uploads of others.
    if (this.#prefix !== '') await this.#bucket.abortUploads(this.#prefix);
  }

  async read(path: string): Promise<string | undefined> {
    const bytes = await this.#bucket.get(this.#prefix + path);
    return bytes && new TextDecoder().decode(bytes);
  }

  async has(path: string, bytes: number): Promise<boolean> {
    const key = this.#prefix + path;
    // In a bucket as a whole there may be any number of others.
    if (this.#prefix === '') return (await this.#bucket.head(key))?.bytes === bytes;
    this.#found ??= this.#list();
    return (await this.#found).get(key) === bytes;
  }

  async stage(local: string, path: string): Promise<void> {
    const upload = await this.#bucket.upload(this.#prefix + path, contentTypes[path.split('.').at(-1) ?? '']);
    const file = await open(local, 'r');
    try {
      const buffer = Buffer.allocUnsafe(Math.min(partBytes, Math.max(1, (await file.stat()).size)));
      for (let isFirst = true; ; isFirst = false) {
        const length = await filled(file, buffer);
        // An object has one part at least, be it empty.
        if (length > 0 || isFirst) await upload.part(buffer.subarray(0, length));
        if (length < buffer.length || length < partBytes) break;
      }
    } finally {
      await file.close();
    }
    this.#staged.push(upload);
  }

  async publish(): Promise<void> {
    for (const upload of this.#staged.splice(0)) await upload.complete();
  }

  async write(path: string, text: string): Promise<void> {
    await this.#bucket.put(this.#prefix + path, Buffer.from(text), { contentType: 'application/json' });
  }

  async #list(): Promise<ReadonlyMap<string, number>> {
    const found = new Map<string, number>();
    for await (const { key, bytes } of this.#bucket.list(this.#prefix)) found.set(key, bytes);
    return found;
  }

  remove(path: string): Promise<void> {
    return this.#bucket.delete(this.#prefix + path);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

const contentTypes: Readonly<Record<string, string>> = {
  csv: 'text/csv; charset=utf-8',
  jsonl: 'application/x-ndjson',
  parquet: 'application/vnd.apache.parquet',
};

/** Reads on until the buffer is full or the file ends. @returns how many bytes of it are read. */
async function filled(file: Awaited<ReturnType<typeof open>>, buffer: Buffer): Promise<number> {
  let length = 0;
  while (length < buffer.length) {
    const { bytesRead } = await file.read(buffer, length, buffer.length - length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return length;
}
