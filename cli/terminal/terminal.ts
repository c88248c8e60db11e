// What commands print. Terminal writes text for people, or one JSON object on each line with `--log-format json`.
//
//   progress.ts  one live line of long work on a terminal, plain lines elsewhere
//   table.ts     rows as aligned columns
//   journal.ts   the log files in LOG_DIR, rotated and compressed
//   visible.ts   spells control characters out
//   redact.ts    removes passwords and other secrets from log files and reports
//
// Results go to standard output, progress and errors to standard error.
import pc from 'picocolors';
import type { Line, Tone } from '../../runner/run/report.ts';
import type { DatacycleError } from '../../warehouse/errors.ts';
import type { Journal, Level } from './journal.ts';
import { visible } from './visible.ts';

const colours: Readonly<Record<Tone, (text: string) => string>> = {
  plain: (text) => text,
  good: pc.green,
  bad: pc.red,
  warning: pc.yellow,
  faint: pc.dim,
};

/** What a command says, for a person or, with `--log-format json`, one object a line for a machine. */
export class Terminal {
  readonly json: boolean;
  /** Where the command's log goes; undefined without LOG_DIR. */
  journal: Journal | undefined;
  readonly #quiet: boolean;
  readonly #live: boolean;
  #liveText = '';

  /** @param quiet print nothing but results and what went wrong; the log file gets all the same. */
  constructor(json: boolean, quiet = false) {
    this.json = json;
    this.#quiet = quiet;
    this.#live = process.stderr.isTTY === true && !json && !quiet;
  }

  /** Result rows and listings: standard output, nothing else goes there in JSON or CSV. To a file or pipe they go as they are. */
  output(text: string): void {
    this.#clearLive();
    const safe = process.stdout.isTTY === true ? visible(text) : text;
    process.stdout.write(safe.endsWith('\n') ? safe : `${safe}\n`);
  }

  /** Progress and reports of a command whose product is not its output. */
  lines(lines: readonly Line[]): void {
    this.#clearLive();
    if (this.#quiet && !lines.some(({ tone }) => tone === 'bad')) return;
    for (const line of lines) process.stdout.write(`${colours[line.tone](visible(line.text))}\n`);
  }

  say(text: string, tone: Tone = 'plain'): void {
    if (!this.json) this.lines([{ tone, text }]);
  }

  event(event: object): void {
    if (this.#quiet && isFine(event)) return;
    process.stdout.write(`${JSON.stringify(event)}\n`);
  }

  /** What happened, for the log alone: a `type` and whatever else there is to say. */
  record({ type, ...fields }: { readonly type: string }, level: Level = 'info'): void {
    this.journal?.write(level, type, fields);
  }

  errors(lines: readonly Line[]): void {
    this.#clearLive();
    for (const line of lines) process.stderr.write(`${colours[line.tone](visible(line.text))}\n`);
  }

  /** An error that does not end the command. */
  failure(error: DatacycleError, lines: readonly Line[]): void {
    const event = { type: 'error', what: error.message, where: error.where, detail: error.detail, hint: error.hint };
    this.record(event, 'error');
    if (this.json) this.event(event);
    else this.errors(lines);
  }

  /** What a person should know while the work goes on. */
  notice(text: string): void {
    const event = { type: 'notice', text };
    this.record(event, 'warning');
    if (this.json) this.event(event);
    else this.lines([{ tone: 'warning', text }]);
  }

  /**
   * A notice beside the results of a command: to standard error, since standard output may be a table or a list.
   * @param event what it is in JSON.
   */
  aside(text: string, event: object = { type: 'notice', text }): void {
    if (this.json) this.event(event);
    else if (!this.#quiet) this.errors([{ tone: 'warning', text }]);
  }

  /** One line that replaces itself on a terminal; elsewhere nothing. */
  live(text: string): void {
    if (!this.#live) return;
    const room = (process.stderr.columns ?? 80) - 1;
    this.#liveText = visible(text).replace(/\s/g, ' ').slice(0, room);
    process.stderr.write(`\r\u001b[K${this.#liveText}`);
  }

  #clearLive(): void {
    if (this.#liveText === '') return;
    this.#liveText = '';
    process.stderr.write('\r\u001b[K');
  }

  done(): void {
    this.#clearLive();
  }
}

/** Whether an event tells neither of an error nor of something that failed. */
function isFine(event: object): boolean {
  if ('type' in event && event.type === 'error') return false;
  return !('status' in event && (event.status === 'error' || event.status === 'fail'));
}
