import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { appendFile, readFile, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { createFolders } from '../../warehouse/make-folders.ts';
import type { Queryable, Warehouse } from '../../warehouse/warehouse.ts';
import { BronzeWriter } from '../landing/bronze.ts';
import { placeInBronze, removeEmpty, sizeOf } from '../landing/bronze-files.ts';
import { writeFully } from '../landing/descriptor.ts';
import { LoadBusyError } from '../landing/errors.ts';
import { atOnce } from '../landing/in-order.ts';
import type { RemoteBronze, RemoteFile } from '../landing/remote/remote-bronze.ts';
import type { SourceName } from '../landing/summary.ts';
import { checkpoint } from './alone.ts';
import { hashOf } from './compress-file.ts';
import { staged } from './ledger-files.ts';

/** Files copied at once, and before they are synced together. */
const filesAtOnce = 16;
const batchFiles = 500;

/** What is copied from a bucket, and where to. */
export interface Mirroring {
  readonly remote: RemoteBronze;
  /** The folder of Bronze on this machine. */
  readonly bronzeRoot: string;
  readonly source: SourceName;
  /** How paths of the source begin, e.g. `weather/`. */
  readonly begins: readonly string[];
  /** Paths that are not needed. */
  readonly except?: ReadonlySet<string> | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Does `work` while the files of a source that are in a bucket are on this machine, too. Files that are there already stay as they are;
 * copies are removed at the end, and what `work` has changed of them is put back. After a kill the next call removes them.
 * @throws ObjectError; LoadBusyError while another process does the same; LoadFailedError if the disk cannot be written; HousekeepingInterruptedError after `signal`.
 */
export async function withMirror<T>(warehouse: Warehouse, mirroring: Mirroring, work: () => Promise<T>): Promise<T> {
  const outcome = await warehouse.exclusive(`copies of ${mirroring.source}`, () => mirrored(mirroring, work));
  if (outcome.held) return outcome.value;
  throw new LoadBusyError({
    what: `files of ${mirroring.source} are being copied from the bucket by ${outcome.holder}`,
    hint: 'Wait until it is done.',
  });
}

async function mirrored<T>(mirroring: Mirroring, work: () => Promise<T>): Promise<T> {
  await createFolders(resolve(mirroring.bronzeRoot));
  await removeCopies(mirroring);
  const copies = await copyAll(mirroring);
  try {
    return await work();
  } finally {
    await putBack(mirroring, copies);
    await removeCopies(mirroring);
  }
}

/** Paths of a source's files whose rows staging has: a load from Bronze does not look at them. */
export async function stagedPaths(on: Queryable, source: SourceName): Promise<ReadonlySet<string>> {
  const { rows } = await on.query<{ path: string }>(
    `select f.bronze_path as path from staging.file as f
     where f.source = $1 and f.status = 'landed' and f.bronze_path is not null and ${staged[source].has}`,
    [source],
  );
  return new Set(rows.map(({ path }) => path));
}

/** A copy, and the SHA-256 of its bytes when it was made. */
interface Copy {
  readonly path: string;
  readonly sha256: string;
}

async function copyAll(mirroring: Mirroring): Promise<readonly Copy[]> {
  const { remote, bronzeRoot, begins, except, signal } = mirroring;
  const bronze = new BronzeWriter(bronzeRoot);
  const copies: Copy[] = [];
  let batch: RemoteFile[] = [];
  const flush = async () => {
    checkpoint(signal);
    // Written down first: whoever comes after a kill removes them.
    await appendFile(noteOf(mirroring), batch.map(({ path }) => `${JSON.stringify(path)}\n`).join(''));
    await atOnce(batch, filesAtOnce, async (file) => {
      const hash = createHash('sha256');
      await bronze.writeWith(file.path, async (draft) => {
        for await (const piece of remote.read(file)) {
          hash.update(piece);
          await writeFully(draft, piece);
        }
      });
      copies.push({ path: file.path, sha256: hash.digest('hex') });
    });
    await bronze.settle();
    batch = [];
  };
  try {
    for (const begin of begins)
      for await (const file of remote.list(begin)) {
        if (except?.has(file.path) === true) continue;
        if ((await sizeOf(placeInBronze(bronzeRoot, file.path))) !== undefined) continue;
        batch.push(file);
        if (batch.length === batchFiles) await flush();
      }
    await flush();
    return copies;
  } catch (error) {
    await bronze.discard();
    throw error;
  }
}

/** The list of copies lies in Bronze while they do. */
function noteOf({ bronzeRoot, source }: Mirroring): string {
  return join(resolve(bronzeRoot), `.copies-${source}`);
}

async function removeCopies(mirroring: Mirroring): Promise<void> {
  const note = noteOf(mirroring);
  const text = await readFile(note, 'utf8').catch(() => '');
  const paths = pathsIn(text);
  await atOnce(paths, filesAtOnce, (path) => rm(placeInBronze(mirroring.bronzeRoot, path), { force: true }));
  const folders = new Set(paths.map((path) => dirname(placeInBronze(mirroring.bronzeRoot, path))));
  for (const folder of folders) await removeEmpty(mirroring.bronzeRoot, folder);
  await rm(note, { force: true });
}

/** A line that was only half written speaks of a file that is not there yet. */
function pathsIn(text: string): readonly string[] {
  return text.split('\n').flatMap((line) => {
    try {
      const path: unknown = JSON.parse(line);
      return typeof path === 'string' ? [path] : [];
    } catch {
      return [];
    }
  });
}

async function putBack({ remote, bronzeRoot }: Mirroring, copies: readonly Copy[]): Promise<void> {
  await atOnce(copies, filesAtOnce, async ({ path, sha256 }) => {
    const place = placeInBronze(bronzeRoot, path);
    if ((await sizeOf(place)) === undefined) return;
    if ((await hashOf(createReadStream(place))) !== sha256) await remote.put(path, place);
  });
}
