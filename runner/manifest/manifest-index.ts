import { relation } from '../../warehouse/quote.ts';
import { storedBehind } from './lineage.ts';
import { type BuiltNode, followedByMark, isBuilt, type ManifestIndex, type Node, rowSecurityOf } from './manifest.ts';
import type { TestNode } from './test-node.ts';

/** Finds once what would have to be looked for among all nodes for each node. */
export function indexNodes(nodes: ReadonlyMap<string, Node>): ManifestIndex {
  const atRelation = new Map<string, BuiltNode[]>();
  const audits = new Map<string, TestNode[]>();
  const guardedBy = new Map<string, BuiltNode[]>();
  const marks = new Set<string>();
  for (const node of nodes.values()) {
    if (node.kind === 'test' && node.audit !== undefined) add(audits, node.audit.of, node);
    if (node.kind === 'test') for (const id of node.incremental?.highWater ?? []) marks.add(id);
    if (!isBuilt(node)) continue;
    for (const id of followedByMark(node)) marks.add(id);
    add(atRelation, relation(node.relation), node);
    const security = rowSecurityOf(node);
    if (security !== undefined) add(guardedBy, security.name, node);
  }
  for (const of of audits.values()) of.sort((a, b) => (a.name < b.name ? -1 : 1));
  return { atRelation, audits, followed: new Set(storedBehind({ nodes }, [...marks])), guardedBy };
}

function add<T>(lists: Map<string, T[]>, key: string, value: T): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
