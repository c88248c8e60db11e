import { join } from 'node:path';
import type { Queryable } from '../../warehouse/warehouse.ts';
import type { Note, NoteCollector } from '../landing/summary.ts';
import { isManifest, manifestName, readManifest } from './manifest.ts';
import { type RegistryTable, registryTables } from './mysql/tables.ts';
import { bronzeFolderOf, ledgerNameOf, readBronzePath, registry, timeOfStamp } from './stamp.ts';

/** A table of a snapshot in Bronze. */
export interface BronzeTable {
  readonly table: RegistryTable;
  /** As the ledger names it. */
  readonly name: string;
  /** Relative to Bronze, with forward slashes. */
  readonly path: string;
}

/** One snapshot in Bronze. */
export interface BronzeSnapshot {
  readonly stamp: string;
  readonly time: Date;
  readonly tables: BronzeTable[];
  /** The path of its manifest, if it has one. */
  manifest: string | undefined;
}

/**
 * The snapshots that paths belong to, oldest first. Of a table that is there twice, the file that is not compressed.
 * @param skipped is called with the files that belong to none.
 */
export function snapshotsAmong(paths: readonly string[], skipped: NoteCollector): BronzeSnapshot[] {
  const found = new Map<string, BronzeSnapshot>();
  const snapshotOf = (stamp: string, time: Date): BronzeSnapshot => {
    const snapshot = found.get(stamp) ?? { stamp, time, tables: [], manifest: undefined };
    found.set(stamp, snapshot);
    return snapshot;
  };
  // x.json sorts before x.json.gz.
  for (const path of [...paths].sort()) {
    const [file = '', stamp = ''] = path.split('/').reverse();
    const time = timeOfStamp(stamp);
    if (isManifest(file) && time !== undefined) {
      snapshotOf(stamp, time).manifest ??= path;
      continue;
    }
    const name = readBronzePath(path);
    if (!name.known) {
      skipped.add([{ name: path, reason: name.reason }]);
      continue;
    }
    const { tables } = snapshotOf(name.stamp, name.time);
    if (tables.some(({ table }) => table === name.table)) continue;
    tables.push({ table: name.table, name: ledgerNameOf(name.stamp, name.table), path });
  }
  // In the order in which they are read from the server: what a row belongs to comes before it.
  for (const { tables } of found.values()) tables.sort((a, b) => orderOf(a.table) - orderOf(b.table));
  // What has been pruned may leave its manifest.
  return [...found.values()]
    .filter(({ tables }) => tables.length > 0)
    .sort((a, b) => a.time.getTime() - b.time.getTime());
}

function orderOf(table: RegistryTable): number {
  return registryTables.indexOf(table);
}

/** Whether a snapshot is landed, and the notes about it. */
export interface WholenessVerdict {
  readonly accepted: boolean;
  readonly note: Note | undefined;
}

/**
 * Judges whether a snapshot in Bronze is all of one moment: a load that was killed, or a copy that stopped half-way, may
 * have left some tables of one. What the ledger knows was whole once. Otherwise its manifest tells. Folders that are older
 * than the first manifest have none, nor may those of a Bronze that is landed into an empty ledger: they are taken as they
 * are, with a warning.
 */
export class Wholeness {
  readonly #root: string;
  readonly #ledgerIsEmpty: boolean;
  /** When the first snapshot with a manifest was taken, in milliseconds. */
  readonly #since: number;

  private constructor(root: string, ledgerIsEmpty: boolean, since: number) {
    this.#root = root;
    this.#ledgerIsEmpty = ledgerIsEmpty;
    this.#since = since;
  }

  /** @param snapshots all there are in Bronze, oldest first. */
  static async among(on: Queryable, root: string, snapshots: readonly BronzeSnapshot[]): Promise<Wholeness> {
    const { rows } = await on.query('select 1 from staging.file where source = $1 limit 1', [registry]);
    const first = snapshots.find(({ manifest }) => manifest !== undefined);
    return new Wholeness(root, rows.length === 0, first?.time.getTime() ?? Number.POSITIVE_INFINITY);
  }

  /** @param known whether the ledger has any of its files. */
  async of(snapshot: BronzeSnapshot, known: boolean): Promise<WholenessVerdict> {
    if (known) return { accepted: true, note: undefined };
    const name = bronzeFolderOf(snapshot.stamp);
    if (snapshot.manifest === undefined) {
      const accepted = this.#ledgerIsEmpty || snapshot.time.getTime() < this.#since;
      const reason = accepted
        ? `it has no ${manifestName}, so whether all its tables are there is not known: landed as it is`
        : `it has no ${manifestName}, so it may be half a snapshot: not landed. If it is whole, write one that names its tables: {"tables":["buildings",...]}`;
      return { accepted, note: { name, reason } };
    }
    const listed = await readManifest(join(this.#root, ...snapshot.manifest.split('/')));
    if (listed === undefined) {
      return { accepted: false, note: { name, reason: `its ${manifestName} cannot be read: not landed` } };
    }
    const there = new Set(snapshot.tables.map(({ table }) => table));
    const lacking = listed.filter((table) => !there.has(table));
    if (lacking.length === 0) return { accepted: true, note: undefined };
    return {
      accepted: false,
      note: { name, reason: `it is not whole, ${lacking.join(', ')} ${isOrAre(lacking.length)} missing: not landed` },
    };
  }
}

function isOrAre(count: number): string {
  return count === 1 ? 'is' : 'are';
}
