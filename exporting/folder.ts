import { createReadStream, createWriteStream } from 'node:fs';
import { open, readFile, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { sizeOf } from '../loaders/landing/bronze-files.ts';
import { systemCode } from '../loaders/landing/errors.ts';
import { createFolders } from '../warehouse/make-folders.ts';
import { type Destination, foldersOf, stagingFolder } from './destination.ts';

/** A folder of this machine, or of a share that is mounted there. */
export class FolderDestination implements Destination {
  readonly address: string;
  readonly #staged: { readonly from: string; readonly to: string }[] = [];

  /** @param folder an absolute path; it is created if need be. */
  constructor(folder: string) {
    this.address = folder;
  }

  clean(): Promise<void> {
    return rm(join(this.address, stagingFolder), { recursive: true, force: true });
  }

  async read(path: string): Promise<string | undefined> {
    try {
      return await readFile(join(this.address, path), 'utf8');
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  async has(path: string, bytes: number): Promise<boolean> {
    return (await sizeOf(join(this.address, path))) === bytes;
  }

  async stage(local: string, path: string): Promise<void> {
    const from = await this.#temporary();
    // With the usual permissions: who may not enter the folder cannot read it.
    await pipeline(createReadStream(local), createWriteStream(from));
    await synced(from);
    this.#staged.push({ from, to: join(this.address, path) });
  }

  async publish(): Promise<void> {
    for (const { to } of this.#staged) await createFolders(dirname(to));
    for (const { from, to } of this.#staged.splice(0)) await rename(from, to);
  }

  async write(path: string, text: string): Promise<void> {
    const from = await this.#temporary();
    const file = await open(from, 'w');
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(from, join(this.address, path));
  }

  async remove(path: string): Promise<void> {
    await rm(join(this.address, path), { force: true });
    for (const folder of foldersOf(path)) {
      // Other parts, or files that no export has written, are in it.
      const isGone = await rmdir(join(this.address, folder)).then(
        () => true,
        () => false,
      );
      if (!isGone) return;
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #temporary(): Promise<string> {
    const folder = join(this.address, stagingFolder);
    await createFolders(folder);
    return join(folder, String(this.#staged.length));
  }
}

async function synced(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
