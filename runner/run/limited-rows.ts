import { relation } from '../../warehouse/quote.ts';
import type { Queryable } from '../../warehouse/warehouse.ts';
import { readRelation } from '../database/catalog.ts';
import type { BuiltNode } from '../manifest/manifest.ts';
import type { RowLimit } from '../manifest/placeholders.ts';
import { NodeError } from '../text/errors.ts';

/**
 * Refuses to build a node from some of the rows of its upstreams where that would take rows away that others may read. Seeds have no
 * upstreams and are built as always; what is built from some rows is built again by the next run that reads all, since its SQL differs.
 * @param isOwn whether the target has a schema of its own, whose tables are nobody else's.
 * @throws NodeError
 */
export async function refuseToLoseRows(on: Queryable, node: BuiltNode, limit: RowLimit, isOwn: boolean): Promise<void> {
  if (node.kind === 'seed' || node.materialized === 'ephemeral') return;
  const flag = limit.kind === 'empty' ? '--empty' : '--sample';
  if (node.materialized === 'incremental' && node.config.full_refresh === false)
    throw new NodeError({
      what: `${node.name} cannot be built with ${flag}: full_refresh: false keeps the next run from building it of all rows`,
      where: node.file,
      hint: 'Leave it out by --exclude.',
    });
  if (isOwn && node.materialized !== 'snapshot') return;
  const existing = await readRelation(on, node.relation);
  if (existing === undefined || !existing.populated) return;
  const { rows } = await on.query(`select from ${relation(node.relation)} limit 1`);
  if (rows.length === 0) return;
  const { schema, name } = node.relation;
  throw new NodeError({
    what: `${schema}.${name} has rows, and ${flag} would take them away`,
    where: node.file,
    hint:
      node.materialized === 'snapshot'
        ? 'The history of a snapshot is nowhere else. Leave it out by --exclude.'
        : 'Use a target with a schema of its own, in which it may, or `datacycle check`, which runs all SQL on empty tables in memory.',
  });
}
