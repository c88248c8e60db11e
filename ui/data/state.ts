/** The last result of a node that runs recorded. */
export interface NodeState {
  readonly status: string;
  /** ISO text. */
  readonly at: string;
  readonly seconds: number;
  readonly message: string;
}

/** By the ids of nodes; what no run has worked on is absent. */
export interface NodeStates {
  readonly states: Readonly<Record<string, NodeState>>;
  /** The age of the newest build, by the ids of models and seeds, in seconds. */
  readonly ages: Readonly<Record<string, number>>;
  readonly freshness: Readonly<Record<string, string>>;
}

export interface NodeHistory {
  /** The oldest first. */
  readonly results: readonly {
    readonly runId: string;
    readonly at: string;
    readonly seconds: number;
    readonly status: string;
    readonly inserted: number | null;
    readonly updated: number | null;
    readonly deleted: number | null;
    readonly message: string;
  }[];
  readonly bytes: number | null;
  readonly rows: number | null;
  readonly estimated: boolean;
}

/** Rows of a relation, or the bad rows of a test, each value as PostgreSQL writes it. */
export interface Rows {
  readonly columns: readonly string[];
  readonly cells: readonly (readonly (string | null)[])[];
  /** Whether there are more. */
  readonly more: boolean;
}

export interface RunSummary {
  readonly id: string;
  readonly command: string;
  readonly target: string;
  readonly startedAt: string;
  readonly finishedAt: string | null;
  readonly status: string;
  readonly counts: Readonly<Record<string, number>>;
}

export interface RunList {
  readonly runs: readonly RunSummary[];
}

/** One bar of a run's chart. */
export interface RunBar {
  readonly node: string;
  /** The id of the node; null where the project has it no more. */
  readonly id: string | null;
  readonly kind: string;
  readonly status: string;
  /** Seconds after the begin of the run. */
  readonly start: number;
  readonly seconds: number;
  /** The row of the chart: what runs at the same time has different ones. */
  readonly lane: number;
  readonly message: string;
  readonly inserted: number | null;
  readonly updated: number | null;
  readonly deleted: number | null;
  /** Of an error that names a place: the lines around it, where the file still has them. */
  readonly excerpt: Excerpt | null;
}

export interface Excerpt {
  readonly file: string;
  /** The line at fault, counted from 1. */
  readonly line: number;
  readonly lines: readonly { readonly number: number; readonly text: string }[];
}

export interface RunDetail {
  readonly run: RunSummary;
  readonly bars: readonly RunBar[];
  readonly lanes: number;
}
