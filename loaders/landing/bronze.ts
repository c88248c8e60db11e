import { open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { freeBytes } from '../../warehouse/free-space.ts';
import { createFolders } from '../../warehouse/make-folders.ts';
import { isRunning } from '../../warehouse/process-identity.ts';
import { closeFile, type Descriptor, openFile, syncFile, writeFully } from './descriptor.ts';
import { LoadFailedError, printable, systemCode, systemReason } from './errors.ts';
import { atOnce } from './in-order.ts';
import type { RemoteBronze } from './remote/remote-bronze.ts';

/** The folder of Bronze for files whose name does not say where they belong. */
export const rejectedFolder = 'rejected';

/** Synced at once. */
const syncsAtOnce = 16;

/**
 * Written before they are synced together, their handles kept open. On ext4, 10,000 files of 4 KB took 9 s synced one by
 * one as they came, and 0.7 s when many were written first and then synced 16 at a time.
 */
const filesPerSync = 512;

const temporary = /^\.(\d+)-\d+\.part$/;

/**
 * Writes files into Bronze so that each is whole or absent: under a temporary name first, then synced, then renamed, then
 * its folder synced. Syncing waits until a batch is written, when most of its files reach the disk together. Where Bronze is in a
 * bucket, a draft is put there in place of being renamed.
 */
export class BronzeWriter {
  readonly #root: string;
  readonly #remote: RemoteBronze | undefined;
  readonly #folders = new Map<string, Promise<void>>();
  /** Temporary path by final path, of files not settled yet. */
  readonly #drafts = new Map<string, string>();
  /** Files written and not synced yet. */
  #unsynced: Descriptor[] = [];
  #syncing: Promise<void> = Promise.resolve();
  /** Folders whose entries have changed and are not synced yet. */
  readonly #changed = new Set<string>();
  #count = 0;

  /** @param remote where Bronze is, if not in `root`, which has the drafts then. */
  constructor(root: string, remote?: RemoteBronze | undefined) {
    this.#root = resolve(root);
    this.#remote = remote;
  }

  /**
   * Writes a file, not yet visible under its name.
   * @param path relative to Bronze, with forward slashes.
   * @throws LoadFailedError if it cannot be written.
   */
  async write(path: string, bytes: Uint8Array): Promise<void> {
    await this.writeWith(path, (draft) => writeFully(draft, bytes));
  }

  /** As {@link write}, for content that `fill` writes piece by piece. */
  async writeWith<T>(path: string, fill: (draft: Descriptor) => Promise<T>): Promise<T> {
    return this.#guard(path, async () => {
      const file = await openFile(await this.#draft(path), 'w');
      const value = await fill(file).catch(async (error: unknown) => {
        await closeFile(file);
        throw error;
      });
      this.#unsynced.push(file);
      if (this.#unsynced.length >= filesPerSync) await this.#startSync();
      return value;
    });
  }

  /**
   * As {@link write}, for content that a caller writes to a path, not a descriptor.
   * @param fill writes the whole file at the given path; if it fails, nothing stays.
   */
  async fillAt<T>(path: string, fill: (draft: string) => Promise<T>): Promise<T> {
    return this.#guard(path, async () => {
      const draft = await this.#draft(path);
      try {
        // Created here, so that it is readable for its owner alone while it is being filled.
        await closeFile(await openFile(draft, 'w'));
        const value = await fill(draft);
        this.#unsynced.push(await openFile(draft, 'r+'));
        return value;
      } catch (error) {
        await this.drop(path);
        throw error;
      }
    });
  }

  /** Whether a file of this size may be copied: one takes a tenth of the free space at most, so that no file fills the disk. */
  async hasRoomFor(bytes: number): Promise<boolean> {
    const free = await freeBytes(this.#root);
    return free === null || bytes <= free / 10;
  }

  /** How many bytes are missing on the disk for a file of this size; 0 if it fits, or if that is not known. */
  async roomMissingFor(bytes: number): Promise<number> {
    const free = await freeBytes(this.#root);
    return free === null ? 0 : Math.max(0, bytes - free);
  }

  /** Takes back a file that was written and not settled. */
  async drop(path: string): Promise<void> {
    const target = this.#target(path);
    const draft = this.#drafts.get(target);
    this.#drafts.delete(target);
    if (draft !== undefined) await rm(draft, { force: true });
  }

  /**
   * Makes everything written since the last time durable and visible.
   * @param except a file that is made durable only: the next time shows it.
   */
  async settle(except?: string): Promise<void> {
    await this.#guard('', async () => {
      await this.#startSync();
      await this.#syncing;
      const drafts = this.#allBut(except);
      await atOnce(drafts, syncsAtOnce, async ([target, draft]) => {
        if (this.#remote === undefined) {
          await rename(draft, target);
          this.#changed.add(dirname(target));
        } else {
          await this.#remote.put(relative(this.#root, target).split(sep).join('/'), draft);
          await rm(draft, { force: true });
        }
        this.#drafts.delete(target);
      });
      await atOnce([...this.#changed], syncsAtOnce, syncFolder);
      this.#changed.clear();
    });
  }

  /**
   * Removes what was written and not settled. Does not fail: leftovers are removed by a later load.
   * @param except a file whose draft stays, for a later load to find.
   */
  async discard(except?: string): Promise<void> {
    await this.#syncing.catch(() => undefined);
    this.#syncing = Promise.resolve();
    await atOnce(this.#unsynced, syncsAtOnce, (file) => closeFile(file).catch(() => undefined));
    this.#unsynced = [];
    const drafts = this.#allBut(except);
    this.#drafts.clear();
    await atOnce(drafts, syncsAtOnce, ([, draft]) => rm(draft, { force: true }).catch(() => undefined));
  }

  /** Starts to sync what was written, in the background; waits for the previous sync, so that they do not pile up. */
  async #startSync(): Promise<void> {
    const files = this.#unsynced;
    this.#unsynced = [];
    const before = this.#syncing;
    this.#syncing = before.then(() => syncAndClose(files));
    // `settle` gets the error; until then it must not count as an unhandled rejection.
    this.#syncing.catch(() => undefined);
    await before;
  }

  /** A temporary path for a file, in its folder, which is there then. */
  async #draft(path: string): Promise<string> {
    const target = this.#target(path);
    // Drafts for a bucket need no folders of their own; those of two sources are apart, since each removes leftovers.
    const [first = ''] = relative(this.#root, target).split(sep);
    const folder = this.#remote === undefined ? dirname(target) : join(this.#root, first);
    this.#count += 1;
    const draft = join(folder, `.${process.pid}-${this.#count}.part`);
    await this.#prepare(folder);
    this.#drafts.set(target, draft);
    return draft;
  }

  #allBut(except: string | undefined): [string, string][] {
    const kept = except === undefined ? undefined : this.#target(except);
    return [...this.#drafts].filter(([target]) => target !== kept);
  }

  #target(path: string): string {
    const target = join(this.#root, ...path.split('/'));
    if (target.startsWith(join(this.#root, sep))) return target;
    throw new LoadFailedError({
      what: `a source names a file in a way that leads out of Bronze: ${JSON.stringify(path)}`,
      hint: 'Rename it at the source.',
    });
  }

  /** Creates a folder and removes what a killed load left in it, once. */
  #prepare(folder: string): Promise<void> {
    let prepared = this.#folders.get(folder);
    if (prepared === undefined) {
      prepared = this.#create(folder);
      this.#folders.set(folder, prepared);
    }
    return prepared;
  }

  async #create(folder: string): Promise<void> {
    const created = await createFolders(folder);
    // A folder is an entry of its parent, and so on; who created them may have been killed before syncing them.
    for (let at = dirname(folder); ; at = dirname(at)) {
      this.#changed.add(at);
      if (at === dirname(at) || (at === this.#root && created === undefined)) break;
    }
    if (created !== undefined) return;
    const leftovers = (await readdir(folder)).filter(isLeftover);
    await atOnce(leftovers, syncsAtOnce, (name) => rm(join(folder, name), { force: true }));
  }

  async #guard<T>(path: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (systemCode(error) === '') throw error;
      const which = path === '' ? 'the files of a batch' : printable(path);
      throw new LoadFailedError({
        what: `cannot write ${which} into Bronze (${this.#root}): ${systemReason(systemCode(error))}`,
        hint: 'Check BRONZE_ROOT: the free space, the permissions and, on Windows, the length of the path.',
        cause: error,
      });
    }
  }
}

/** Whether a file in Bronze is a temporary file of a process that has ended (or of an earlier one with this process id). */
export function isLeftover(fileName: string): boolean {
  const pid = Number(temporary.exec(fileName)?.[1] ?? Number.NaN);
  if (Number.isNaN(pid)) return false;
  return pid === process.pid || !isRunning(pid);
}

async function syncAndClose(files: readonly Descriptor[]): Promise<void> {
  let failure: unknown;
  await atOnce(files, syncsAtOnce, async (file) => {
    await syncFile(file).catch((error: unknown) => {
      failure ??= error;
    });
    await closeFile(file);
  });
  if (failure !== undefined) throw failure;
}

/** Windows and some network file systems cannot sync a folder; there, that is the file system's own business. */
async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r').catch(() => undefined);
  try {
    await handle?.sync().catch(() => undefined);
  } finally {
    await handle?.close();
  }
}
