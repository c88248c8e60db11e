// Whom to leave out. An erased apartment has a tombstone: salted hashes of its names and the ids that the registry gave it.
//
//   tombstone.ts              begins and finishes an erasure, and records registry ids
//   names.ts, rule.ts         how names are compared, and which names and files belong to a subject
//   registry-ids.ts           the ids of its buildings, rooms and devices
//   tombstones.ts             all tombstones, which loaders ask before they land or record anything
//
// No name is stored: a loader hashes the names that it meets and compares the hashes.
import { createHash } from 'node:crypto';
import type { Queryable } from '../../warehouse/warehouse.ts';
import type { Apartment } from '../landing/apartment.ts';
import type { RegistryIds } from './registry-ids.ts';
import { type KnownNames, SubjectRule } from './rule.ts';

/** What is known of one erased apartment: no name, but enough to tell whether a name is its. */
export interface Stone {
  readonly id: number;
  readonly salt: Buffer;
  /** SHA-256 of salt and {@link foldedId}. */
  readonly apartmentHash: Buffer;
  /** SHA-256 of salt and {@link squeezed} owner. */
  readonly ownerHash: Buffer;
  /** Characters of the squeezed owner. */
  readonly ownerLength: number;
  readonly registryIds: RegistryIds;
}

/** SHA-256 of salt and text. */
export function hashOf(salt: Buffer, text: string): Buffer {
  return createHash('sha256').update(salt).update(text, 'utf8').digest();
}

/** A share may name a great many owners; those asked about lately are enough. */
const mostRemembered = 10_000;

/** The erased apartments. What is theirs is neither landed nor recorded. */
export class Tombstones extends SubjectRule {
  readonly #stones: readonly Stone[];
  readonly #apartments: readonly Apartment[];
  readonly #owners = new Map<string, boolean>();

  /** @param apartments all that are configured. */
  constructor(stones: readonly Stone[], apartments: readonly Apartment[] = []) {
    super(stones.map(knownBy), apartments);
    this.#stones = stones;
    this.#apartments = apartments;
  }

  /** How many there are; mostly none. */
  get size(): number {
    return this.#stones.length;
  }

  /** Each by itself: its tombstone, the rule for it alone, and what the registry called its buildings, rooms and devices. */
  each(): readonly { readonly id: number; readonly rule: SubjectRule; readonly registryIds: RegistryIds }[] {
    return this.#stones.map((stone) => ({
      id: stone.id,
      rule: new SubjectRule([knownBy(stone)], this.#apartments),
      registryIds: stone.registryIds,
    }));
  }

  override hasOwner(owner: string): boolean {
    if (this.#stones.length === 0) return false;
    const known = this.#owners.get(owner);
    if (known !== undefined) return known;
    if (this.#owners.size >= mostRemembered) this.#owners.clear();
    const found = super.hasOwner(owner);
    this.#owners.set(owner, found);
    return found;
  }
}

function knownBy({ salt, ownerHash, ownerLength, apartmentHash }: Stone): KnownNames {
  return {
    ownerLength,
    isOwner: (name) => hashOf(salt, name).equals(ownerHash),
    isApartment: (id) => hashOf(salt, id).equals(apartmentHash),
  };
}

/**
 * All tombstones, open and finished. The schema `staging` has to be there.
 * @param apartments all that are configured; what bears the name of one is that one's.
 */
export async function readTombstones(on: Queryable, apartments: readonly Apartment[] = []): Promise<Tombstones> {
  const { rows } = await on.query<{
    id: number;
    salt: string;
    apartment: string;
    owner: string;
    length: number;
    registry_ids: RegistryIds;
  }>(
    `select tombstone_id as id, encode(salt, 'hex') as salt, encode(apartment_hash, 'hex') as apartment,
         encode(owner_hash, 'hex') as owner, owner_length as length, registry_ids
     from staging.tombstone`,
  );
  return new Tombstones(
    rows.map(({ id, salt, apartment, owner, length, registry_ids }) => ({
      id,
      salt: Buffer.from(salt, 'hex'),
      apartmentHash: Buffer.from(apartment, 'hex'),
      ownerHash: Buffer.from(owner, 'hex'),
      ownerLength: length,
      registryIds: registry_ids,
    })),
    apartments,
  );
}
