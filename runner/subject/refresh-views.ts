import { relation } from '../../warehouse/quote.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { readRelation } from '../database/catalog.ts';
import type { Manifest, ModelNode } from '../manifest/manifest.ts';

/** The materialized views of the project, each after those that it reads. */
export function materializedViews({ nodes, order }: Manifest): readonly ModelNode[] {
  return order.flatMap((id) => {
    const node = nodes.get(id);
    return node?.materialized === 'materialized_view' ? [node] : [];
  });
}

/**
 * Refreshes every existing materialized view of the project concurrently, so that rows deleted from its upstreams disappear from
 * it. The next run rebuilds its downstream models.
 */
export async function refreshMaterializedViews(warehouse: Warehouse, manifest: Manifest): Promise<void> {
  for (const { name, relation: at } of materializedViews(manifest))
    await warehouse.transaction(async (session) => {
      const existing = await readRelation(session, at);
      if (existing?.kind !== 'materialized view') return;
      const beside = existing.populated && existing.unique.length > 0 ? ' concurrently' : '';
      await session.query(`refresh materialized view${beside} ${relation(at)}`);
      await session.query('update datacycle.model set generation = generation + 1 where model = $1', [name]);
    });
}
