/** How a model is read over HTTP: the setting `api` of its .yml, checked. Plain data. */
export interface ApiSettings {
  /** Its address, e.g. `/silver/readings`. */
  readonly path: string;
  /** Columns that identify a row, none of them NULL. */
  readonly key: readonly string[];
  /** The columns that rows are ordered by; those of the key are among them, and none is NULL. */
  readonly orderBy: readonly string[];
  /** What is shown, in this order. */
  readonly columns: readonly string[];
  /** The column that `from` (included) and `to` (not included) limit. */
  readonly time: string | undefined;
  /** Columns that a request has to filter by, unless it says `from` and `to`. */
  readonly required: readonly string[];
  /** Columns by the parameter that is true unless a request says otherwise: only rows in which they are true. */
  readonly only: Readonly<Record<string, string>>;
}
