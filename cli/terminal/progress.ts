import { thousands } from '../../runner/text/figures.ts';
import type { Terminal } from './terminal.ts';

/** How often a progress line is printed where it cannot replace itself. */
const plainEveryMs = 10_000;
const liveEveryMs = 100;

/** Files, rate and time left of long work: one live line on a terminal, a line now and then elsewhere. */
export class ProgressLine {
  readonly #terminal: Terminal;
  readonly #title: string;
  readonly #started = Date.now();
  #shown = Date.now();
  #drawn = 0;

  readonly #unit: string;

  /** @param unit what is counted. */
  constructor(terminal: Terminal, title: string, unit = 'files') {
    this.#terminal = terminal;
    this.#title = title;
    this.#unit = unit;
  }

  update(phase: string, files: number, total: number | undefined, bytes: number): void {
    const now = Date.now();
    if (now - this.#drawn < liveEveryMs) return;
    this.#drawn = now;
    const seconds = Math.max(0.001, (now - this.#started) / 1000);
    const rate = files / seconds;
    const of = total === undefined ? '' : ` of ${thousands(total)}`;
    const left = total === undefined || rate === 0 ? '' : `, ${duration((total - files) / rate)} left`;
    const size = bytes > 0 ? `, ${(bytes / 1_000_000).toFixed(1)} MB` : '';
    const text = `${this.#title}: ${phase} ${thousands(files)}${of} ${this.#unit}${size}, ${thousands(Math.round(rate))} a second${left}`;
    this.#terminal.live(text);
    if (now - this.#shown < plainEveryMs) return;
    this.#shown = now;
    if (this.#terminal.json)
      this.#terminal.event({ type: 'progress', task: this.#title, phase, files, total, bytes, rate });
    else if (process.stderr.isTTY !== true) this.#terminal.say(text, 'faint');
  }
}

function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  return whole < 60 ? `${whole}s` : `${Math.floor(whole / 60)}m ${String(whole % 60).padStart(2, '0')}s`;
}
