/**
 * A placeholder in compiled SQL for a value that is known only during a run. There it is SQL that can be run by hand; a run puts its
 * own text in ({@link SqlText.fill}).
 */
export type Hole =
  /** The largest load_id of an upstream, by its id, that the model has consumed. */
  | { readonly kind: 'high_water'; readonly id: string }
  /** The time at which the run began. */
  | { readonly kind: 'run_started_at' }
  /** The id of the run. */
  | { readonly kind: 'invocation_id' }
  /** Where the batch begins or ends that is built. */
  | { readonly kind: 'batch_bound'; readonly which: 'start' | 'end' }
  /** The condition for the rows of an upstream that lie in the batch; `name` is that of its relation. */
  | { readonly kind: 'batch_filter'; readonly id: string; readonly name: string; readonly column: string }
  /** The condition by which a model reads only some rows of an upstream; `name` is that of its relation. It stays as it is. */
  | { readonly kind: 'row_limit'; readonly name: string };
