import type { Queryable } from '../../warehouse/warehouse.ts';

/** What of a source may go because all that is made of it has taken it in. Whoever knows the models says so. */
export type Safety =
  | { readonly kind: 'held'; readonly reason: string }
  | {
      readonly kind: 'up to';
      /** Rows and files with a load_id up to here may go. */
      readonly loadId: number;
      /** Why newer ones stay. */
      readonly reason: string;
    };

/** Looks it up in the transaction that is about to delete. */
export type AskSafety = (on: Queryable) => Promise<Safety>;
