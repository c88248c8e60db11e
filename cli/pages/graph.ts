import type { Compiled } from '../../runner/compile/compile.ts';
import type { Exposure } from '../../runner/manifest/exposure.ts';
import { hasRelation, isBuilt, type Node } from '../../runner/manifest/manifest.ts';
import type { Graph, GraphKind, GraphNode } from '../../ui/data/graph.ts';

/**
 * The graph of a project: all that has rows or reads them. Needs no database.
 * @param withTests its tests are nodes, too.
 */
export function graphOf(compiled: Compiled, withTests: boolean): Omit<Graph, 'problem'> {
  const nodes = nodesOf(compiled, withTests);
  const there = new Set(nodes.map(({ id }) => id));
  const edges = nodes.flatMap(({ id }) =>
    [...new Set(compiled.manifest.nodes.get(id)?.dependsOn ?? [])].flatMap((from) =>
      there.has(from) ? [{ from, to: id }] : [],
    ),
  );
  return { nodes, edges };
}

function nodesOf({ manifest, exposures }: Compiled, withTests: boolean): GraphNode[] {
  const views = new Set(exposures.map(({ id }: Exposure) => id));
  const tests = new Map<string, string[]>();
  for (const node of manifest.nodes.values())
    if (isTest(node)) for (const id of testedBy(node)) tests.set(id, [...(tests.get(id) ?? []), node.id]);
  return manifest.order.flatMap((id): GraphNode[] => {
    const node = manifest.nodes.get(id);
    if (node === undefined || node.kind === 'analysis' || (isTest(node) && !withTests)) return [];
    return [{ ...shown(node, views), tests: tests.get(id) ?? [] }];
  });
}

function shown(node: Node, views: ReadonlySet<string>): Omit<GraphNode, 'tests'> {
  return {
    id: node.id,
    name: node.name,
    kind: kindOf(node, views),
    layer: hasRelation(node) ? node.relation.schema : node.kind,
    materialized: node.materialized ?? null,
    description: node.description,
    tags: node.tags,
    subject: subjectOf(node),
  };
}

/** What a node is called on the pages. @param views ids of the views of schema bi. */
export function kindOf(node: Node, views: ReadonlySet<string>): GraphKind {
  switch (node.kind) {
    case 'model':
      return node.materialized === 'snapshot' ? 'snapshot' : views.has(node.id) ? 'view' : 'model';
    case 'analysis':
      return 'model';
    default:
      return node.kind;
  }
}

/** Whose the rows of a node are, in words; null where it is not said. */
export function subjectOf(node: Node): string | null {
  if (node.kind === 'source') return node.isPersonal ? 'personal' : null;
  if (!isBuilt(node) || node.subject === undefined) return null;
  return node.subject === 'nobody' ? 'nobody' : `by ${node.subject.column}`;
}

function isTest(node: Node): node is Extract<Node, { kind: 'test' | 'unit_test' }> {
  return node.kind === 'test' || node.kind === 'unit_test';
}

/** Ids of what a test tests. */
export function testedBy(node: Extract<Node, { kind: 'test' | 'unit_test' }>): readonly string[] {
  return node.kind === 'unit_test' ? [node.of] : [...new Set(node.dependsOn)];
}
