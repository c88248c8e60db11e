import { Terminal } from '../../../cli/terminal/terminal.ts';
import type { Line } from '../../../runner/run/report.ts';

/** Keeps what a command says instead of printing it. */
export class QuietTerminal extends Terminal {
  readonly said: string[] = [];

  constructor() {
    super(false);
  }

  override lines(lines: readonly Line[]): void {
    this.said.push(...lines.map(({ text }) => text));
  }

  override output(text: string): void {
    this.said.push(text);
  }
}
