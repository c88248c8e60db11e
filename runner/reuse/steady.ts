import { relation } from '../../warehouse/quote.ts';
import type { Session } from '../../warehouse/warehouse.ts';
import { type QueryFacts, queryFacts } from '../database/query-facts.ts';
import { hasRelation, type Manifest } from '../manifest/manifest.ts';
import type { SqlText } from '../text/sql-text.ts';

/**
 * Whether a query yields the same rows for as long as its upstreams have the same, as PostgreSQL's parser says.
 * @param reads the ids of its upstreams.
 * @throws StatementError if it cannot be parsed.
 */
export async function isSteady(
  session: Session,
  manifest: Manifest,
  reads: readonly string[],
  sql: SqlText,
): Promise<boolean> {
  if (sql.holes.some(({ hole }) => hole.kind === 'run_started_at' || hole.kind === 'invocation_id')) return false;
  return readsOnly(await queryFacts(session, sql), manifest, reads);
}

/** Whether what was found of a query names no relation but those of its upstreams, and nothing that changes by itself. */
export function readsOnly(
  { relations, isVolatile }: QueryFacts,
  manifest: Manifest,
  reads: readonly string[],
): boolean {
  if (isVolatile) return false;
  const known = relationsOf(manifest, reads);
  return [...relations].every((one) => known.has(one));
}

/** The quoted names of the relations of nodes; of an ephemeral model, which has none, those that it reads. */
function relationsOf(manifest: Manifest, ids: readonly string[]): ReadonlySet<string> {
  return new Set(
    ids.flatMap((id) => {
      const node = manifest.nodes.get(id);
      if (!hasRelation(node)) return [];
      return node.materialized === 'ephemeral' ? [...relationsOf(manifest, node.reads)] : [relation(node.relation)];
    }),
  );
}
