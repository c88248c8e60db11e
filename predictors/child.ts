import { type ChildProcess, spawn } from 'node:child_process';
import { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { setTimeout as delay } from 'node:timers/promises';

/** A program that reads lines and writes lines. */
export interface Child {
  readonly command: readonly [program: string, ...args: string[]];
  /** Its working directory. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  /** What it reads; its input ends after them. */
  readonly lines: Iterable<string>;
  readonly timeoutMs: number;
  /** Lines and characters that it may write; more ends it. */
  readonly mostLines: number;
  readonly mostCharacters: number;
  readonly signal: AbortSignal;
  /** Called with each line that it writes; a last one that no line break ends is one only if it ends by itself. */
  readonly onLine: (line: string) => void;
  /** Called with each line that it writes to its standard error. */
  readonly onError: (line: string) => void;
}

/** How it ended: by itself without a failure, or not, and why. */
export type Ending = { readonly kind: 'done' } | { readonly kind: 'failed'; readonly reason: string };

/** After it was asked to end, the time until it is killed; milliseconds. */
const graceMs = 1000;
/** Characters of one line of the standard error, and lines of it, that are passed on. */
const longestError = 500;
const mostErrors = 100;

/**
 * Runs a program without a shell, feeds it and hands on its lines. One that hangs, floods or is no longer wanted is ended with all processes that it
 * has started. Never rejects, and leaves no process behind.
 */
export async function runChild(child: Child): Promise<Ending> {
  const { command, folder, env, timeoutMs, signal } = child;
  if (signal.aborted) return failed('it was no longer wanted');
  const [program, ...args] = command;
  // A process group of its own, by which its children end with it; Windows knows trees of processes.
  const started = spawn(program, args, {
    cwd: folder,
    env,
    detached: process.platform !== 'win32',
    windowsHide: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const { stdin, stdout, stderr } = started;
  let stop: (reason: string) => void = () => undefined;
  const stopped = new Promise<string>((resolve) => {
    stop = resolve;
  });
  const ended = new Promise<Ending>((resolve) => {
    started.once('error', (error) => resolve(failed(`it cannot be started: ${error.message}`)));
    started.once('close', (code, by) => resolve(code === 0 ? { kind: 'done' } : failed(codeText(code, by))));
  });
  const output = lineReader(child, stop);
  stdout.on('data', output.take);
  stderr.on('data', errorReader(child.onError));
  // One that has read enough, or is dead, breaks the pipe: its ending says more than that.
  stdin.on('error', () => undefined);
  Readable.from(endedByBreaks(child.lines)).pipe(stdin);
  const timer = setTimeout(() => stop(`it took longer than ${timeoutMs / 1000} s`), timeoutMs);
  const abort = () => stop('it was no longer wanted');
  signal.addEventListener('abort', abort, { once: true });
  try {
    const first = await Promise.race([ended, stopped]);
    if (typeof first !== 'string') {
      if (first.kind === 'done') output.end();
      return first;
    }
    output.close();
    await end(started, ended);
    return failed(first);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
    // What it has started and left behind: of its group, while there is one. Windows may have given its number to another process.
    if (process.platform !== 'win32') kill(started, 'SIGKILL');
    for (const stream of [stdin, stdout, stderr]) stream.destroy();
  }
}

function failed(reason: string): Ending {
  return { kind: 'failed', reason };
}

function codeText(code: number | null, by: NodeJS.Signals | null): string {
  return by === null ? `it ended with exit code ${code}` : `it was ended by ${by}`;
}

function* endedByBreaks(lines: Iterable<string>): Generator<string, void> {
  for (const line of lines) yield `${line}\n`;
}

/** Asks a process to end, and kills it and its children if it does not. */
async function end(started: ChildProcess, ended: Promise<Ending>): Promise<void> {
  kill(started, 'SIGTERM');
  const grace = new AbortController();
  await Promise.race([ended, delay(graceMs, undefined, { signal: grace.signal }).catch(() => undefined)]);
  grace.abort();
  kill(started, 'SIGKILL');
  await Promise.race([ended, delay(graceMs)]);
}

function kill({ pid }: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (pid === undefined) return;
  if (process.platform === 'win32') {
    // Windows has no signals: the tree is ended at once.
    spawn('taskkill', ['/pid', String(pid), '/T', '/F'], { stdio: 'ignore', windowsHide: true }).on(
      'error',
      () => undefined,
    );
    return;
  }
  try {
    process.kill(-pid, signal);
  } catch {
    // Nothing of the group is left.
  }
}

/** Cuts output into lines, and ends the program where there is too much of it. */
function lineReader({ onLine, mostLines, mostCharacters }: Child, stop: (reason: string) => void) {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  let lines = 0;
  let characters = 0;
  let isOpen = true;
  const take = (chunk: Buffer) => {
    if (!isOpen) return;
    const text = decoder.write(chunk);
    characters += text.length;
    const parts = (rest + text).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) {
      lines += 1;
      if (lines > mostLines) break;
      onLine(part);
    }
    if (lines <= mostLines && characters <= mostCharacters) return;
    isOpen = false;
    stop(`it wrote more than ${lines > mostLines ? `${mostLines} lines` : `${mostCharacters} characters`}`);
  };
  return {
    take,
    /** The end of a program that ended by itself: what is left is its last line. */
    end: () => {
      const last = rest + decoder.end();
      if (isOpen && last !== '') onLine(last);
      isOpen = false;
    },
    close: () => {
      isOpen = false;
    },
  };
}

/** Cuts the standard error into lines; long ones are shortened, and after many the rest is dropped, which is said. */
function errorReader(onError: (line: string) => void): (chunk: Buffer) => void {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  let lines = 0;
  return (chunk) => {
    if (lines > mostErrors) return;
    const parts = (rest + decoder.write(chunk)).split(/\r?\n/);
    // Of a line that does not end, no more is kept than is shown.
    rest = (parts.pop() ?? '').slice(0, longestError);
    for (const part of parts) {
      if (part.trim() === '') continue;
      lines += 1;
      if (lines > mostErrors) {
        onError('... and more, which is left out');
        return;
      }
      onError(part.slice(0, longestError));
    }
  };
}
