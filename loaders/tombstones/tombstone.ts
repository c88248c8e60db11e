import { randomBytes } from 'node:crypto';
import { DatacycleError } from '../../warehouse/errors.ts';
import type { Queryable, Warehouse } from '../../warehouse/warehouse.ts';
import type { Apartment } from '../landing/apartment.ts';
import { ensureStaging } from '../landing/staging.ts';
import { foldedId, squeezed } from './names.ts';
import type { RegistryIds } from './registry-ids.ts';
import { hashOf, readTombstones, type Tombstone } from './tombstones.ts';

/**
 * Records that a subject is to be erased. From the commit on, no loader lands anything of it. A repeated call, also after the
 * erasure has finished, returns the same tombstone. Creates the staging schema if necessary.
 */
export async function beginErasure(warehouse: Warehouse, subject: Apartment, clock: () => Date): Promise<Tombstone> {
  await ensureStaging(warehouse);
  return warehouse.transaction(async (session) => {
    // Two that begin at once are to find one tombstone.
    await session.query('lock table staging.tombstone in share row exclusive mode');
    if ((await readTombstones(session)).of(subject) === undefined) {
      const salt = randomBytes(16).toString('hex');
      const owner = squeezed(subject.owner);
      await session.query(
        `insert into staging.tombstone (salt, apartment_hash, owner_hash, owner_length, requested_at)
         values (decode($1, 'hex'), decode($2, 'hex'), decode($3, 'hex'), $4, $5)`,
        [salt, hashOf(salt, foldedId(subject.id)), hashOf(salt, owner.join('')), owner.length, clock().toISOString()],
      );
    }
    return tombstoneOf(session, subject);
  });
}

/** The subject's tombstone. @throws DatacycleError if its erasure was never asked for. */
export async function tombstoneOf(on: Queryable, subject: Apartment): Promise<Tombstone> {
  const found = (await readTombstones(on)).of(subject);
  if (found !== undefined) return found;
  throw new DatacycleError({
    what: 'the erasure of this apartment has not begun: loads would bring back what is deleted',
    hint: 'Begin with its tombstone.',
  });
}

/**
 * Adds ids of the registry to those that are known, before the rows go that tell whose they are: an erasure that was killed,
 * and later snapshots that lack a table, still know them.
 */
export async function recordIds(on: Queryable, { id }: Tombstone, ids: RegistryIds): Promise<void> {
  // Added in one statement, since a load and an erasure may do so at the same time.
  await on.query(
    `update staging.tombstone as t
     set registry_ids = (
         select jsonb_object_agg(
             n.kind,
             (
                 select coalesce(jsonb_agg(distinct i.id), '[]')
                 from jsonb_array_elements((t.registry_ids -> n.kind) || n.ids) as i (id)
             )
         )
         from jsonb_each($2::text::jsonb) as n (kind, ids)
     )
     where tombstone_id = $1`,
    [id, JSON.stringify(ids)],
  );
}

/**
 * Adds how much was erased somewhere to the tombstone's report, which so has all attempts of an erasure.
 * @param what must not name the subject.
 */
export async function addToReport(on: Queryable, { id }: Tombstone, what: string, count: number): Promise<void> {
  if (count === 0) return;
  await on.query(
    `update staging.tombstone
     set report = coalesce(report, '{}')
         || jsonb_build_object($2::text, coalesce((report ->> $2::text)::bigint, 0) + $3::bigint)
     where tombstone_id = $1`,
    [id, what, count],
  );
}

/** Records that everything of the subject was erased. */
export async function finishErasure(on: Queryable, { id }: Tombstone, clock: () => Date): Promise<void> {
  await on.query('update staging.tombstone set completed_at = $2 where tombstone_id = $1', [id, clock().toISOString()]);
}
