import { Graph } from './graph.ts';
import { type BuiltNode, isBuilt, type Manifest, type ModelNode, type Node } from './manifest.ts';

/** The names of the sources among `ids`, and of those that views among them show, materialized ones included. */
export function sourcesBehind(manifest: Manifest, ids: readonly string[]): string[] {
  return shownBy(manifest, ids).flatMap((node) => (node.kind === 'source' ? [node.name] : []));
}

/** The names of the tables among `ids`, and of those that views among them show, materialized ones included. */
export function tablesBehind(manifest: Manifest, ids: readonly string[]): string[] {
  return shownBy(manifest, ids).flatMap((node) => (node.kind === 'model' ? [node.name] : []));
}

/** The names of the models and seeds among `ids` that have rows of their own, and of those behind the views among them. */
export function storedBehind({ nodes }: Pick<Manifest, 'nodes'>, ids: readonly string[]): string[] {
  return behind(nodes, ids, isView).flatMap((node) => (isBuilt(node) ? [node.name] : []));
}

/** The names of the models and seeds among `ids`, and of those behind the views among them, the views included. */
export function recordedBehind({ nodes }: Pick<Manifest, 'nodes'>, ids: readonly string[]): string[] {
  return behind(nodes, ids, isView, true).flatMap((node) => (isBuilt(node) ? [node.name] : []));
}

/** The nodes among `ids` that are no views, and those that views among them show, each once. */
function shownBy({ nodes }: Manifest, ids: readonly string[]): Node[] {
  return behind(nodes, ids, (node) => node.kind === 'model' && isViewOf(node));
}

export function isView({ materialized }: Node): boolean {
  return materialized === 'view';
}

/**
 * The nodes among `ids`, and behind those of them that are looked through, each once however many paths lead to it: their number
 * doubles with every layer of views that reads the one below it twice.
 * @param withThose whether those that are looked through are among what is found.
 */
export function behind(
  nodes: ReadonlyMap<string, Node>,
  ids: readonly string[],
  isLookedThrough: (node: Node) => boolean,
  withThose = false,
): Node[] {
  const found: Node[] = [];
  const seen = new Set<string>();
  const visit = (id: string) => {
    const node = nodes.get(id);
    if (node === undefined || seen.has(id)) return;
    seen.add(id);
    const isThrough = isBuilt(node) && isLookedThrough(node);
    if (isThrough) node.reads.forEach(visit);
    if (!isThrough || withThose) found.push(node);
  };
  ids.forEach(visit);
  return found;
}

/** A view or materialized view: a row that was deleted from its upstreams disappears from it, at the latest when it is refreshed. */
export function isViewOf({ materialized }: Pick<ModelNode, 'materialized'>): boolean {
  return materialized === 'view' || materialized === 'materialized_view';
}

/**
 * The order in which tables are emptied: a table after its downstream tables, those that reference it, and those whose rows are
 * found through it.
 */
export function subjectGraph(nodes: ReadonlyMap<string, Node>): Graph {
  return new Graph(
    new Map(
      [...nodes.values()].map((node) => {
        const subject = isBuilt(node) ? node.subject : undefined;
        const of = subject === undefined || subject === 'nobody' ? undefined : subject.of;
        return [node.id, of === undefined ? node.dependsOn : [...node.dependsOn, of]];
      }),
    ),
  );
}

/** The names of the models upstream of a node, direct and indirect. */
export function modelsBehind(manifest: Manifest, node: BuiltNode): readonly string[] {
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
