// What commands print. Terminal writes text for people, or one JSON object on each line with `--log-format json`.
//
//   progress.ts  one live line of long work on a terminal, plain lines elsewhere
//   table.ts     rows as aligned columns
//   warnings.ts  which warnings are errors, and which are silent
//   journal.ts   the log files in LOG_DIR, rotated and compressed
//   visible.ts   spells control characters out
//   redact.ts    removes passwords and other secrets from log files and reports
//
// Results go to standard output, progress and errors to standard error.
import pc from 'picocolors';
import type { Line, Tone } from '../../runner/run/report.ts';
import type { DatacycleError } from '../../warehouse/errors.ts';
import type { Journal, Level } from './journal.ts';
import type { LogLevel } from './log-levels.ts';
import { visible } from './visible.ts';
import type { WarningName, WarningPolicy } from './warnings.ts';

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
  /** What becomes of warnings, where the command line or project.yml says it. */
  warnings: WarningPolicy | undefined;
  readonly #quiet: boolean;
  readonly #level: LogLevel;
  readonly #isWork: boolean;
  readonly #live: boolean;
  #liveText = '';

  /**
   * @param quiet print nothing but results and what went wrong; the log file gets all the same.
   * @param level print nothing below it.
   * @param isWork whether the command's product is in the database; otherwise it is what the command prints, at any level.
   */
  constructor(json: boolean, quiet = false, level: LogLevel = 'info', isWork = true) {
    this.json = json;
    this.#quiet = quiet;
    this.#level = level;
    this.#isWork = isWork;
    this.#live = process.stderr.isTTY === true && !json && !quiet && (level === 'debug' || level === 'info');
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
    if (!this.#isHeard(...lines.map(({ tone }) => tone))) return;
    for (const line of lines) process.stdout.write(`${colours[line.tone](visible(line.text))}\n`);
  }

  say(text: string, tone: Tone = 'plain'): void {
    if (!this.json) this.lines([{ tone, text }]);
  }

  event(event: object): void {
    if (!this.#isHeard(toneOf(event))) return;
    process.stdout.write(`${JSON.stringify(event)}\n`);
  }

  /** What happened, for the log alone: a `type` and whatever else there is to say. */
  record({ type, ...fields }: { readonly type: string }, level: Level = 'info'): void {
    this.journal?.write(level, type, fields);
  }

  errors(lines: readonly Line[]): void {
    this.#clearLive();
    if (this.#level === 'none') return;
    if (this.#level === 'error' && lines.every(({ tone }) => tone === 'warning' || tone === 'faint')) return;
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

  /**
   * A warning of a kind that may be an error or silent.
   * @throws whatever `asError` makes, where it is an error.
   */
  warn(name: WarningName, text: string, event: object, asError: () => DatacycleError): void {
    const what = this.warnings?.(name) ?? 'warn';
    if (what === 'error') throw asError();
    if (what === 'silence') return;
    if (this.json) this.event(event);
    else this.errors([{ tone: 'warning', text }]);
  }

  /** One line that replaces itself on a terminal; elsewhere nothing. */
  live(text: string): void {
    if (!this.#live) return;
    const room = (process.stderr.columns ?? 80) - 1;
    this.#liveText = visible(text).replace(/\s/g, ' ').slice(0, room);
    process.stderr.write(`\r\u001b[K${this.#liveText}`);
  }

  /** Whether reports of these tones are printed. */
  #isHeard(...tones: readonly Tone[]): boolean {
    if (!this.#isWork) return true;
    if (this.#level === 'none') return false;
    if (this.#quiet || this.#level === 'error') return tones.includes('bad');
    return this.#level !== 'warn' || tones.some((tone) => tone === 'bad' || tone === 'warning');
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

/** How bad it is what an event tells of. */
function toneOf(event: object): Tone {
  const { type, status } = event as { readonly type?: unknown; readonly status?: unknown };
  if (type === 'error' || status === 'error' || status === 'fail') return 'bad';
  return type === 'warning' || type === 'notice' || status === 'warn' ? 'warning' : 'plain';
}
