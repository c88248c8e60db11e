import { type Define, integer } from './define.ts';
import type { RunCommand } from './jobs/errands.ts';

/** The web application, and the addresses that others read. @param run runs a command line in this process, for the buttons. */
export function addUi(define: Define, signal: AbortSignal, run: RunCommand): void {
  define('ui', 'status, lineage, runs and buttons as pages in the browser', async ({ flags, terminal }) =>
    (await import('./pages/ui.ts')).ui(flags, run, terminal, signal),
  )
    .option('--port <number>', 'the port at 127.0.0.1; 0: any that is free (default: 4400)', integer)
    .option('--no-open', 'only print the address');
  define('serve', 'models that a .yml exposes by api, to read over HTTP', async ({ flags, terminal }) =>
    (await import('./serve/serve.ts')).serve(flags, terminal, signal),
  )
    .option('--port <number>', 'the port; 0: any that is free (default: 4500)', integer)
    .option('--host <address>', 'the address of the network to listen on (default: 127.0.0.1)');
}
