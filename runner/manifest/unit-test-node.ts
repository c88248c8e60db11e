import type { Place } from '../text/place.ts';
import type { SqlText } from '../text/sql-text.ts';

/** The schema in which unit tests make what their models read; it is never left behind. */
export const unitTestSchema = 'datacycle_unit';

/** One run of the model of a unit test, or the only one. */
export interface UnitTestRun {
  /** The time of the run, ISO 8601. */
  readonly now: string;
  readonly fullRefresh: boolean;
  readonly given: readonly UnitTestInput[];
  readonly expect: Expected | undefined;
}

export interface UnitTestInput {
  /** The id of what the rows are of; that of the model itself for `this`. */
  readonly of: string;
  /** Whether they take the place of the rows of earlier runs, or are added. */
  readonly replaces: boolean;
  readonly rows: UnitTestRows;
  readonly place: Place;
}

export interface Expected {
  readonly rows: UnitTestRows;
  readonly place: Place;
}

/** Rows as they are written: by column, as a query, or those of a seed's own file. */
export type UnitTestRows =
  | { readonly kind: 'values'; readonly rows: readonly Readonly<Record<string, unknown>>[] }
  | { readonly kind: 'query'; readonly sql: SqlText }
  | { readonly kind: 'file' };

/** Whether a node is a data test or a unit test. */
export function isTest(node: { readonly kind: string } | undefined): boolean {
  return node?.kind === 'test' || node?.kind === 'unit_test';
}
