import type { Queryable } from '../../warehouse/warehouse.ts';
import { RegistryRows } from './registry-rows.ts';
import { readTombstones } from './tombstones.ts';

/** Tells the rows of erased apartments in one snapshot of the registry; undefined if nobody was erased. */
export async function erasedRows(on: Queryable): Promise<RegistryRows | undefined> {
  const erased = await readTombstones(on);
  return erased.size === 0 ? undefined : new RegistryRows(erased, erased.registryIds);
}
