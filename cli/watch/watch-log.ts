import type { Tone } from '../../runner/run/report.ts';
import type { Journal, Level } from '../terminal/journal.ts';
import { type Redact, redactDeep } from '../terminal/redact.ts';
import type { Terminal } from '../terminal/terminal.ts';

const tones: Readonly<Record<Level, Tone>> = { info: 'plain', warning: 'warning', error: 'bad' };

/** What the watcher has to say: a line for people or a JSON object on standard output, and a JSON line in LOG_DIR. */
export class WatchLog {
  readonly #terminal: Terminal;
  readonly #journal: Journal | undefined;
  readonly #redact: Redact;
  readonly #clock: () => Date;

  constructor(terminal: Terminal, journal: Journal | undefined, redact: Redact, clock: () => Date) {
    this.#terminal = terminal;
    this.#journal = journal;
    this.#redact = redact;
    this.#clock = clock;
  }

  /** @param event a few words that do not change; @param text the same as a sentence, for people. */
  write(level: Level, event: string, text: string, fields: object = {}): void {
    const now = this.#clock();
    const said = this.#redact(text).replace(/\s*\n\s*/g, ' | ');
    const clean = redactDeep(fields, this.#redact) as object;
    if (this.#terminal.json) this.#terminal.event({ time: now.toISOString(), level, event, text: said, ...clean });
    else this.#terminal.lines([{ tone: tones[level], text: `${localTime(now)}  ${said}` }]);
    this.#journal?.write(level, event, { text: said, ...clean });
  }
}

function localTime(time: Date): string {
  const two = (number: number) => String(number).padStart(2, '0');
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return `${day} ${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
}
