import { prepare } from '../../../bin/setup.mjs';

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A process has one environment, one working directory and one standard output. */
let busy = false;

/** Whether a command is at work in this process, so that another one needs a process of its own. */
export const isBusy = (): boolean => busy;

/** The program as it was when the first command of this process ran: to look for newer sources takes as long as a small command. */
let program: Promise<string> | undefined;

/**
 * Runs the program as it ships in this process, with this environment and working directory. It ends by `process.exit`
 * and speaks through the streams of its process, so these stand aside meanwhile.
 */
export async function runHere(
  args: readonly string[],
  root: string,
  env: Readonly<Record<string, string>>,
): Promise<Outcome> {
  busy = true;
  program ??= prepare();
  const address = await program;
  const said = { stdout: '', stderr: '' };
  let code: number | null = null;
  const before = { env: process.env, exit: process.exit, folder: process.cwd(), ended: listening() };
  const written = { stdout: process.stdout.write, stderr: process.stderr.write };
  process.env = { ...env };
  // Whether there are colors is found out once, when the program is read: not by the environment of the tests.
  const { main } = (await import(/* @vite-ignore */ address)) as { main(args: readonly string[]): Promise<void> };
  process.chdir(root);
  process.exit = ((status: number) => {
    code = status;
  }) as typeof process.exit;
  for (const stream of ['stdout', 'stderr'] as const) {
    process[stream].write = ((chunk: string | Uint8Array, ...rest: unknown[]) => {
      said[stream] += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
      const done = rest.at(-1);
      if (typeof done === 'function') process.nextTick(done);
      return true;
    }) as typeof process.stdout.write;
  }
  try {
    await main(args);
    return { code, ...said };
  } finally {
    process.stdout.write = written.stdout;
    process.stderr.write = written.stderr;
    process.exit = before.exit;
    process.chdir(before.folder);
    process.env = before.env;
    before.ended();
    busy = false;
  }
}

/** Remembers who listens to this process; returns what takes away all who have come since. */
function listening(): () => void {
  const events = [
    ...['SIGINT', 'SIGTERM', 'SIGBREAK', 'exit'].map((name) => [process as NodeJS.EventEmitter, name] as const),
    ...[process.stdout, process.stderr].map((stream) => [stream as NodeJS.EventEmitter, 'error'] as const),
  ].map(([emitter, name]) => ({ emitter, name, own: emitter.rawListeners(name) }));
  return () => {
    for (const { emitter, name, own } of events) {
      for (const one of emitter.rawListeners(name))
        if (!own.includes(one)) emitter.off(name, one as (...args: unknown[]) => void);
    }
  };
}
