import { StatementError } from '../warehouse/errors.ts';
import { relation } from '../warehouse/quote.ts';
import type { Session } from '../warehouse/warehouse.ts';
import { readAccess } from './access.ts';
import { readRelation } from './catalog.ts';
import type { NodeState } from './decide.ts';
import { NodeError } from './errors.ts';
import { readExpired } from './expire.ts';
import { placeholders } from './helpers.ts';
import type { Manifest, ModelNode, SeedNode } from './manifest.ts';
import type { Place } from './place.ts';
import { readPruned, sourcesBehind } from './pruned.ts';
import { tablesBehind } from './retention.ts';
import { type Consumed, type ModelState, readConsumed } from './state.ts';

/** The state of a node that nothing is known of. */
export const nothingKnown: NodeState = {
  existing: undefined,
  remembered: undefined,
  consumed: new Map(),
  upstreams: new Map(),
  pruned: new Map(),
  expired: new Map(),
  access: undefined,
};

/**
 * What the database says about a node and its upstreams.
 * @param limit takes loads out of the newest ones that the node is not to consume yet.
 */
export async function readState(
  session: Session,
  context: { readonly manifest: Manifest },
  node: ModelNode | SeedNode,
  models: ReadonlyMap<string, ModelState>,
  limit: typeof holdBack = holdBack,
): Promise<NodeState> {
  const consumed = await readConsumed(session, node.name);
  const newest = await newestLoads(session, context.manifest, node);
  await limit(session, context.manifest, node, newest);
  const upstreams = new Map<string, Consumed>();
  for (const id of node.reads) {
    const upstream = context.manifest.nodes.get(id);
    if (upstream === undefined) continue;
    const before = consumed.get(upstream.name)?.loadId ?? null;
    const now = newest.get(id);
    // Staging may be pruned, so the newest load id that is left may be smaller than one consumed long ago.
    const loadId = now === undefined ? null : Math.max(now ?? 0, before ?? 0);
    upstreams.set(upstream.name, { version: versionFor(node, id, context.manifest, models), loadId });
  }
  return {
    existing: await readRelation(session, node.relation),
    remembered: models.get(node.name),
    consumed,
    upstreams,
    pruned: await readPruned(session, sourcesBehind(context.manifest, node.reads)),
    expired: await readExpired(session, tablesBehind(context.manifest, node.reads)),
    access:
      node.kind === 'model' && node.rowSecurity !== undefined
        ? await readAccess(session, node.relation, node.rowSecurity)
        : undefined,
  };
}

/**
 * A node that follows an upstream and also reads a sibling that follows the same one must not be ahead of the sibling:
 * what it made of a stale sibling would count as consumed and never be looked at again. So its mark goes no further than
 * the marks of all models behind it on the same upstream.
 */
async function holdBack(
  session: Session,
  manifest: Manifest,
  node: ModelNode | SeedNode,
  newest: Map<string, number | null>,
): Promise<void> {
  if (newest.size === 0) return;
  const behind = new Set<string>();
  const visit = (ids: readonly string[]) => {
    for (const id of ids) {
      const upstream = manifest.nodes.get(id);
      if (upstream?.kind !== 'model' || behind.has(upstream.name)) continue;
      behind.add(upstream.name);
      visit(upstream.reads);
    }
  };
  visit(node.reads);
  const followed = [...newest.keys()].map((id) => ({ id, name: manifest.nodes.get(id)?.name ?? '' }));
  const { rows } = await session.query<{ upstream: string; least: number }>(
    `select upstream, min(load_id)::bigint as least from datacycle.high_water
     where model = any($1::text[]) and upstream = any($2::text[]) and load_id is not null
     group by upstream`,
    [[...behind], followed.map(({ name }) => name)],
  );
  for (const { id, name } of followed) {
    const least = rows.find((row) => row.upstream === name)?.least;
    const now = newest.get(id);
    if (least !== undefined && typeof now === 'number' && least < now) newest.set(id, least);
  }
}

/**
 * The version of an upstream that a node has to be of. One that it follows batch by batch has none: which of its batches changed
 * is known, from when they are followed so.
 */
export function versionFor(
  node: ModelNode | SeedNode,
  id: string,
  manifest: Manifest,
  models: ReadonlyMap<string, ModelState>,
): string {
  if (node.kind === 'model' && node.batch?.follows.includes(id) === true) return 'by batch';
  return versionOf(id, manifest, models);
}

/** Identifies what an upstream's rows are apart from increments: its generation; for a view that of all it reads. */
function versionOf(id: string, manifest: Manifest, models: ReadonlyMap<string, ModelState>): string {
  const node = manifest.nodes.get(id);
  if (node?.kind === 'model' && node.materialized === 'view') {
    return [node.checksum, ...node.reads.map((upstream) => versionOf(upstream, manifest, models))].join('/');
  }
  if (node?.kind === 'model' || node?.kind === 'seed') return String(models.get(node.name)?.generation ?? 0);
  return 'source';
}

/** The largest load_id of every upstream that the node follows by high-water mark. */
export async function newestLoads(
  session: Session,
  manifest: Manifest,
  node: ModelNode | SeedNode,
): Promise<Map<string, number | null>> {
  const followed = node.kind === 'model' ? node.highWater : [];
  const newest = new Map<string, number | null>();
  for (const id of followed) {
    const upstream = manifest.nodes.get(id);
    if (upstream === undefined || upstream.kind === 'test') continue;
    const { rows } = await session
      .query<{ newest: number | null }>(
        `select max(load_id)::bigint as newest from ${relation(upstream.relation.schema, upstream.relation.name)}`,
      )
      .catch((error: unknown) => {
        if (!(error instanceof StatementError)) throw error;
        const hint =
          error.code === '42P01'
            ? upstream.kind === 'source'
              ? 'Run `datacycle load` first: it creates the staging tables.'
              : `Build it first: datacycle build --select +${node.name}`
            : 'high_water follows the column load_id of an upstream.';
        const what = `cannot read load_id of ${upstream.name}: ${error.message}`;
        throw new NodeError({ what, place: placeOfMark(node, id), hint, cause: error });
      });
    newest.set(id, rows[0]?.newest ?? null);
  }
  return newest;
}

/** Where a model names an upstream whose high-water mark it follows. */
function placeOfMark(node: ModelNode | SeedNode, id: string): Place | undefined {
  const sql = node.kind === 'model' ? node.incrementalSql : undefined;
  const mark = [...(sql?.text.matchAll(placeholders()) ?? [])].find(([, upstream]) => upstream === id);
  return mark && sql?.placeAt(mark.index);
}
