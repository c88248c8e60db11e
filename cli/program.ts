import type { Command } from 'commander';
import { addBeginning } from './beginning-commands.ts';
import { addCompletion } from './completion-command.ts';
import { newProgram } from './define.ts';
import { reportFailure } from './failure.ts';
import { addOpposites } from './flags/opposites.ts';
import { addKeeping } from './keeping-commands.ts';
import { addLooking } from './looking-commands.ts';
import { addPipeline } from './pipeline-commands.ts';
import { addPredicting } from './predicting-commands.ts';
import type { Terminal } from './terminal/terminal.ts';
import { addUi } from './ui-commands.ts';

/**
 * All commands. Each reads its flags and makes one call. What a command needs is loaded when it runs, so that the others need not
 * wait for it.
 * @param signal aborted when the user interrupts.
 * @param exit called with the exit code of the command.
 * @param heldBy a terminal in place of the process's own.
 */
export function buildProgram(
  signal: AbortSignal,
  exit: (code: number, command: string) => void,
  heldBy?: Terminal,
): Command {
  const { program, define } = newProgram(exit, heldBy);
  addBeginning(define);
  addPipeline(define, signal, runWithin);
  addLooking(define, signal);
  addPredicting(define, signal);
  addKeeping(define, signal);
  addCompletion(define, program);
  addUi(define, signal, runWithin);
  addOpposites(program);
  return program;
}

/** Runs a command line within this process, with a terminal of its own. @returns its exit code. */
export async function runWithin(args: readonly string[], terminal: Terminal, signal: AbortSignal): Promise<number> {
  let code = 0;
  const onExit = (exit: number) => {
    code = exit;
  };
  try {
    await buildProgram(signal, onExit, terminal).parseAsync([...args], { from: 'user' });
    return code;
  } catch (error) {
    return reportFailure(error, args, terminal);
  }
}
