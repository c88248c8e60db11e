import type { Queryable } from '../../warehouse/warehouse.ts';
import type { Apartment } from '../sensors/name.ts';
import { RegistryRows } from './registry-rows.ts';
import { readTombstones } from './tombstones.ts';

/**
 * Tells the rows of erased apartments in one snapshot of the registry; undefined if nobody was erased.
 * @param apartments all that are configured.
 */
export async function erasedRows(
  on: Queryable,
  apartments: readonly Apartment[] | undefined,
): Promise<RegistryRows | undefined> {
  const erased = await readTombstones(on, apartments);
  return erased.size === 0 ? undefined : new RegistryRows(erased, erased.registryIds);
}
