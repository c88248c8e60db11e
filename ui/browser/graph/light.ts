import type { ProjectLineage } from '../../../runner/lineage/lineage.ts';
import {
  type ColumnName,
  downstreamOf,
  modelsFilteredBy,
  type Step,
  upstreamOf,
} from '../../../runner/lineage/trace.ts';

/** What lights up; all the rest is dimmed. */
export interface Light {
  readonly nodes: ReadonlySet<string>;
  /** Edges as `from to`. */
  readonly edges: ReadonlySet<string>;
  /** For a node the columns that are part of the way. */
  readonly notes: ReadonlyMap<string, readonly string[]>;
}

export const edgeKey = (from: string, to: string): string => `${from} ${to}`;

/** The nodes that a selector names, and the edges among them. Pure. */
export function lightOf(ids: readonly string[], edges: readonly { from: string; to: string }[]): Light {
  const nodes = new Set(ids);
  return {
    nodes,
    edges: new Set(edges.flatMap(({ from, to }) => (nodes.has(from) && nodes.has(to) ? [edgeKey(from, to)] : []))),
    notes: new Map(),
  };
}

/** The way of a column, where it comes from and where it goes. */
export interface ColumnWay {
  readonly light: Light;
  readonly upstream: readonly Step[];
  readonly downstream: readonly Step[];
  /** Ids of the models whose rows the column has a part in choosing. */
  readonly filters: readonly string[];
}

/** Lights up the way of a column through all nodes, up and down. Pure. */
export function columnLight(lineage: ProjectLineage, start: ColumnName): ColumnWay {
  const upstream = upstreamOf(lineage, start);
  const downstream = downstreamOf(lineage, start);
  const notes = new Map<string, Set<string>>([[start.node, new Set([start.column])]]);
  const edges = new Set<string>();
  const note = ({ node, column }: ColumnName) => notes.set(node, (notes.get(node) ?? new Set()).add(column));
  for (const { from, to } of [...upstream, ...downstream]) {
    note(from);
    note(to);
    edges.add(edgeKey(from.node, to.node));
  }
  return {
    light: {
      nodes: new Set(notes.keys()),
      edges,
      notes: new Map([...notes].map(([id, columns]) => [id, [...columns]])),
    },
    upstream,
    downstream,
    filters: modelsFilteredBy(lineage, start),
  };
}
