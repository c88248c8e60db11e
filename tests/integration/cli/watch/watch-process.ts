import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const repository = resolve(import.meta.dirname, '..', '..', '..', '..');

/** One line of the watcher's log. */
export interface LogLine {
  readonly time: string;
  readonly level: string;
  readonly event: string;
  readonly text: string;
  readonly [field: string]: unknown;
}

/** `datacycle watch` as a process of its own, with its log lines as they come. */
export class WatchProcess {
  readonly lines: LogLine[] = [];
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;
  stdout = '';
  stderr = '';

  constructor(root: string, env: Readonly<Record<string, string>>) {
    const clean = {
      PATH: process.env.PATH ?? '',
      HOME: process.env.HOME ?? '',
      SystemRoot: process.env.SystemRoot ?? '',
      TEMP: tmpdir(),
      WATCH_PORT: '0',
      INTERVAL_SECS: '1',
    };
    const program = join(repository, 'bin', 'datacycle.mjs');
    this.#child = spawn(process.execPath, [program, 'watch', '--log-format', 'json'], {
      cwd: root,
      env: { ...clean, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child.stdout?.on('data', (chunk: Buffer) => {
      this.stdout += chunk.toString();
      const whole = this.stdout.split('\n').slice(0, -1);
      for (const line of whole.slice(this.lines.length)) this.lines.push(JSON.parse(line) as LogLine);
    });
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.stderr += chunk.toString();
    });
    this.#ended = once(this.#child, 'close').then(([code]) => code as number | null);
  }

  /** All lines of one event so far. */
  events(event: string): LogLine[] {
    return this.lines.filter((line) => line.event === event);
  }

  /** Waits for a line of this event, the `count`th. */
  async until(event: string, count = 1): Promise<LogLine> {
    await eventually(
      () => this.events(event).length >= count || this.#child.exitCode !== null,
      `${event} in the log`,
      () => this.#all(),
    );
    const line = this.events(event)[count - 1];
    if (line === undefined) throw new Error(`the watcher ended without "${event}":\n${this.#all()}`);
    return line;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Its exit code. */
  ended(): Promise<number | null> {
    return this.#ended;
  }

  /** Stops it gracefully, if it still runs; returns its exit code. */
  async stop(): Promise<number | null> {
    this.signal('SIGTERM');
    return this.ended();
  }

  #all(): string {
    return `${this.stdout}\n${this.stderr}`;
  }
}

/** Polls until `holds`, generously: the machine may be busy. */
export async function eventually(
  holds: () => boolean | Promise<boolean>,
  what: string,
  context: () => string = () => '',
  limitMs = 90_000,
): Promise<void> {
  const limit = performance.now() + limitMs;
  while (!(await holds())) {
    if (performance.now() > limit) throw new Error(`this did not come about: ${what}\n${context()}`);
    await sleep(50);
  }
}
