/** What `datacycle status` tells, and what to do next. Times are ISO text. */
export interface Overview {
  readonly now: string;
  readonly sources: readonly SourceRow[];
  readonly freshness: readonly FreshnessTile[];
  readonly rejected: {
    readonly counts: readonly { readonly source: string; readonly reason: string; readonly files: number }[];
    readonly newest: readonly { readonly source: string; readonly name: string; readonly reason: string }[];
  };
  readonly tables: readonly TableRow[];
  readonly audits: readonly {
    readonly model: string;
    readonly test: string;
    readonly at: string;
    readonly badRows: number;
    readonly kept: number;
  }[];
  /** Data tests of severity warn that found something when they last ran. */
  readonly warnings: readonly { readonly node: string; readonly message: string }[];
  readonly disk: {
    readonly bronzeFolder: string;
    readonly bronze: readonly { readonly source: string; readonly files: number; readonly bytes: number }[];
    readonly freeBytes: number | null;
    readonly databaseBytes: number | null;
  };
  readonly runs: readonly {
    readonly startedAt: string;
    readonly command: string;
    readonly status: string;
    readonly seconds: number | null;
    readonly failed: number;
  }[];
  readonly watcher: string | null;
  readonly problems: readonly Problem[];
  /** What to do next, the most urgent first. */
  readonly advice: readonly Advice[];
}

export interface Problem {
  readonly kind: 'source' | 'freshness' | 'node' | 'export';
  readonly name: string;
  readonly problem: string;
  /** The page that shows it, as a part of an address: `node/model.x`. */
  readonly page: string;
}

/** What may be to be done; {name} is one of the advice's values. */
export type AdviceText =
  | 'No source is set. The demo writes a sample day, loads it and builds everything on the embedded database.'
  | 'No source is set: SMB_PATH, SFTP_HOST or MYSQL_URL in .env say where data come from.'
  | 'Loading {source} failed {count} times: try it again.'
  | 'Nothing has been loaded yet.'
  | 'Nothing has been built yet.'
  | '{count} bad rows hold {model} back ({test}): look at them, then build it again.'
  | '{count} models or tests did not do well last: see their errors, mend the cause, then do them again.'
  | '{name} is older than project.yml allows.'
  | 'No watcher is at work: `datacycle watch` loads and builds by itself.';

export interface Advice {
  readonly text: AdviceText;
  readonly values: Readonly<Record<string, string | number>>;
  /** The button that does it, with values of its parameters; null where a person has to. */
  readonly job: {
    readonly name: 'demo' | 'load' | 'build' | 'retry';
    readonly given: Readonly<Record<string, string>>;
  } | null;
}

export interface SourceRow {
  readonly source: string;
  readonly loads: number;
  readonly files: number;
  readonly rejected: number;
  readonly newest: string | null;
  readonly lastLoad: string | null;
  readonly lastSuccess: string | null;
  readonly failures: number;
  readonly message: string | null;
}

export interface FreshnessTile {
  readonly name: string;
  readonly level: 'ok' | 'warn' | 'error' | 'unused' | 'absent' | 'unreadable';
  readonly newest: string | null;
  readonly ageSeconds: number | null;
  readonly warnAfterSeconds: number | null;
  readonly errorAfterSeconds: number | null;
  readonly message: string | null;
}

export interface TableRow {
  readonly name: string;
  readonly rows: number | null;
  readonly estimated: boolean;
  readonly bytes: number | null;
  readonly builtAt: string | null;
}

/** The loads of the sources over time, and the files that were rejected. */
export interface SourcesPage {
  readonly sources: readonly SourceRow[];
  /** The newest first. */
  readonly loads: readonly {
    readonly id: string;
    readonly source: string;
    readonly startedAt: string;
    readonly finishedAt: string | null;
    readonly files: number;
    readonly records: number;
    readonly rejected: number;
  }[];
  readonly rejected: readonly {
    readonly id: string;
    readonly source: string;
    readonly name: string;
    readonly reason: string;
    readonly loadId: string;
  }[];
}
