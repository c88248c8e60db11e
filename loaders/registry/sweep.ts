import { readdir, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import glob from 'fast-glob';
import type { Queryable } from '../../warehouse/warehouse.ts';
import { isLeftover } from '../landing/bronze.ts';
import { removeEmpty } from '../landing/bronze-files.ts';
import { systemCode } from '../landing/errors.ts';
import type { RemoteBronze } from '../landing/remote/remote-bronze.ts';
import type { LoadOptions, Note } from '../landing/summary.ts';
import { isManifest, manifestName, readManifest } from './manifest.ts';
import { type RegistryTable, registryTable } from './mysql/tables.ts';
import { registry, timeOfStamp } from './stamp.ts';

export interface Sweeping {
  readonly warehouse: Queryable;
  readonly bronzeRoot: string;
  readonly bronzeRemote?: RemoteBronze | undefined;
  readonly options: LoadOptions;
}

/** A folder in which a killed load left drafts. */
interface LeftFolder {
  /** Relative to Bronze, with forward slashes. */
  readonly path: string;
  readonly stamp: string;
  readonly drafts: string[];
}

/**
 * Removes what killed loads of the registry left in Bronze. Drafts are deleted, since they contain personal data that no retention
 * covers. A manifest that is still a draft belongs to a snapshot whose load did not finish. If the ledger knows the snapshot, it
 * was committed, and its manifest is made visible. Otherwise the whole snapshot is deleted, since MySQL can provide it again; only a
 * load from Bronze, which has no MySQL, keeps it, if no table is missing. Nothing else in Bronze is touched.
 * @returns what could not be removed.
 */
export async function sweepKilled({
  warehouse,
  bronzeRoot,
  bronzeRemote,
  options,
}: Sweeping): Promise<readonly Note[]> {
  if (bronzeRemote !== undefined && options.mode !== 'from-bronze') await sweepRemote(warehouse, bronzeRemote, options);
  const folders = await leftFolders(bronzeRoot);
  if (folders.length === 0) return [];
  const known = await knownStamps(warehouse, folders);
  const notes: Note[] = [];
  for (const folder of folders) {
    try {
      const verdict = await tidy(bronzeRoot, folder, known.has(folder.stamp), options.mode === 'from-bronze');
      if (verdict === 'removed') {
        options.onNotice?.(
          `Removed ${folder.path}: a load of the registry was killed before that snapshot was landed.`,
        );
      }
    } catch (error) {
      if (systemCode(error) === '') throw error;
      notes.push({
        name: folder.path,
        reason: `a load that was killed left files there, and they cannot be removed (${systemCode(error)}): check the permissions of BRONZE_ROOT`,
      });
    }
  }
  return notes;
}

/**
 * Removes from a bucket the snapshots whose load was killed before it was committed: they have no manifest, which comes last, and the
 * ledger does not know them.
 */
async function sweepRemote(on: Queryable, remote: RemoteBronze, options: LoadOptions): Promise<void> {
  const snapshots = new Map<string, { stamp: string; paths: string[]; isSealed: boolean }>();
  for await (const { path } of remote.list(`${registry}/`)) {
    const [file = '', stamp = ''] = path.split('/').reverse();
    if (timeOfStamp(stamp) === undefined) continue;
    const snapshot = snapshots.get(stamp) ?? { stamp, paths: [], isSealed: false };
    snapshots.set(stamp, snapshot);
    snapshot.paths.push(path);
    snapshot.isSealed ||= isManifest(file);
  }
  const open = [...snapshots.values()].filter(({ isSealed }) => !isSealed);
  if (open.length === 0) return;
  const known = await knownStamps(on, open);
  for (const { stamp, paths } of open) {
    if (known.has(stamp)) continue;
    for (const path of paths) await remote.remove(path);
    options.onNotice?.(`Removed ${stamp}: a load of the registry was killed before that snapshot was landed.`);
  }
}

async function leftFolders(root: string): Promise<readonly LeftFolder[]> {
  const drafts = glob.stream(`${registry}/**/.*.part`, {
    cwd: root,
    dot: true,
    followSymbolicLinks: false,
    // Whoever needs a folder that cannot be listed reports it.
    suppressErrors: true,
  });
  const found = new Map<string, LeftFolder>();
  for await (const entry of drafts) {
    const path = dirname(String(entry)).replaceAll('\\', '/');
    const draft = String(entry).slice(path.length + 1);
    if (!isLeftover(draft)) continue;
    const folder = found.get(path) ?? { path, stamp: path.slice(path.lastIndexOf('/') + 1), drafts: [] };
    found.set(path, folder);
    folder.drafts.push(draft);
  }
  return [...found.values()];
}

async function knownStamps(on: Queryable, folders: readonly Pick<LeftFolder, 'stamp'>[]): Promise<ReadonlySet<string>> {
  const { rows } = await on.query<{ stamp: string }>(
    `select distinct split_part(name, '/', 1) as stamp from staging.file
     where source = $1 and split_part(name, '/', 1) = any($2::text[])`,
    [registry, folders.map(({ stamp }) => stamp)],
  );
  return new Set(rows.map(({ stamp }) => stamp));
}

async function tidy(
  root: string,
  { path, stamp, drafts }: LeftFolder,
  known: boolean,
  isAllThereIs: boolean,
): Promise<'tidied' | 'removed'> {
  const folder = join(resolve(root), ...path.split('/'));
  const names = await readdir(folder);
  const manifest = await manifestAmong(folder, drafts);
  const isUnsealed = manifest !== undefined && timeOfStamp(stamp) !== undefined && !names.some(isManifest);
  const keeps = isUnsealed && (known || (isAllThereIs && hasAll(names, manifest.tables)));
  const tables = names.filter((name) => tableOf(name) !== undefined);
  // The draft of the manifest last: without it, the others would no longer be known for what they are.
  for (const draft of drafts) if (draft !== manifest?.draft) await rm(join(folder, draft), { force: true });
  if (keeps) {
    await rename(join(folder, manifest.draft), join(folder, manifestName));
    return 'tidied';
  }
  if (isUnsealed) for (const name of tables) await rm(join(folder, name), { force: true });
  if (manifest !== undefined) await rm(join(folder, manifest.draft), { force: true });
  await removeEmpty(root, folder);
  return isUnsealed && tables.length > 0 ? 'removed' : 'tidied';
}

async function manifestAmong(
  folder: string,
  drafts: readonly string[],
): Promise<{ readonly draft: string; readonly tables: readonly RegistryTable[] } | undefined> {
  for (const draft of drafts) {
    const tables = await readManifest(join(folder, draft));
    if (tables !== undefined) return { draft, tables };
  }
  return undefined;
}

function hasAll(names: readonly string[], tables: readonly RegistryTable[]): boolean {
  const there = new Set(names.map(tableOf));
  return tables.length > 0 && tables.every((table) => there.has(table));
}

function tableOf(fileName: string): RegistryTable | undefined {
  const [, name] = /^(.*)\.json(?:\.gz)?$/i.exec(fileName) ?? [];
  return name === undefined ? undefined : registryTable(name);
}
