// Whom to leave out. An erased apartment has a tombstone: salted hashes of its names and the ids that the registry gave it.
//
//   tombstone.ts      begins and finishes an erasure, and records registry ids
//   names.ts          how names are compared
//   rule.ts           which names and buildings belong to a subject
//   registry-ids.ts   the ids of its buildings, rooms and devices
//   tombstones.ts     all tombstones, which loaders ask before they land or record anything
//
// No name is stored: a loader hashes the names that it meets and compares the hashes.
import { createHash } from 'node:crypto';
import type { Queryable } from '../../warehouse/warehouse.ts';
import type { Apartment } from '../landing/apartment.ts';
import { foldedId, squeezed } from './names.ts';
import type { RegistryIds } from './registry-ids.ts';
import { type KnownNames, SubjectRule } from './rule.ts';

/** The record of an erasure: no name, but enough to tell whether a name is the subject's. Salt and hashes are hexadecimal. */
export type Tombstone = {
  readonly id: number;
  readonly salt: string;
  /** {@link hashOf} {@link foldedId}. */
  readonly apartmentHash: string;
  /** {@link hashOf} the {@link squeezed} owner. */
  readonly ownerHash: string;
  /** Characters of the squeezed owner. */
  readonly ownerLength: number;
  /** What the registry called the subject's buildings, rooms and devices, as far as it was seen. */
  readonly registryIds: RegistryIds;
};

/** SHA-256 of salt and text. */
export function hashOf(salt: string, text: string): string {
  return createHash('sha256').update(salt, 'hex').update(text, 'utf8').digest('hex');
}

/** A share may name a great many owners; those asked about lately are enough. */
const mostCached = 10_000;

/** The erased apartments. What is theirs is neither landed nor recorded. */
export class Tombstones extends SubjectRule {
  readonly #stones: readonly Tombstone[];
  readonly #apartments: readonly Apartment[];
  readonly #owners = new Map<string, boolean>();

  /** @param apartments all that are configured. */
  constructor(stones: readonly Tombstone[], apartments: readonly Apartment[] = []) {
    super(stones.map(knownBy), apartments);
    this.#stones = stones;
    this.#apartments = apartments;
  }

  /** How many there are; mostly none. */
  get size(): number {
    return this.#stones.length;
  }

  /** The tombstone of one subject; undefined if its erasure was never asked for. */
  of({ id, owner }: Apartment): Tombstone | undefined {
    const name = squeezed(owner).join('');
    return this.#stones.find((stone) => knownBy(stone).isApartment(foldedId(id)) && knownBy(stone).isOwner(name));
  }

  /** Each tombstone with the rule for it alone. */
  each(): readonly { readonly stone: Tombstone; readonly rule: SubjectRule }[] {
    return this.#stones.map((stone) => ({ stone, rule: new SubjectRule([knownBy(stone)], this.#apartments) }));
  }

  override hasOwner(owner: string): boolean {
    if (this.#stones.length === 0) return false;
    const known = this.#owners.get(owner);
    if (known !== undefined) return known;
    if (this.#owners.size >= mostCached) this.#owners.clear();
    const found = super.hasOwner(owner);
    this.#owners.set(owner, found);
    return found;
  }
}

function knownBy({ salt, ownerHash, ownerLength, apartmentHash }: Tombstone): KnownNames {
  return {
    ownerLength,
    isOwner: (name) => hashOf(salt, name) === ownerHash,
    isApartment: (id) => hashOf(salt, id) === apartmentHash,
  };
}

/**
 * All tombstones, open and finished. The schema `staging` has to be there.
 * @param apartments all that are configured; what bears the name of one is that one's.
 */
export async function readTombstones(on: Queryable, apartments: readonly Apartment[] = []): Promise<Tombstones> {
  const { rows } = await on.query<Tombstone>(
    `select tombstone_id as id, encode(salt, 'hex') as salt, encode(apartment_hash, 'hex') as "apartmentHash",
         encode(owner_hash, 'hex') as "ownerHash", owner_length as "ownerLength", registry_ids as "registryIds"
     from staging.tombstone order by tombstone_id`,
  );
  return new Tombstones(rows, apartments);
}
