import { createHash } from 'node:crypto';
import type { Queryable } from '../../warehouse/warehouse.ts';
import type { Apartment } from '../landing/apartment.ts';
import { foldedId, partsOf, squeezed, wordsOf } from './names.ts';
import type { RegistryIds } from './registry-ids.ts';
import { outranks, ownersIn, type SubjectRule } from './rule.ts';

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
export class Tombstones implements SubjectRule {
  readonly #stones: readonly Stone[];
  readonly #apartments: readonly Apartment[];
  /** The squeezed owners of all configured apartments. */
  readonly #configured: readonly string[];
  readonly #owners = new Map<string, boolean>();

  /** @param apartments all that are configured. */
  constructor(stones: readonly Stone[], apartments: readonly Apartment[] = []) {
    this.#stones = stones;
    this.#apartments = apartments;
    this.#configured = apartments.map(({ owner }) => squeezed(owner).join(''));
  }

  /** How many there are; mostly none. */
  get size(): number {
    return this.#stones.length;
  }

  /** Each by itself: its tombstone, the rule for it alone, and what the registry called its buildings, rooms and devices. */
  each(): readonly { readonly id: number; readonly rule: SubjectRule; readonly registryIds: RegistryIds }[] {
    return this.#stones.map((stone) => ({
      id: stone.id,
      rule: new Tombstones([stone], this.#apartments),
      registryIds: stone.registryIds,
    }));
  }

  hasOwner(owner: string): boolean {
    if (this.#stones.length === 0) return false;
    const known = this.#owners.get(owner);
    if (known !== undefined) return known;
    if (this.#owners.size >= mostRemembered) this.#owners.clear();
    const name = squeezed(owner).join('');
    const found = this.#stones.some(({ salt, ownerHash }) => hashOf(salt, name).equals(ownerHash));
    this.#owners.set(owner, found);
    return found;
  }

  hasApartment(id: string): boolean {
    return this.#stones.some(({ salt, apartmentHash }) => hashOf(salt, foldedId(id)).equals(apartmentHash));
  }

  ownsBuilding(houseName: string): boolean {
    return this.#stones.some((stone) => {
      const owner = nameAmong(stone, partsOf(houseName, stone.ownerLength));
      if (owner === undefined) return false;
      return !ownersIn(houseName, this.#configured).some((other) => other !== owner && outranks(other, owner));
    });
  }

  isOthersBuilding(houseName: string): boolean {
    return ownersIn(houseName, this.#configured).length > 0 && !this.ownsBuilding(houseName);
  }

  isNamedIn(text: string): boolean {
    return this.#stones.some((stone) => nameAmong(stone, wordsOf(text, stone.ownerLength)) !== undefined);
  }
}

/** The one of these that is the erased owner's name, squeezed; undefined if none is. */
function nameAmong({ salt, ownerHash }: Stone, parts: Iterable<string>): string | undefined {
  for (const part of parts) if (hashOf(salt, part).equals(ownerHash)) return part;
  return undefined;
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
