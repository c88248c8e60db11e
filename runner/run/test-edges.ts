import { Graph } from '../manifest/graph.ts';
import { isBuilt, type Node } from '../manifest/manifest.ts';

/** In a build, what is made of a model waits for the model's tests: bad rows do not travel on. */
export function withTestEdges(graph: Graph, nodes: ReadonlyMap<string, Node>, kept: ReadonlySet<string>): Graph {
  const restricted = graph.restrictedTo(kept);
  const tests = [...kept].flatMap((id) => {
    const node = nodes.get(id);
    return node?.kind === 'test' && node.severity === 'error' ? [node] : [];
  });
  const reads = new Graph(new Map([...nodes].map(([id, node]) => [id, withoutForeignKeys(node)])));
  const dependsOn = new Map<string, string[]>();
  for (const id of kept) {
    const own = [...restricted.upstreams(id)];
    const node = nodes.get(id);
    if (node !== undefined && node.kind !== 'test' && tests.length > 0) {
      const ancestors = reads.ancestors(id);
      // A foreign key only orders, and so does a hook; what a test says of its target is no reason to hold the rows back.
      for (const test of tests)
        if (test.dependsOn.length > 0 && test.dependsOn.every((subject) => ancestors.has(subject))) own.push(test.id);
    }
    dependsOn.set(id, own);
  }
  return new Graph(dependsOn);
}

/** What a node depends on because its rows are made of it. */
function withoutForeignKeys(node: Node): readonly string[] {
  if (!isBuilt(node)) return node.dependsOn;
  const targets = new Set([
    ...node.constraints.flatMap((one) => (one.type === 'foreign_key' ? [one.toId] : [])),
    ...(node.hooksRead ?? []),
  ]);
  return node.dependsOn.filter((id) => !targets.has(id) || node.reads.includes(id));
}
