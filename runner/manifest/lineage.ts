import { Graph } from './graph.ts';
import type { Manifest, ModelNode, Node, SeedNode } from './manifest.ts';

/** The names of the sources among `ids`, and of those that views among them show, materialized ones included. */
export function sourcesBehind(manifest: Manifest, ids: readonly string[]): string[] {
  const names = ids.flatMap((id) => {
    const node = manifest.nodes.get(id);
    if (node?.kind === 'source') return [node.name];
    return node?.kind === 'model' && isViewOf(node) ? sourcesBehind(manifest, node.reads) : [];
  });
  return [...new Set(names)];
}

/** The names of the tables among `ids`, and of those that views among them show, materialized ones included. */
export function tablesBehind(manifest: Manifest, ids: readonly string[]): string[] {
  const names = ids.flatMap((id) => {
    const node = manifest.nodes.get(id);
    if (node?.kind !== 'model') return [];
    return isViewOf(node) ? tablesBehind(manifest, node.reads) : [node.name];
  });
  return [...new Set(names)];
}

/** A view of any kind: a row that is gone from what it reads is gone from it, too, at the latest when it is refreshed. */
export function isViewOf({ materialized }: Pick<ModelNode, 'materialized'>): boolean {
  return materialized === 'view' || materialized === 'materialized_view';
}

/**
 * What has to be emptied after what: a table after those that are made of it or point at it, and after those whose rows are
 * found through it.
 */
export function subjectGraph(nodes: ReadonlyMap<string, Node>): Graph {
  return new Graph(
    new Map(
      [...nodes.values()].map((node) => {
        const subject = node.kind === 'model' || node.kind === 'seed' ? node.subject : undefined;
        const of = subject === undefined || subject === 'nobody' ? undefined : subject.of;
        return [node.id, of === undefined ? node.dependsOn : [...node.dependsOn, of]];
      }),
    ),
  );
}

/** The names of the models that a node is made of, directly or through others. */
export function modelsBehind(manifest: Manifest, node: ModelNode | SeedNode): readonly string[] {
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
  return [...behind];
}
