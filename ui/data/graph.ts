import type { ProjectLineage } from '../../runner/lineage/lineage.ts';

/** `view` is a view of schema bi; a `test` is in the graph only if it is asked for. */
export type GraphKind = 'source' | 'seed' | 'model' | 'snapshot' | 'view' | 'exposure' | 'test' | 'unit_test';

/** A node as the graph shows it. */
export interface GraphNode {
  readonly id: string;
  readonly name: string;
  readonly kind: GraphKind;
  /** The schema in the database, or the folder; colours and search go by it. */
  readonly layer: string;
  readonly materialized: string | null;
  readonly description: string;
  readonly tags: readonly string[];
  readonly subject: string | null;
  /** Ids of the tests that read it. */
  readonly tests: readonly string[];
}

export interface GraphEdge {
  readonly from: string;
  readonly to: string;
}

/** The graph of a project; the browser lays it out. */
export interface Graph {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
  /** What is wrong with the project's files now; the graph is then that of before. Null: nothing. */
  readonly problem: string | null;
}

/** What a selector names. */
export interface Selected {
  readonly ids: readonly string[];
  readonly warnings: readonly string[];
}

/** Where each column comes from, by the ids of the nodes; `trace.ts` of the runner finds a way in it. */
export interface ColumnGraph {
  readonly lineage: ProjectLineage;
}

export interface ColumnDetail {
  readonly name: string;
  readonly description: string;
  readonly type: string | null;
  /** `primary key`, `not null`, `unique`, `references dim_room (room_key)`. */
  readonly constraints: readonly string[];
}

export interface TestDetail {
  readonly id: string;
  readonly name: string;
  readonly kind: 'test' | 'unit_test';
  /** Of a generic test which it is, and the column it is about. */
  readonly generic: string | null;
  readonly column: string | null;
  readonly severity: 'error' | 'warn';
  readonly isAudit: boolean;
  /** `file:line`. */
  readonly place: string;
}

/** All that the project's files say of a node. */
export interface NodeDetail {
  readonly id: string;
  readonly name: string;
  readonly kind: GraphKind;
  readonly materialized: string | null;
  readonly description: string;
  readonly file: string;
  readonly describedIn: string | null;
  /** `schema.name` in the database; null where it has none. */
  readonly relation: string | null;
  readonly tags: readonly string[];
  readonly group: string | null;
  readonly subject: string | null;
  readonly settings: Readonly<Record<string, string>>;
  readonly columns: readonly ColumnDetail[];
  readonly tests: readonly TestDetail[];
  readonly upstreams: readonly NodeLink[];
  readonly downstreams: readonly NodeLink[];
  /** SQL as it is written, and as compiled in its full and, where it has one, its incremental form. */
  readonly sql: { readonly written: string | null; readonly full: string | null; readonly incremental: string | null };
}

export interface NodeLink {
  readonly id: string;
  readonly name: string;
  readonly kind: GraphKind;
}
