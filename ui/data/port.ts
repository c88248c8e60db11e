// What the pages show, as values: the types of every answer that the server gives and the browser reads.
//
//   port.ts      the questions that can be asked and the jobs that can be started: what the server needs from outside
//   graph.ts     the lineage graph and what is known of one node
//   state.ts     what runs have recorded: states, history, results, rows
//   overview.ts  whether all is well: sources, freshness, problems
//   job.ts       work that a button starts
//   explore.ts   what was measured, over time
//   log.ts       what the watcher and the commands wrote down
//
// Values only, and all of them JSON: nothing here asks a database or knows how an answer comes about.
import type { Explorable, Explored, PresenceMap } from './explore.ts';
import type { ColumnGraph, Graph, NodeDetail, Selected } from './graph.ts';
import type { Job, JobKind, JobStarted } from './job.ts';
import type { Log } from './log.ts';
import type { Overview, SourcesPage } from './overview.ts';
import type { NodeHistory, NodeStates, Rows, RunDetail, RunList } from './state.ts';

/** The questions by their names, with what is answered. `GET /api/<name>` asks one. */
export interface Answers {
  readonly about: About;
  readonly overview: Overview;
  readonly graph: Graph;
  readonly select: Selected;
  readonly columns: ColumnGraph;
  readonly states: NodeStates;
  readonly node: NodeDetail;
  readonly history: NodeHistory;
  readonly rows: Rows;
  readonly runs: RunList;
  readonly run: RunDetail;
  /** What was written down while a run was at work. */
  readonly runlog: Log;
  readonly sources: SourcesPage;
  readonly rejected: RejectedFile;
  readonly gaps: Gaps;
  readonly improbable: Improbable;
  readonly settings: readonly Setting[];
  readonly log: Log;
  readonly explorable: Explorable;
  readonly explore: Explored;
  readonly presence: PresenceMap;
}

/** What pages that are files have in them. */
export interface Embedded {
  readonly about: Answers['about'];
  readonly graph: Answers['graph'];
  readonly columns: Answers['columns'];
  readonly nodes: Readonly<Record<string, NodeDetail>>;
}

/** Which project and database the pages show. */
export interface About {
  readonly project: string;
  readonly target: string;
  /** Where the database is, without secrets. */
  readonly database: string;
  readonly isEmbedded: boolean;
  readonly version: string;
  /** The sources that loads can be started of. */
  readonly sources: readonly { readonly name: string; readonly isConfigured: boolean }[];
}

/** What a rejected file holds, as far as it can be shown. */
export interface RejectedFile {
  readonly source: string;
  readonly name: string;
  readonly reason: string;
  readonly bytes: number;
  /** The beginning of it as text, tokens taken out; null where there is no copy. */
  readonly text: string | null;
}

/** For each room and day how many of the expected minutes have a reading. */
export interface Gaps {
  /** ISO dates, ascending. */
  readonly days: readonly string[];
  readonly rows: readonly {
    readonly name: string;
    /** One for each day: minutes with a reading, null where nothing was expected. */
    readonly minutes: readonly (number | null)[];
  }[];
}

/** Readings that could be true and that the models find improbable, the newest first. */
export interface Improbable {
  /** Whether the project looks for them, and has been built since. */
  readonly isBuilt: boolean;
  readonly readings: readonly {
    /** The beginning of the quarter of an hour, in UTC: `2023-10-12 14:15`. */
    readonly quarter: string;
    readonly apartment: string;
    readonly room: string;
    readonly measure: string;
    readonly reason: string;
    readonly value: number | null;
    readonly expected: number | null;
    /** Distance from what was expected by what is allowed: 1 is the limit. */
    readonly score: number | null;
  }[];
}

/** A setting as a person may see it: of a secret only whether it is set. */
export interface Setting {
  readonly name: string;
  readonly value: string | null;
  readonly isSecret: boolean;
}

/** One question: its parameters, all of them texts, and what answers it. */
export interface Question<Answer> {
  readonly params: readonly string[];
  /** @throws DatacycleError for what cannot be answered. */
  readonly ask: (given: Readonly<Record<string, string>>) => Promise<Answer>;
}

export type Questions = { readonly [Name in keyof Answers]: Question<Answers[Name]> };

/** What runs jobs, one at a time. */
export interface Jobs {
  readonly kinds: readonly JobKind[];
  /**
   * Starts a job. @param given values of its parameters. @param by who asked, for the audit trail.
   * @throws DatacycleError for an unknown job or a wrong value; JobRunning where another one is at work.
   */
  start(name: string, given: Readonly<Record<string, string>>, by: string): JobStarted;
  /** Asks the running job to stop. @returns whether there is one with this id. */
  cancel(id: string, by: string): boolean;
  /** The newest jobs, the running one first. */
  list(): readonly Job[];
  /** Calls `hear` with each change until the returned function is called. */
  listen(hear: (change: JobChange) => void): () => void;
}

/** A job began, wrote lines, made progress or ended. `lines` are only the new ones. */
export interface JobChange {
  readonly job: Omit<Job, 'lines'>;
  readonly lines: Job['lines'];
}

/** The questions that a resident's link may ask; each is answered from the rows that the database shows to that login. */
export const residentsQuestions = ['about', 'explorable', 'explore', 'presence'] as const;

/** Somebody who lives in an apartment, and sees what the database shows to a login of it. */
export interface Resident {
  /** The login, or the role. */
  readonly name: string;
  readonly questions: Pick<Questions, (typeof residentsQuestions)[number]>;
}

/** All that the server knows of the rest of the program. */
export interface Port {
  readonly questions: Questions;
  /** Each gets a link of its own. */
  readonly residents: readonly Resident[];
  readonly jobs: Jobs;
  /** Takes secrets out of a text; every answer passes through it. */
  readonly redact: (text: string) => string;
}
