// What a button of the pages does: a command line of this program, run in this process.
//
//   1. job-kinds.ts     which jobs there are, and the command line that each stands for
//   2. job-runner.ts    runs one at a time, tells of its progress, stops it
//   3. job-terminal.ts  a terminal whose lines go to the pages
//   4. audit-trail.ts   writes down who started and stopped what
//   5. errands.ts       does what the pages of another process ask for, where this one holds the embedded database
//
// In this process also on a server, so that a job can be stopped on every system as Ctrl+C stops it: between two transactions.
import { randomUUID } from 'node:crypto';
import type { Project } from '../../runner/project/project.ts';
import { UsageError } from '../../runner/text/errors.ts';
import type { Job, JobKind, JobLine, JobStarted } from '../../ui/data/job.ts';
import type { JobChange, Jobs } from '../../ui/data/port.ts';
import type { GlobalOptions } from '../settings/environment.ts';
import { writeTrail } from './audit-trail.ts';
import { asTyped, commandOf, globalArgs, type JobAsked, jobKinds } from './job-kinds.ts';
import { JobTerminal } from './job-terminal.ts';

/** A button with the values of its parameters, and the command line that it stands for. */
export interface PressedJob extends JobAsked {
  readonly args: readonly string[];
}

export interface JobOptions {
  readonly project: Project;
  /** Does the work, wherever that has to be done. @returns the exit code; it never throws. */
  readonly run: (job: PressedJob, terminal: JobTerminal, signal: AbortSignal) => Promise<number>;
  /** Given to each command as they were given to `ui`. */
  readonly flags: GlobalOptions;
  readonly clock: () => Date;
  readonly isEmbedded: boolean;
  /** Called when a job has ended. */
  readonly onEnd: () => void;
}

/** The newest so many jobs are kept, with so many lines each. */
const kept = 20;
const mostLines = 2000;

interface Running {
  readonly id: string;
  readonly stop: AbortController;
  readonly done: Promise<void>;
}

export class JobRunner implements Jobs {
  readonly kinds: readonly JobKind[];
  readonly #options: JobOptions;
  #jobs: Job[] = [];
  #running: Running | undefined;
  readonly #hearing = new Set<(change: JobChange) => void>();

  constructor(options: JobOptions) {
    this.#options = options;
    this.kinds = jobKinds(options.project, options.isEmbedded);
  }

  /** @throws UsageError for an unknown job or a wrong value, and while another one is at work. */
  start(name: string, given: Readonly<Record<string, string>>, by: string): JobStarted {
    const command = commandOf(this.kinds, name, given);
    if (this.#running !== undefined)
      throw new UsageError({ what: 'another job is at work', hint: 'Wait for its end, or stop it.' });
    const { clock, project, run, flags } = this.#options;
    const id = randomUUID();
    const startedAt = clock().toISOString();
    const shown = asTyped(command);
    writeTrail(project, { time: startedAt, event: 'started', by, job: id, command: shown });
    this.#jobs.unshift({
      id,
      name,
      command: shown,
      by,
      startedAt,
      finishedAt: null,
      state: 'running',
      progress: '',
      lines: [],
    });
    this.#jobs = this.#jobs.slice(0, kept);
    const stop = new AbortController();
    const terminal = new JobTerminal({
      lines: (lines) => this.#change(id, {}, lines),
      progress: (progress) => this.#change(id, { progress }, []),
    });
    this.#change(id, {}, []);
    const args = [...globalArgs(flags), ...command];
    const done = run({ name, given, args }, terminal, stop.signal).then((code) => {
      const state = stop.signal.aborted ? 'cancelled' : code === 0 ? 'done' : 'failed';
      const finishedAt = clock().toISOString();
      this.#running = undefined;
      try {
        writeTrail(project, { time: finishedAt, event: state, by, job: id, command: shown });
      } catch (error) {
        // What it did is done, and in the record of runs.
        terminal.failed(error);
      }
      this.#options.onEnd();
      this.#change(id, { state, finishedAt, progress: '' }, []);
    });
    this.#running = { id, stop, done };
    return { id };
  }

  cancel(id: string, by: string): boolean {
    if (this.#running?.id !== id) return false;
    const { project, clock } = this.#options;
    writeTrail(project, { time: clock().toISOString(), event: 'asked to stop', by, job: id, command: '' });
    this.#running.stop.abort();
    return true;
  }

  list(): readonly Job[] {
    return this.#jobs;
  }

  listen(hear: (change: JobChange) => void): () => void {
    this.#hearing.add(hear);
    return () => this.#hearing.delete(hear);
  }

  /** Stops what is at work, and waits until it has stopped. */
  async stop(): Promise<void> {
    this.#running?.stop.abort();
    await this.#running?.done;
  }

  #change(id: string, changed: Partial<Job>, lines: readonly JobLine[]): void {
    const at = this.#jobs.findIndex((job) => job.id === id);
    const before = this.#jobs[at];
    if (before === undefined) return;
    const after = { ...before, ...changed, lines: [...before.lines, ...lines].slice(-mostLines) };
    this.#jobs[at] = after;
    const { lines: _all, ...job } = after;
    for (const hear of this.#hearing) hear({ job, lines });
  }
}
