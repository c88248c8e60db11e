// What is read over HTTP, found in the manifest. Pure.
//
//   kinds.ts      what the values of a column are, by its declared type
//   resource.ts   one address: its relation, its columns, their key and order
//   resources.ts  the models that a .yml exposes by `api`, and the views of schema bi that show them
//
// A resource has what a request is checked by, so that no request asks the database what there is.
import type { RelationName } from '../../warehouse/quote.ts';
import type { Kind } from './kinds.ts';

export interface Column {
  readonly name: string;
  readonly description: string;
  readonly kind: Kind;
  /** PostgreSQL's type as it spells it, e.g. `numeric(20,10)`. */
  readonly type: string;
  /** PostgreSQL's type to which a value is cast before it is compared; undefined: there is no filter for it. */
  readonly cast: string | undefined;
}

/** What one address shows. */
export interface Resource {
  /** `/silver/readings` */
  readonly path: string;
  /** The name of the model, or of its view. */
  readonly name: string;
  /** The id of the model. */
  readonly model: string;
  /** Whether it is the view of schema bi that shows the model. */
  readonly isView: boolean;
  readonly description: string;
  readonly relation: RelationName;
  /** All columns that may be filtered, also those that are not shown. */
  readonly columns: ReadonlyMap<string, Column>;
  readonly shown: readonly string[];
  /** The columns that identify a row and whose order rows have; none is NULL. */
  readonly orderBy: readonly string[];
  readonly time: string | undefined;
  readonly required: readonly string[];
  readonly only: Readonly<Record<string, string>>;
  /**
   * Names of the models and seeds whose recorded versions change whenever its rows may have; undefined where something else is
   * behind it, too.
   */
  readonly behind: readonly string[] | undefined;
}
