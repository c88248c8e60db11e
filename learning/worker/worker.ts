import { parentPort, workerData } from 'node:worker_threads';
import { LearningError } from '../data/errors.ts';
import { train } from '../model/train.ts';
import type { TrainingJob, TrainingMessage } from './messages.ts';

const report = (message: TrainingMessage) => parentPort?.postMessage(message);
const { spec, matrix, target, weights } = workerData as TrainingJob;

try {
  const artefact = train(spec, matrix, target, weights, (done, total) => report({ kind: 'progress', done, total }));
  report({ kind: 'trained', artefact });
} catch (error) {
  // Anything else ends the thread, and reaches the other side as its error.
  if (!(error instanceof LearningError)) throw error;
  report({ kind: 'refused', message: error.message, remedy: error.remedy });
}
