import type { Queryable, Warehouse } from '../../warehouse/warehouse.ts';
import { whileNotLoading } from '../housekeeping/alone.ts';
import { registry } from '../registry/stamp.ts';
import { noIds, type RegistryIds } from '../tombstones/registry-ids.ts';
import { ruleOf, type SubjectRule } from '../tombstones/rule.ts';
import { findTombstone, rememberIds, tombstoneOf } from '../tombstones/tombstone.ts';
import type { SubjectRequest } from './request.ts';
import { idsInBronze } from './snapshots.ts';
import { idsInStaging } from './staging-rows.ts';

/**
 * What the registry has ever called the subject's buildings, rooms and devices, as far as staging, Bronze or its tombstone
 * know it: also those that the newest snapshot no longer has, or has under another name. Waits for a load of the registry.
 * @throws LoadBusyError if one goes on for longer than half a minute; HousekeepingInterruptedError after `signal`.
 */
export async function registryIdsOf(warehouse: Warehouse, of: SubjectRequest): Promise<RegistryIds> {
  if (!(await hasTombstones(warehouse))) return noIds;
  return whileNotLoading(warehouse, registry, of.signal, () => registryIds(warehouse, of));
}

/**
 * Records the ids that {@link registryIdsOf} finds on the tombstone, which must exist. Call it before anything is deleted, since the
 * rows that contain the ids are deleted, too.
 */
export async function rememberRegistryIds(warehouse: Warehouse, of: SubjectRequest): Promise<RegistryIds> {
  const ids = await registryIdsOf(warehouse, of);
  await rememberIds(warehouse, await tombstoneOf(warehouse, of.subject), ids);
  return ids;
}

/** Whether the schema `staging` is there, and new enough for erasures. */
export async function hasTombstones(on: Queryable): Promise<boolean> {
  const { rows } = await on.query<{ there: boolean }>(`select to_regclass('staging.tombstone') is not null as there`);
  return rows[0]?.there === true;
}

/** As {@link registryIdsOf}, while no load of the registry runs. */
export async function registryIds(
  on: Queryable,
  { bronzeRoot, subject, apartments }: SubjectRequest,
): Promise<RegistryIds> {
  const known = (await findTombstone(on, subject))?.registryIds ?? noIds;
  return allIds(on, bronzeRoot, ruleOf(subject, apartments), known);
}

async function allIds(on: Queryable, bronzeRoot: string, rule: SubjectRule, before: RegistryIds): Promise<RegistryIds> {
  const once = await idsInBronze(bronzeRoot, rule, await idsInStaging(on, rule, before));
  if (countOf(once) === countOf(before)) return once;
  // A later snapshot may say whose a building of an earlier one was.
  return allIds(on, bronzeRoot, rule, once);
}

function countOf({ buildings, rooms, devices }: RegistryIds): number {
  return buildings.length + rooms.length + devices.length;
}
