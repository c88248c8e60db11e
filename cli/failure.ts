import { CommanderError } from 'commander';
import { errorLines } from '../runner/run/report.ts';
import { DatacycleError } from '../warehouse/errors.ts';
import type { Terminal } from './terminal/terminal.ts';

/** Tells of the error that ended a command line. @returns its exit code. */
export function reportFailure(error: unknown, args: readonly string[], terminal: Terminal): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const fault = error instanceof Error ? error : new Error(String(error));
  if (fault instanceof DatacycleError) terminal.failure(fault, errorLines(fault));
  else if (terminal.json) terminal.event({ type: 'error', what: fault.message });
  else terminal.errors(errorLines(fault));
  if (/(?:^| )(?:--debug|-d|--log-level[ =]debug)(?: |$)/.test(args.join(' ')))
    terminal.errors([{ tone: 'faint', text: fault.stack ?? '' }, ...causes(fault)]);
  else if (!(fault instanceof DatacycleError))
    terminal.errors([{ tone: 'plain', text: '  This is unexpected. Run it again with --debug for the details.' }]);
  return fault instanceof DatacycleError ? fault.exitCode : 1;
}

function causes(error: Error): { tone: 'faint'; text: string }[] {
  return error.cause instanceof Error
    ? [{ tone: 'faint', text: `Caused by ${error.cause.stack ?? error.cause.message}` }, ...causes(error.cause)]
    : [];
}
