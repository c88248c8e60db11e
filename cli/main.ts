// The program: command line -> one call -> exit code.
//
//   1. main.ts      signals, errors, exit code. Only here does the process end
//   2. program.ts   every command, with its flags in the four files that end in -commands; each makes one call
//   3. commands/    open the project and its database, call loaders or runner, print the result; looking/ does so without touching
//
// Exit codes: 0 done; 1 a model, test or load failed; 2 wrong use or configuration; 130 interrupted.
import { end } from './end.ts';
import { reportFailure } from './failure.ts';
import { buildProgram } from './program.ts';
import { Terminal } from './terminal/terminal.ts';

/** How long the work at hand may take to stop, in milliseconds; a kill at any moment loses nothing either. */
const stopMs = 30_000;

/** Reads the command line, makes the one call it asks for and ends the process with its exit code. */
export async function main(args: readonly string[]): Promise<void> {
  const interrupt = new AbortController();
  const onSignal = () => {
    // A second Ctrl+C means now.
    if (interrupt.signal.aborted) end(130);
    interrupt.abort();
    // For work that does not react to the signal, since it waits for an answer that does not come.
    setTimeout(() => end(130), stopMs).unref();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  // What Windows sends for Ctrl+Break; SIGTERM does not reach a process there.
  process.on('SIGBREAK', onSignal);
  // A reader that closes the pipe early (head, less) is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => end(error.code === 'EPIPE' ? 0 : 1));
  let exitCode = 0;
  let endsByStopping = false;
  const program = buildProgram(interrupt.signal, (code, command) => {
    exitCode = code;
    endsByStopping = command === 'watch' || command === 'serve';
  });
  try {
    await program.parseAsync([...args], { from: 'user' });
  } catch (error) {
    exitCode = reportFailure(error, args, new Terminal(args.includes('json') && args.includes('--log-format')));
  }
  // Stopping is how a watcher and a server end well; anything else was left half-way.
  if (interrupt.signal.aborted && !endsByStopping) exitCode = 130;
  // On Windows a pipe is written in the background; what is not out yet would be lost.
  await new Promise((resolve) => process.stdout.write('', resolve));
  end(exitCode);
}
