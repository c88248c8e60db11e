import { setTimeout as sleep } from 'node:timers/promises';
import type { Project } from '../../runner/project/project.ts';
import { UsageError } from '../../runner/text/errors.ts';
import { isMapping } from '../../runner/yaml/mapping.ts';
import type { DoErrand } from '../../warehouse/guest-lines.ts';
import type { GlobalOptions } from '../settings/environment.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { asTyped, commandOf, globalArgs, type JobAsked, jobKinds } from './job-kinds.ts';
import { JobTerminal, type Told } from './job-terminal.ts';

/** Runs a command line in this process. @returns its exit code; it never throws. */
export type RunCommand = (args: readonly string[], terminal: Terminal, signal: AbortSignal) => Promise<number>;

/** What the holder says of a job that it does for another process. */
export type ErrandNews = { readonly [Kind in keyof Told]?: Parameters<Told[Kind]>[0] } & {
  /** It has waited long enough, and is at work. */
  readonly isBegun?: true;
};

interface Waiting {
  /** The command as a person types it. */
  readonly command: string;
  readonly work: (stop: AbortSignal) => Promise<number>;
}

export interface ErrandsOptions {
  readonly project: Project;
  readonly run: RunCommand;
  /** Given to each command as they were given to the command that holds the database. */
  readonly flags: GlobalOptions;
}

/**
 * Buttons that were pressed on the pages of another process, while this one holds the embedded database: they wait here until this one
 * has time, one after the other. What is asked is a button and its values, so that no text of anybody becomes a flag.
 */
export class Errands {
  readonly #options: ErrandsOptions;
  readonly #waiting: Waiting[] = [];
  #asked = new AbortController();

  constructor(options: ErrandsOptions) {
    this.#options = options;
  }

  /** Waits so many milliseconds, but no longer than until a job is asked for, or `signal`. @returns whether one waits. */
  async pause(milliseconds: number, signal: AbortSignal): Promise<boolean> {
    if (this.#waiting.length === 0) {
      this.#asked = new AbortController();
      const until = AbortSignal.any([signal, this.#asked.signal]);
      await sleep(Math.max(0, milliseconds), undefined, { signal: until }).catch(() => undefined);
    }
    return this.#waiting.length > 0;
  }

  /** Does the job that waits longest, if there is one. Never throws. @returns its command and exit code. */
  async doNext(
    stop: AbortSignal,
    onStart: (command: string) => void,
  ): Promise<{ readonly command: string; readonly code: number } | undefined> {
    const next = this.#waiting.shift();
    if (next === undefined) return undefined;
    onStart(next.command);
    return { command: next.command, code: await next.work(stop) };
  }

  /** What another process asks for. @throws UsageError for what is no job, and for a wrong value of one. */
  readonly take: DoErrand = async (errand, say, left) => {
    const { name, given } = asked(errand);
    const { project, run, flags } = this.#options;
    const command = commandOf(jobKinds(project, true), name, given);
    const tell = (news: ErrandNews) => say(news);
    const terminal = new JobTerminal({ lines: (lines) => tell({ lines }), progress: (progress) => tell({ progress }) });
    return new Promise<number>((done) => {
      const waiting: Waiting = {
        command: asTyped(command),
        work: async (stop) => {
          left.removeEventListener('abort', leave);
          tell({ isBegun: true });
          const code = await run([...globalArgs(flags), ...command], terminal, AbortSignal.any([stop, left]));
          done(code);
          return code;
        },
      };
      const leave = () => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        done(1);
      };
      left.addEventListener('abort', leave, { once: true });
      this.#waiting.push(waiting);
      tell({ progress: 'waits until nothing else is at work there' });
      this.#asked.abort();
    });
  };
}

function asked(errand: unknown): JobAsked {
  const { name, given } = isMapping(errand) ? errand : {};
  const isNamed = typeof name === 'string' && isMapping(given);
  if (!isNamed || Object.values(given).some((value) => typeof value !== 'string'))
    throw new UsageError({ what: 'a job has a name, and texts for its parameters' });
  return { name, given: given as Readonly<Record<string, string>> };
}
