import type { Queryable } from '../../warehouse/warehouse.ts';
import type { Apartment } from '../landing/apartment.ts';
import { rememberIds } from '../tombstones/tombstone.ts';
import { readTombstones } from '../tombstones/tombstones.ts';
import { type RegistryRecord, RegistryRows } from './subject-rows.ts';
import type { RegistryTable } from './tables.ts';

/** The rows of erased apartments in one snapshot of the registry; tables in the order in which {@link RegistryRows} wants them. */
export class ErasedRows {
  readonly #stones: readonly { readonly id: number; readonly rows: RegistryRows }[];

  constructor(stones: readonly { readonly id: number; readonly rows: RegistryRows }[]) {
    this.#stones = stones;
  }

  /** Whether a row is that of an erased apartment. */
  has(table: RegistryTable, record: RegistryRecord): boolean {
    // Each has to see it: it may lead to others.
    return this.#stones.filter(({ rows }) => rows.has(table, record)).length > 0;
  }

  /** A row of somebody else, as JSON, with `[erased]` where it names one of them. */
  withoutName(json: string): string {
    return this.#stones.reduce((text, { rows }) => rows.withoutName(text), json);
  }

  /**
   * Puts what the snapshot calls their buildings, rooms and devices onto their tombstones. A later one may have a building
   * under another name, and this one, which says whose it is, is kept nowhere.
   */
  async remember(on: Queryable): Promise<void> {
    for (const { id, rows } of this.#stones) if (rows.hasLearnt) await rememberIds(on, { id }, rows.ids);
  }
}

/**
 * Tells the rows of erased apartments in one snapshot of the registry; undefined if nobody was erased.
 * @param apartments all that are configured.
 */
export async function erasedRows(
  on: Queryable,
  apartments: readonly Apartment[] | undefined,
): Promise<ErasedRows | undefined> {
  const stones = (await readTombstones(on, apartments)).each();
  if (stones.length === 0) return undefined;
  return new ErasedRows(
    stones.map(({ id, rule, registryIds }) => ({ id, rows: new RegistryRows(rule, [registryIds]) })),
  );
}
