import type { ModelNode } from '../manifest/manifest.ts';

/** The columns that the runner adds to those of the SQL, and what it makes them of. */
export function addedColumns(node: ModelNode): { readonly name: string; readonly from: readonly string[] }[] {
  const key = node.config.unique_key ?? [];
  const surrogate = node.config.surrogate_key;
  const added = surrogate === undefined ? [] : [{ name: surrogate, from: key }];
  if (node.materialized !== 'snapshot') return added;
  const { columns, strategy, hardDeletes } = node.snapshot;
  const time = strategy.kind === 'timestamp' ? [strategy.updatedAt] : [];
  return [
    ...added,
    { name: columns.validFrom, from: time },
    { name: columns.validTo, from: time },
    { name: columns.updatedAt, from: time },
    { name: columns.id, from: [...key, ...time] },
    ...(hardDeletes === 'new_record' ? [{ name: columns.isDeleted, from: [] }] : []),
  ];
}
