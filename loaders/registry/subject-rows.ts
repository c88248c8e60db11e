import type { Queryable } from '../../warehouse/warehouse.ts';
import type { Apartment } from '../landing/apartment.ts';
import { type RegistryIds, registryId, unionOf } from '../tombstones/registry-ids.ts';
import type { SubjectRule } from '../tombstones/rule.ts';
import { rememberIds } from '../tombstones/tombstone.ts';
import { readTombstones } from '../tombstones/tombstones.ts';
import type { RegistryTable } from './tables.ts';

/** A row of the registry, its columns as the server spells them. */
export type RegistryRecord = Readonly<Record<string, unknown>>;

/** The kinds of ids that lead to a building, and the column that has them, in lower case. */
const kinds = { buildings: 'idbuilding', rooms: 'idroom', devices: 'iddevice' } as const;
type Kind = keyof typeof kinds;
const linkKinds: readonly Kind[] = ['buildings', 'rooms', 'devices'];

/** The tables whose rows are such a building, room or device themselves. */
const kindOf: Partial<Readonly<Record<RegistryTable, Kind>>> = {
  buildings: 'buildings',
  rooms: 'rooms',
  devices: 'devices',
};

/**
 * Tells which rows of one snapshot are the subject's: buildings whose name has the owner's in it, and what is in them. A
 * row that no building is known of is the subject's if another snapshot had it so. Give it the rows of buildings before those of
 * rooms, these before those of devices, and all three before any others: `registryTables` is such an order.
 */
export class RegistryRows {
  readonly #rule: SubjectRule;
  /** Ids from other snapshots that this snapshot does not assign to another apartment. */
  readonly #before: Readonly<Record<Kind, ReadonlySet<string>>>;
  readonly #owned = { buildings: new Set<string>(), rooms: new Set<string>(), devices: new Set<string>() };
  readonly #others = { buildings: new Set<string>(), rooms: new Set<string>(), devices: new Set<string>() };

  /** @param before ids that were the subject's in other snapshots. */
  constructor(rule: SubjectRule, before: readonly RegistryIds[]) {
    this.#rule = rule;
    const { buildings, rooms, devices } = unionOf(before);
    this.#before = { buildings: new Set(buildings), rooms: new Set(rooms), devices: new Set(devices) };
  }

  /** The ids that were found to be the subject's in this snapshot. */
  get ids(): RegistryIds {
    const { buildings, rooms, devices } = this.#owned;
    return { buildings: [...buildings], rooms: [...rooms], devices: [...devices] };
  }

  /** Whether any of these was not known before. */
  get hasLearnt(): boolean {
    return linkKinds.some((kind) => [...this.#owned[kind]].some((id) => !this.#before[kind].has(id)));
  }

  /** Whether a row is the subject's. */
  has(table: RegistryTable, record: RegistryRecord): boolean {
    const fields = new Map(Object.entries(record).map(([name, value]) => [name.toLowerCase(), value]));
    const verdict = table === 'buildings' ? this.#ofBuilding(fields) : this.#ofLinks(table, fields);
    const kind = kindOf[table];
    const id = kind === undefined ? undefined : registryId(fields.get(kinds[kind]));
    const wasOwned = kind !== undefined && id !== undefined && this.#before[kind].has(id);
    const owned = verdict ?? wasOwned;
    if (kind === undefined || id === undefined) return owned;
    if (owned) this.#owned[kind].add(id);
    else if (verdict === false) this.#others[kind].add(id);
    return owned;
  }

  /** A building of the subject remains so under another name, unless that is the name of another configured owner. */
  #ofBuilding(fields: ReadonlyMap<string, unknown>): boolean | undefined {
    const name = fields.get('housename');
    const known = this.#knows('buildings', registryId(fields.get(kinds.buildings)));
    if (typeof name !== 'string' || name.trim() === '') return known;
    if (this.#rule.ownsBuilding(name)) return true;
    return known === true && !this.#rule.isOthersBuilding(name);
  }

  /** What the first of its links says that leads to something known. */
  #ofLinks(table: RegistryTable, fields: ReadonlyMap<string, unknown>): boolean | undefined {
    for (const kind of linkKinds) {
      // Its own id is no link.
      if (kind === kindOf[table]) break;
      const verdict = this.#knows(kind, registryId(fields.get(kinds[kind])));
      if (verdict !== undefined) return verdict;
    }
    return undefined;
  }

  #knows(kind: Kind, id: string | undefined): boolean | undefined {
    if (id === undefined) return undefined;
    // An id that occurs twice in a snapshot is the subject's if one of its rows is.
    if (this.#owned[kind].has(id)) return true;
    if (this.#others[kind].has(id)) return false;
    return this.#before[kind].has(id) ? true : undefined;
  }
}

/** The rows of erased apartments in one snapshot of the registry; tables in the order in which {@link RegistryRows} wants them. */
export class ErasedRows {
  readonly #stones: readonly { readonly id: number; readonly rows: RegistryRows }[];

  constructor(stones: readonly { readonly id: number; readonly rows: RegistryRows }[]) {
    this.#stones = stones;
  }

  /** Whether a row is that of an erased apartment. */
  has(table: RegistryTable, record: RegistryRecord): boolean {
    // Each has to see it: it may lead to others.
    return this.#stones.filter(({ rows }) => rows.has(table, record)).length > 0;
  }

  /**
   * Puts what the snapshot calls their buildings, rooms and devices onto their tombstones. A later one may have a building
   * under another name, and this one, which says whose it is, is kept nowhere.
   */
  async remember(on: Queryable): Promise<void> {
    for (const { id, rows } of this.#stones) if (rows.hasLearnt) await rememberIds(on, { id }, rows.ids);
  }
}

/**
 * Recognises the rows of erased apartments in one snapshot of the registry; undefined if no apartment was erased.
 * @param apartments all configured apartments.
 */
export async function erasedRows(
  on: Queryable,
  apartments: readonly Apartment[] | undefined,
): Promise<ErasedRows | undefined> {
  const stones = (await readTombstones(on, apartments)).each();
  if (stones.length === 0) return undefined;
  return new ErasedRows(
    stones.map(({ id, rule, registryIds }) => ({ id, rows: new RegistryRows(rule, [registryIds]) })),
  );
}
