// Whom to leave out. An erased apartment has a tombstone: salted hashes of its names and the ids that the registry gave it.
//
//   tombstones.ts     begins and finishes an erasure, and reads the tombstones, which loaders ask before they land or record anything
//   names.ts          how names are compared
//   rule.ts           which names and buildings belong to a subject
//   registry-ids.ts   the ids of its buildings, rooms and devices
//
// No name is stored: a loader hashes the names that it meets and compares the hashes.
import { randomBytes } from 'node:crypto';
import type { Queryable, Warehouse } from '../../warehouse/warehouse.ts';
import type { Apartment } from '../landing/apartment.ts';
import { ensureStaging } from '../landing/staging.ts';
import type { RegistryIds } from './registry-ids.ts';
import { hashesOf, type NameHashes } from './rule.ts';

/** The record of an erasure, open or finished. */
export type Tombstone = NameHashes & {
  readonly id: number;
  /** What the registry called the subject's buildings, rooms and devices, as far as it was seen. */
  readonly registryIds: RegistryIds;
};

/** All tombstones. The schema `staging` has to be there. */
export async function readTombstones(on: Queryable): Promise<readonly Tombstone[]> {
  const { rows } = await on.query<Tombstone>(
    `select tombstone_id as id, encode(salt, 'hex') as salt, encode(apartment_hash, 'hex') as "apartmentHash",
         encode(owner_hash, 'hex') as "ownerHash", owner_length as "ownerLength", registry_ids as "registryIds"
     from staging.tombstone order by tombstone_id`,
  );
  return rows;
}

/** The tombstone of one subject; undefined if its erasure was never asked for. */
export async function tombstoneOf(on: Queryable, subject: Apartment): Promise<Tombstone | undefined> {
  return (await readTombstones(on)).find((stone) => {
    const { apartmentHash, ownerHash } = hashesOf(subject, stone.salt);
    return stone.apartmentHash === apartmentHash && stone.ownerHash === ownerHash;
  });
}

/**
 * Records that a subject is to be erased. From the commit on, no loader lands anything of it. A repeated call, also after the
 * erasure has finished, changes nothing. Creates the staging schema if necessary.
 */
export async function beginErasure(warehouse: Warehouse, subject: Apartment, clock: () => Date): Promise<void> {
  await ensureStaging(warehouse);
  await warehouse.transaction(async (session) => {
    // Two that begin at once are to find one tombstone.
    await session.query('lock table staging.tombstone in share row exclusive mode');
    if ((await tombstoneOf(session, subject)) !== undefined) return;
    const { salt, apartmentHash, ownerHash, ownerLength } = hashesOf(subject, randomBytes(16).toString('hex'));
    await session.query(
      `insert into staging.tombstone (salt, apartment_hash, owner_hash, owner_length, requested_at)
       values (decode($1, 'hex'), decode($2, 'hex'), decode($3, 'hex'), $4, $5)`,
      [salt, apartmentHash, ownerHash, ownerLength, clock().toISOString()],
    );
  });
}

/**
 * Records what the registry calls the subject's buildings, rooms and devices, before the rows go that tell whose they are: an erasure
 * that was killed, and later snapshots that lack a table, still know them.
 * @param ids with those that the tombstone has. No load of the registry runs beside an erasure, so none are lost.
 */
export async function recordIds(on: Queryable, { id }: Tombstone, ids: RegistryIds): Promise<void> {
  const values = [id, JSON.stringify(ids)];
  await on.query('update staging.tombstone set registry_ids = $2::text::jsonb where tombstone_id = $1', values);
}

/** Records that everything of the subject was erased. */
export async function finishErasure(on: Queryable, subject: Apartment, clock: () => Date): Promise<void> {
  const values = [(await tombstoneOf(on, subject))?.id, clock().toISOString()];
  await on.query('update staging.tombstone set completed_at = $2 where tombstone_id = $1', values);
}
