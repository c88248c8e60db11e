import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { createStream, type RotatingFileStream } from 'rotating-file-stream';
import type { Project } from '../../runner/project/project.ts';
import { createFoldersSync } from '../../warehouse/make-folders.ts';
import { fromRoot } from '../settings/environment.ts';
import { textSetting } from '../settings/settings.ts';
import type { LogLevel } from './log-levels.ts';
import { type Redact, redactDeep, redactor } from './redact.ts';

export type Level = 'info' | 'warning' | 'error';

const ranks: Readonly<Record<Level | LogLevel, number>> = { debug: 0, info: 1, warn: 2, warning: 2, error: 3, none: 4 };

/** After a failure to write the log file is left alone for so long, in milliseconds. */
const reopenAfterMs = 60_000;

export interface JournalOptions {
  readonly redact: Redact;
  /** Nothing below it is written. */
  readonly level?: LogLevel | undefined;
  readonly clock: () => Date;
  /** Told once, until writing works again, that the log cannot be written. */
  readonly onTrouble: (message: string) => void;
  /** The size at which a new file begins; default 10 MB. */
  readonly size?: string;
}

/**
 * A log file of JSON lines: `time` (ISO, UTC), `level`, `event` and whatever else there is to say, without secrets. A
 * file of 10 MB becomes `<name>.1.gz`, and 14 of those are kept. Never throws and never waits for the disk: work must not
 * stop because its log is full.
 */
export class Journal {
  readonly #folder: string;
  readonly #name: string;
  readonly #options: JournalOptions;
  #stream: RotatingFileStream | undefined;
  #brokenAt: number | undefined;
  #reported = false;

  constructor(folder: string, name: string, options: JournalOptions) {
    this.#folder = folder;
    this.#name = name;
    this.#options = options;
  }

  write(level: Level, event: string, fields: object = {}): void {
    if (ranks[level] < ranks[this.#options.level ?? 'info']) return;
    const stream = this.#open();
    if (stream === undefined) return;
    const time = this.#options.clock().toISOString();
    const clean = redactDeep(fields, this.#options.redact) as object;
    stream.write(`${JSON.stringify({ time, level, event, ...clean })}\n`, (error) => {
      if (!error) this.#reported = false;
    });
  }

  /** Resolves when everything is written, or cannot be. */
  async close(): Promise<void> {
    const stream = this.#stream;
    this.#stream = undefined;
    if (stream === undefined || stream.destroyed) return;
    await new Promise<void>((resolve) => {
      stream.once('close', resolve);
      stream.once('error', () => resolve());
      stream.end(resolve);
    });
  }

  #open(): RotatingFileStream | undefined {
    if (this.#stream !== undefined) return this.#stream;
    // Not the project's clock, which may jump: only the time that passes counts here.
    if (this.#brokenAt !== undefined && performance.now() - this.#brokenAt < reopenAfterMs) return undefined;
    try {
      createFoldersSync(this.#folder);
      const torn = endsTorn(join(this.#folder, this.#name));
      const { size = '10M' } = this.#options;
      const stream = createStream(this.#name, { path: this.#folder, size, rotate: 14, compress: 'gzip', mode: 0o600 });
      stream.on('error', (error: Error) => this.#fail(error));
      stream.on('warning', (error: Error) => this.#tell(error));
      if (torn) stream.write('\n');
      this.#stream = stream;
      this.#brokenAt = undefined;
      return stream;
    } catch (error) {
      this.#fail(error);
      return undefined;
    }
  }

  #fail(error: unknown): void {
    this.#stream = undefined;
    this.#brokenAt = performance.now();
    this.#tell(error);
  }

  #tell(error: unknown): void {
    if (this.#reported) return;
    this.#reported = true;
    const reason = error instanceof Error ? error.message : String(error);
    this.#options.onTrouble(
      this.#options.redact(
        `The log in ${this.#folder} (LOG_DIR) cannot be written: ${reason}. The work goes on without.`,
      ),
    );
  }
}

/** Whether a file ends within a line, as a full disk or a power cut leaves it. */
function endsTorn(path: string): boolean {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    // It does not exist yet; any other error shows when the file is written.
    return false;
  }
  try {
    const { size } = fstatSync(file);
    const last = Buffer.alloc(1);
    return size > 0 && readSync(file, last, 0, 1, size - 1) === 1 && last.toString('latin1') !== '\n';
  } finally {
    closeSync(file);
  }
}

/** The journal of a command in LOG_DIR, or undefined if that is not set. */
export function openJournal(
  project: Project,
  name: 'datacycle-watch.log' | 'datacycle.log',
  options: Pick<JournalOptions, 'clock' | 'onTrouble' | 'level'>,
): Journal | undefined {
  const folder = textSetting(project, 'LOG_DIR');
  if (folder === undefined || options.level === 'none') return undefined;
  return new Journal(fromRoot(project.root, folder), name, { ...options, redact: projectRedactor(project) });
}

/** Removes the secrets of a project's settings from a text. */
export function projectRedactor(project: Project): Redact {
  return redactor(project.env, project.settings.secrets ?? []);
}
