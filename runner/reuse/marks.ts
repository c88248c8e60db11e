import type { Queryable } from '../../warehouse/warehouse.ts';
import { newestLoad } from '../database/newest-load.ts';
import { isView, storedBehind } from '../manifest/lineage.ts';
import { hasRelation, isBuilt, type Manifest } from '../manifest/manifest.ts';
import type { TestNode } from '../manifest/test-node.ts';
import type { ModelState } from '../state/models.ts';
import type { Mark } from '../state/test-passes.ts';
import { UpstreamVersions } from './upstream-versions.ts';

/**
 * How far each upstream goes now that a test need not read whole again: all that it reads, for one with an incremental form, else
 * the parent of relationships.
 * @param models the state of the models and seeds that it reads, directly or through views, by name.
 */
export async function marksOf(
  on: Queryable,
  manifest: Manifest,
  models: ReadonlyMap<string, ModelState>,
  { incremental, dependsOn, parent }: TestNode,
): Promise<Readonly<Record<string, Mark>>> {
  const versions = new UpstreamVersions(manifest, models);
  const removals = (id: string) =>
    storedBehind(manifest, [id]).reduce((sum, name) => sum + (models.get(name)?.removals ?? 0), 0);
  const marks: Record<string, Mark> = {};
  for (const id of incremental === undefined ? keptBy(manifest, parent) : dependsOn) {
    const node = manifest.nodes.get(id);
    const isFollowed = incremental?.highWater.includes(id) === true && node !== undefined && hasRelation(node);
    const loadId = isFollowed ? await newestLoad(on, node.relation) : undefined;
    marks[id] = { version: versions.versionOf(id), loadId: loadId ?? 0, removals: removals(id) };
  }
  return marks;
}

/** The parent of a test, where a row of it keeps the column for as long as it is there. */
function keptBy({ nodes }: Manifest, parent: TestNode['parent']): readonly string[] {
  const node = nodes.get(parent?.id ?? '');
  if (parent === undefined || !isBuilt(node) || isView(node)) return [];
  const { unique_key: key = [], surrogate_key: surrogate } = node.config;
  return key.includes(parent.column) || surrogate === parent.column ? [parent.id] : [];
}

/** Whether an upstream has all rows now that it had when a test passed. */
export function hasLostNothing(then: Mark | undefined, now: Mark | undefined): boolean {
  return then?.removals !== undefined && then.removals === now?.removals;
}
