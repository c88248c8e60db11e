import { type Define, integer } from './define.ts';
import type { RunCommand } from './jobs/job-runner.ts';

/** The web application. @param run runs a command line in this process, for the buttons. */
export function addUi(define: Define, signal: AbortSignal, run: RunCommand): void {
  define('ui', 'status, lineage, runs and buttons as pages in the browser', async ({ flags, terminal }) =>
    (await import('./pages/ui.ts')).ui(flags, run, terminal, signal),
  )
    .option('--port <number>', 'the port at 127.0.0.1; 0: any that is free (default: 4400)', integer)
    .option('--no-open', 'only print the address');
}
