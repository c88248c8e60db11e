import { randomBytes } from 'node:crypto';
import { DatacycleError } from '../../warehouse/errors.ts';
import type { Queryable, Warehouse } from '../../warehouse/warehouse.ts';
import { ensureStaging } from '../landing/staging.ts';
import { foldedId, squeezed } from './names.ts';
import type { RegistryIds } from './registry-ids.ts';
import type { Subject } from './rule.ts';
import { hashOf } from './tombstones.ts';

/** The record of an erasure that was asked for. */
export interface Tombstone {
  readonly id: number;
  /** Whether everything of the subject was erased once. */
  readonly completed: boolean;
  /** What the registry called the subject's buildings, rooms and devices, as far as it was seen. */
  readonly registryIds: RegistryIds;
}

interface Row {
  readonly id: number;
  readonly salt: string;
  readonly apartment: string;
  readonly owner: string;
  readonly completed: boolean;
  readonly registry_ids: RegistryIds;
}

/**
 * Records that a subject is to be erased. From the commit on, no loader lands anything of it. A repeated call, also after the
 * erasure has finished, returns the same tombstone. Creates the staging schema if necessary.
 * @returns the tombstone; it holds salted hashes, no name.
 */
export async function beginErasure(warehouse: Warehouse, subject: Subject, clock: () => Date): Promise<Tombstone> {
  await ensureStaging(warehouse);
  return warehouse.transaction(async (session) => {
    // Two that begin at once are to find one tombstone.
    await session.query('lock table staging.tombstone in share row exclusive mode');
    const found = await findTombstone(session, subject);
    if (found !== undefined) return found;
    const salt = randomBytes(16);
    const owner = squeezed(subject.owner);
    const { rows } = await session.query<{ id: number; registry_ids: RegistryIds }>(
      `insert into staging.tombstone (salt, apartment_hash, owner_hash, owner_length, requested_at)
       values (decode($1, 'hex'), decode($2, 'hex'), decode($3, 'hex'), $4, $5)
       returning tombstone_id as id, registry_ids`,
      [
        salt.toString('hex'),
        hashOf(salt, foldedId(subject.id)).toString('hex'),
        hashOf(salt, owner.join('')).toString('hex'),
        owner.length,
        clock().toISOString(),
      ],
    );
    const [row] = rows;
    if (row === undefined) throw new Error('the tombstone that was written is not there');
    return { id: row.id, completed: false, registryIds: row.registry_ids };
  });
}

/** The subject's tombstone; undefined if its erasure was never asked for. */
export async function findTombstone(on: Queryable, subject: Subject): Promise<Tombstone | undefined> {
  const { rows } = await on.query<{ [Key in keyof Row]: Row[Key] }>(
    `select tombstone_id as id, encode(salt, 'hex') as salt, encode(apartment_hash, 'hex') as apartment,
         encode(owner_hash, 'hex') as owner, completed_at is not null as completed, registry_ids
     from staging.tombstone order by tombstone_id`,
  );
  const row = rows.find(({ salt, apartment, owner }) => {
    const hash = (text: string) => hashOf(Buffer.from(salt, 'hex'), text).toString('hex');
    return hash(foldedId(subject.id)) === apartment && hash(squeezed(subject.owner).join('')) === owner;
  });
  if (row === undefined) return undefined;
  return { id: row.id, completed: row.completed, registryIds: row.registry_ids };
}

/** As {@link findTombstone}. @throws DatacycleError if there is none. */
export async function tombstoneOf(on: Queryable, subject: Subject): Promise<Tombstone> {
  const found = await findTombstone(on, subject);
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
export async function rememberIds(on: Queryable, { id }: Pick<Tombstone, 'id'>, ids: RegistryIds): Promise<void> {
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
 * Adds to the tombstone's report, for the operator's records, how much was erased somewhere; also when the erasure is stopped
 * later and repeated, all its attempts are in the report.
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
