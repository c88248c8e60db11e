/** How many rows a build wrote. */
export interface Totals {
  readonly inserted: number;
  readonly updated: number;
  readonly deleted: number;
  /** Rows that are no longer wanted but still referenced by foreign keys. */
  readonly retained: number;
}

export const noRows: Totals = { inserted: 0, updated: 0, deleted: 0, retained: 0 };

export function added(one: Totals, other: Partial<Totals>): Totals {
  return {
    inserted: one.inserted + (other.inserted ?? 0),
    updated: one.updated + (other.updated ?? 0),
    deleted: one.deleted + (other.deleted ?? 0),
    retained: one.retained + (other.retained ?? 0),
  };
}

/** Rows that are other than before, whichever way. */
export function changedRows({ inserted, updated, deleted }: Totals): number {
  return inserted + updated + deleted;
}
