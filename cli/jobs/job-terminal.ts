import type { Line } from '../../runner/run/report.ts';
import type { JobLine } from '../../ui/data/job.ts';
import { Terminal } from '../terminal/terminal.ts';

export interface Told {
  readonly lines: (lines: readonly JobLine[]) => void;
  readonly progress: (text: string) => void;
}

/** What a command says, for the pages: nothing of it goes to the process's own output. */
export class JobTerminal extends Terminal {
  readonly #told: Told;

  constructor(told: Told) {
    super(false);
    this.#told = told;
  }

  override output(text: string): void {
    this.lines(
      text
        .replace(/\n$/, '')
        .split('\n')
        .map((line) => ({ tone: 'plain', text: line })),
    );
  }

  override lines(lines: readonly Line[]): void {
    if (lines.length > 0) this.#told.lines(lines.map(({ tone, text }) => ({ tone, text })));
  }

  override event(event: object): void {
    this.output(JSON.stringify(event));
  }

  override errors(lines: readonly Line[]): void {
    this.lines(lines);
  }

  /** That its end could not be written down. */
  failed(error: unknown): void {
    const why = error instanceof Error ? error.message : String(error);
    this.lines([{ tone: 'warning', text: `Its end is missing in the audit trail: ${why}` }]);
  }

  override live(text: string): void {
    this.#told.progress(text.trim());
  }

  override done(): void {
    this.#told.progress('');
  }
}
