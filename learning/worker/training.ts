// Training in a thread of its own, so that whoever waits for it (the watcher) goes on.
//
//   1. messages.ts  what goes to the thread, and what comes back
//   2. worker.ts    the thread: one job, then it ends
//   3. training.ts  starts it, passes progress on, and ends it early if asked to
//
// The thread's program is a text within this one (LEARNING_WORKER, bundled by bin/setup.mjs and, for tests, by vitest): a
// process that has been running for days starts the trainer that it was built with. At the end the thread is gone.
import { Worker } from 'node:worker_threads';
import { LearningError } from '../data/errors.ts';
import type { Progress } from '../model/train.ts';
import type { TrainingJob, TrainingMessage, TrainingResult } from './messages.ts';

/** A thread holds little but numbers in columns: what it need not keep is let go of sooner. */
const resourceLimits = { maxYoungGenerationSizeMb: 8 };

/** The bundled text of worker.ts. */
declare const LEARNING_WORKER: string;

/** How to follow a training and how to end it. */
export interface TrainingOptions {
  readonly progress?: Progress;
  /** Aborting ends the thread at once; nothing is left behind. */
  readonly signal?: AbortSignal;
}

/**
 * `train` in a thread of its own. Columns that threads share (`emptyColumns`) are read where they are, others are copied to it.
 * @throws LearningError as `train` does; the signal's reason if it was aborted.
 */
export async function trainInThread(job: TrainingJob, options: TrainingOptions = {}): Promise<TrainingResult> {
  const { signal, progress } = options;
  signal?.throwIfAborted();
  const worker = new Worker(LEARNING_WORKER, { eval: true, workerData: job, resourceLimits });
  const { promise, resolve, reject } = withResolvers<TrainingResult>();
  const abort = () => reject(signal?.reason);
  signal?.addEventListener('abort', abort, { once: true });
  worker.on('message', (message: TrainingMessage) => {
    if (message.kind === 'progress') progress?.(message.done, message.total);
    else if (message.kind === 'trained') resolve(message);
    else reject(new LearningError(message.message, message.remedy));
  });
  worker.on('error', reject);
  // After a result this changes nothing.
  worker.on('exit', (code) =>
    reject(new Error(`The training thread ended with exit code ${code} and without a result.`)),
  );
  try {
    return await promise;
  } finally {
    signal?.removeEventListener('abort', abort);
    await worker.terminate();
  }
}

/** Promise.withResolvers, which Node 20 lacks. */
function withResolvers<T>() {
  let resolve: (value: T) => void = () => {};
  let reject: (reason: unknown) => void = () => {};
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}
