import type { Queryable } from '../../warehouse/warehouse.ts';
import type { Apartment } from '../landing/apartment.ts';
import { countOf, type IdKind, noIds, type RegistryIds, registryId, unionOf } from '../tombstones/registry-ids.ts';
import { SubjectRule } from '../tombstones/rule.ts';
import { readTombstones, recordIds } from '../tombstones/tombstones.ts';
import type { RegistryTable } from './mysql/tables.ts';

/** A row of the registry, its columns as the server spells them. */
type RegistryRecord = Readonly<Record<string, unknown>>;

/** The tables that lead the rows of all others to a building, and their ids' column, in lower case. */
const idColumns = { buildings: 'idbuilding', rooms: 'idroom', devices: 'iddevice' } as const;
export const linkTables: readonly IdKind[] = ['buildings', 'rooms', 'devices'];

/**
 * Tells which rows of one snapshot are the subject's: buildings whose name has the owner's in it, and what is in them. A
 * row that no building is known of is the subject's if another snapshot had it so. Give it the rows of buildings before those of
 * rooms, these before those of devices, and all three before any others: `registryTables` is such an order.
 */
export class RegistryRows {
  readonly #rule: SubjectRule;
  readonly #before: RegistryIds;
  readonly #wasOwned: ReadonlySet<string>;
  /** Whether an id of this snapshot is the subject's, by kind and id. */
  readonly #verdicts = new Map<string, boolean>();

  /** @param before ids that were the subject's in other snapshots. */
  constructor(rule: SubjectRule, before: RegistryIds = noIds) {
    this.#rule = rule;
    this.#before = before;
    this.#wasOwned = new Set(linkTables.flatMap((kind) => before[kind].map((id) => `${kind} ${id}`)));
  }

  /** The ids that were the subject's before, and those that were found to be so in this snapshot. */
  get ids(): RegistryIds {
    const found = (kind: IdKind) =>
      [...this.#verdicts].flatMap(([key, owned]) =>
        owned && key.startsWith(`${kind} `) ? [key.slice(kind.length + 1)] : [],
      );
    return unionOf(this.#before, { buildings: found('buildings'), rooms: found('rooms'), devices: found('devices') });
  }

  /** Whether a row is the subject's. */
  has(table: RegistryTable, record: RegistryRecord): boolean {
    const fields = new Map(Object.entries(record).map(([name, value]) => [name.toLowerCase(), value]));
    const kind = linkTables.find((one) => one === table);
    const id = kind === undefined ? undefined : registryId(fields.get(idColumns[kind]));
    const verdict = table === 'buildings' ? this.#ofBuilding(fields) : this.#ofLinks(kind, fields);
    if (kind === undefined || id === undefined) return verdict === true;
    const key = `${kind} ${id}`;
    const owned = verdict ?? this.#wasOwned.has(key);
    // An id that occurs twice in a snapshot is the subject's if one of its rows is.
    if (owned || (verdict === false && !this.#verdicts.has(key))) this.#verdicts.set(key, owned);
    return owned;
  }

  /** A building of the subject remains so under another name, unless that is the name of another configured owner. */
  #ofBuilding(fields: ReadonlyMap<string, unknown>): boolean | undefined {
    const name = fields.get('housename');
    const known = this.#knows('buildings', fields);
    if (typeof name !== 'string' || name.trim() === '') return known;
    if (this.#rule.ownsBuilding(name)) return true;
    return known === true && !this.#rule.isOthersBuilding(name);
  }

  /** What the first of its links says that leads to something known; its own id is no link. */
  #ofLinks(own: IdKind | undefined, fields: ReadonlyMap<string, unknown>): boolean | undefined {
    for (const kind of linkTables) {
      if (kind === own) break;
      const verdict = this.#knows(kind, fields);
      if (verdict !== undefined) return verdict;
    }
    return undefined;
  }

  #knows(kind: IdKind, fields: ReadonlyMap<string, unknown>): boolean | undefined {
    const key = `${kind} ${registryId(fields.get(idColumns[kind]))}`;
    return this.#verdicts.get(key) ?? (this.#wasOwned.has(key) ? true : undefined);
  }
}

/**
 * Recognises the rows of erased apartments in one snapshot of the registry: `has`, asked in the order that {@link RegistryRows} wants.
 * `record` records what the snapshot calls their buildings, rooms and devices on their tombstones: a later one may have a building
 * under another name, and this one, which says whose it is, is kept nowhere. Undefined if no apartment was erased.
 * @param apartments all configured apartments.
 */
export async function erasedRows(on: Queryable, apartments: readonly Apartment[] | undefined) {
  const stones = await readTombstones(on);
  if (stones.length === 0) return undefined;
  const erased = stones.map((stone) => {
    return { stone, rows: new RegistryRows(new SubjectRule([stone], apartments), stone.registryIds) };
  });
  return {
    // Each has to see it: it may lead to others.
    has: (table: RegistryTable, record: RegistryRecord): boolean =>
      erased.filter(({ rows }) => rows.has(table, record)).length > 0,
    async record(session: Queryable): Promise<void> {
      for (const { stone, rows } of erased)
        if (countOf(rows.ids) > countOf(stone.registryIds)) await recordIds(session, stone, rows.ids);
    },
  };
}

export type ErasedRows = NonNullable<Awaited<ReturnType<typeof erasedRows>>>;
