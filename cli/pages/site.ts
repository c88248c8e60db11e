import { setTimeout as sleep } from 'node:timers/promises';
import { compiledProject } from '../../runner/cache/cache.ts';
import { keyOf } from '../../runner/cache/inputs.ts';
import type { Compiled } from '../../runner/compile/compile.ts';
import type { ProjectLineage } from '../../runner/lineage/lineage.ts';
import type { Project } from '../../runner/project/project.ts';
import { ProjectError } from '../../runner/text/errors.ts';
import { ConnectionError, DatacycleError } from '../../warehouse/errors.ts';
import { FolderInUse } from '../../warehouse/folder-lock.ts';
import type { Visited } from '../../warehouse/guest.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { lineageOf } from '../selection/column-lineage.ts';
import { type GlobalOptions, holdEmbedded, openOrVisit, openProject } from '../settings/environment.ts';

/** The files of the project are looked at again no sooner than that, in milliseconds. */
const lookAgainMs = 1500;

/** The pages are served without the embedded database if it is not open by then, in milliseconds. */
const lateMs = 5000;

interface Known {
  readonly key: string | undefined;
  readonly compiled: Compiled;
  columns?: Promise<ProjectLineage>;
}

/** The project as its files are now, and its database, for as long as the pages are served. */
export class Site {
  readonly project: Project;
  readonly signal: AbortSignal;
  readonly #options: GlobalOptions;
  #opened: ReturnType<typeof openOrVisit> | undefined;
  #known: Known | undefined;
  #looked = Number.NEGATIVE_INFINITY;
  #looking: Promise<void> | undefined;
  /** What is wrong with the project's files now; undefined: nothing. */
  problem: string | undefined;
  /** The embedded database was not open after a moment: it is large, or the process that holds it has not answered yet. */
  isLate = false;
  /** When it was opened another process held the embedded database, and did not answer. */
  inUse: FolderInUse | undefined;
  #release: () => void = () => undefined;

  private constructor(options: GlobalOptions, project: Project, signal: AbortSignal) {
    this.#options = options;
    this.project = project;
    this.signal = signal;
  }

  /** @throws UsageError | ProjectError for faults of the settings; DatacycleError if the embedded database cannot be opened. */
  static async open(options: GlobalOptions, signal: AbortSignal): Promise<Site> {
    const site = new Site(options, await openProject(options), signal);
    // A server may be away and come back; the embedded database is ours from now on, or is read through the process that holds it. If that
    // does not answer, it may later.
    if (!site.project.env.DB_URL) {
      const opened = site.warehouse().then(
        () => true,
        (error: unknown) => {
          if (!(error instanceof FolderInUse)) throw error;
          site.inUse = error;
          return true;
        },
      );
      // What goes wrong later is said on the pages.
      opened.catch(() => undefined);
      site.isLate = !(await Promise.race([opened, sleep(lateMs, false, { ref: false })]));
    }
    return site;
  }

  /** @throws ConnectionError while the server is away. */
  async warehouse(): Promise<Warehouse> {
    return (await this.#open()).warehouse;
  }

  /** The process that holds the embedded database at the moment, in words, and what it can be asked; undefined: we hold it, or a server does. */
  async heldBy(): Promise<Pick<Visited, 'holder' | 'errand'> | undefined> {
    try {
      return (await this.#open()).visited;
    } catch (error) {
      if (!(error instanceof FolderInUse)) throw error;
      // It opened no door, or a long statement keeps it from answering.
      return { holder: error.holder, errand: async () => undefined };
    }
  }

  #open(): ReturnType<typeof openOrVisit> {
    const again = () => {
      this.#opened = undefined;
    };
    this.#opened ??= openOrVisit(this.project, 'ui', 4, this.signal, again).then(
      (opened) => {
        const { warehouse, visited } = opened;
        if (warehouse.kind === 'pglite' && visited === undefined) this.#release = holdEmbedded(this.project, warehouse);
        return opened;
      },
      (error: unknown) => {
        again();
        throw error;
      },
    );
    return this.#opened;
  }

  /** The project, compiled; that of before while its files have faults, which `problem` then tells. @throws ProjectError if there is none. */
  async compiled(): Promise<Compiled> {
    return (await this.#now()).compiled;
  }

  /** Where each column comes from. @throws ProjectError for SQL that cannot be parsed. */
  async columns(): Promise<ProjectLineage> {
    const known = await this.#now();
    known.columns ??= lineageOf(known.compiled);
    return known.columns;
  }

  /** After a job, which may have changed files. */
  forget(): void {
    this.#looked = Number.NEGATIVE_INFINITY;
  }

  async close(): Promise<void> {
    const opened = await this.#opened?.catch(() => undefined);
    // Not before: it may have been opened only now.
    this.#release();
    await opened?.warehouse.close();
  }

  async #now(): Promise<Known> {
    if (performance.now() - this.#looked > lookAgainMs) {
      this.#looking ??= this.#look().finally(() => {
        this.#looking = undefined;
      });
      await this.#looking;
    }
    if (this.#known === undefined)
      throw new DatacycleError({ what: 'the project does not compile', detail: this.problem, hint: 'Mend its files.' });
    return this.#known;
  }

  async #look(): Promise<void> {
    try {
      const project = await openProject(this.#options);
      // The kind of program that compiles is the same for as long as it runs.
      const key = keyOf(project, 'ui')?.inputs;
      if (this.#known === undefined || key === undefined || key !== this.#known.key)
        this.#known = { key, compiled: await compiledProject(project) };
      this.problem = undefined;
    } catch (error) {
      if (!(error instanceof DatacycleError) || error instanceof ConnectionError) throw error;
      this.problem = [error.message, error.where, error instanceof ProjectError ? undefined : error.hint]
        .filter(Boolean)
        .join('\n');
    }
    this.#looked = performance.now();
  }
}
