import type { Outcome } from '../cli/in-process.ts';
import { eventually } from '../cli/watch/watch-process.ts';
import type { CommandProcess } from './command-process.ts';

/** What a command works on that is killed and repeated. */
export interface KilledKind {
  /** Gives it something to do. */
  prepare(round: number): Promise<void>;
  start(): CommandProcess;
  /** Waits until a command that nobody kills has done its work. */
  done(command: CommandProcess): Promise<void>;
  /** After a kill: does the same again, to its end. */
  repeat(): Promise<void>;
  /** Nothing is lost, nothing doubled, nothing left behind. */
  expectWhole(): Promise<void>;
  dispose(): Promise<void>;
}

/** The server needs a moment to notice that a process is gone, and ends its statement before. */
const busy = /is being loaded by|another run is going on|has a watcher already|in use by/;

/** Repeats a command in this process until it is let in, and to its end. */
export async function repeated(run: () => Promise<Outcome>): Promise<void> {
  await eventually(async () => {
    const { code, stdout, stderr } = await run();
    if (code !== 0 && !busy.test(stdout + stderr)) throw new Error(stdout + stderr);
    return code === 0;
  }, 'the end of the repeated command');
}
