import { Graph } from '../manifest/graph.ts';
import { isBuilt, type Node } from '../manifest/manifest.ts';
import { isTest } from '../manifest/unit-test-node.ts';

/** In a build, what is made of a model waits for the model's tests: bad rows do not travel on. */
export function withTestEdges(graph: Graph, nodes: ReadonlyMap<string, Node>, kept: ReadonlySet<string>): Graph {
  const restricted = graph.restrictedTo(kept);
  const tests = [...kept].flatMap((id) => {
    const node = nodes.get(id);
    return node?.kind === 'test' && node.severity === 'error' ? [node] : [];
  });
  const reads = new Graph(new Map([...nodes].map(([id, node]) => [id, withoutForeignKeys(node)])));
  const dependsOn = new Map([...kept].map((id) => [id, [...restricted.upstreams(id)]]));
  // A unit test needs nothing of its model but the SQL: the model waits for it.
  for (const id of kept) {
    const node = nodes.get(id);
    if (node?.kind !== 'unit_test') continue;
    dependsOn.set(id, []);
    dependsOn.get(node.of)?.push(id);
  }
  const isWork = (id: string) => kept.has(id) && !isTest(nodes.get(id));
  for (const { id: test, dependsOn: subjects } of tests) {
    // What is made of one that waits for the test waits with it, so the nearest are enough.
    // A foreign key only orders, and so does a hook; what a test says of its target is no reason to hold the rows back.
    const [first, ...others] = subjects;
    if (first === undefined) continue;
    const nearest =
      others.length === 0 ? nearestDownstream(first, reads, isWork) : downstreamOfAll(subjects, reads, isWork);
    for (const id of nearest) dependsOn.get(id)?.push(test);
  }
  return new Graph(dependsOn);
}

/** The dependencies of a node that are upstreams of its rows. */
function withoutForeignKeys(node: Node): readonly string[] {
  if (!isBuilt(node)) return node.dependsOn;
  const targets = new Set([
    ...node.constraints.flatMap((one) => (one.type === 'foreign_key' ? [one.toId] : [])),
    ...(node.hooksRead ?? []),
  ]);
  return node.dependsOn.filter((id) => !targets.has(id) || node.reads.includes(id));
}

/** On every way down from `id` the first that is work. */
function nearestDownstream(id: string, reads: Graph, isWork: (id: string) => boolean): Set<string> {
  const found = new Set<string>();
  const seen = new Set([id]);
  const ways = [id];
  for (let at = ways.pop(); at !== undefined; at = ways.pop())
    for (const next of reads.downstreams(at)) {
      if (seen.has(next)) continue;
      seen.add(next);
      if (isWork(next)) found.add(next);
      else ways.push(next);
    }
  return found;
}

/** The nodes of the run that are downstream of all the tested models. */
function downstreamOfAll(subjects: readonly string[], reads: Graph, isWork: (id: string) => boolean): string[] {
  const [first = new Set<string>(), ...others] = subjects.map((id) => reads.descendants(id));
  return [...first].filter((id) => isWork(id) && others.every((one) => one.has(id)));
}
