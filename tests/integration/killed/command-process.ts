import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';

const program = resolve(import.meta.dirname, '..', '..', '..', 'bin', 'datacycle.mjs');
// Read once: a command in this process has an environment of its own.
const { PATH = '', HOME = '', SystemRoot = '' } = process.env;

/** `datacycle ...` as a process that can be killed at any moment. */
export class CommandProcess {
  readonly ended: Promise<unknown>;
  readonly #child: ChildProcess;
  output = '';

  constructor(args: readonly string[], root: string, env: Readonly<Record<string, string>>) {
    const all = { PATH, HOME, SystemRoot, TEMP: tmpdir(), ...env };
    this.#child = spawn(process.execPath, [program, ...args], { cwd: root, env: all });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.on('data', (chunk: Buffer) => {
        this.output += chunk.toString();
      });
    this.ended = once(this.#child, 'close');
  }

  get code(): number | null {
    return this.#child.exitCode;
  }

  /** @returns whether it was still running. */
  async kill(): Promise<boolean> {
    const isRunning = this.#child.exitCode === null;
    this.#child.kill('SIGKILL');
    await this.ended;
    return isRunning && this.#child.exitCode === null;
  }

  /** As Ctrl+C does. */
  interrupt(): void {
    this.#child.kill('SIGINT');
  }

  /** Asks it to end, and waits until it has. */
  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    await this.ended;
  }
}
