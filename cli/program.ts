import type { Command } from 'commander';
import { addBeginning } from './beginning-commands.ts';
import { newProgram } from './define.ts';
import { addKeeping } from './keeping-commands.ts';
import { addLooking } from './looking-commands.ts';
import { addPipeline } from './pipeline-commands.ts';

/**
 * All commands. Each reads its flags and makes one call. What a command needs is loaded when it runs, so that the others need not
 * wait for it.
 * @param signal aborted when the user interrupts.
 * @param exit called with the exit code of the command.
 */
export function buildProgram(signal: AbortSignal, exit: (code: number, command: string) => void): Command {
  const { program, define } = newProgram(exit);
  addBeginning(define);
  addPipeline(define, signal);
  addLooking(define, signal);
  addKeeping(define, signal);
  return program;
}
