import { parentPort, workerData } from 'node:worker_threads';
import { LearningError } from '../data/errors.ts';
import { rowsAt } from '../data/matrix.ts';
import { score } from '../model/score.ts';
import { train } from '../model/train.ts';
import type { TrainingJob, TrainingMessage } from './messages.ts';

const report = (message: TrainingMessage) => parentPort?.postMessage(message);
const { spec, matrix: all, rows, target, weights, predicts } = workerData as TrainingJob;
// What is picked is gone with the thread.
const matrix = rows === undefined ? all : rowsAt(all, rows);

try {
  const artefact = train(spec, matrix, target, weights, (done, total) => report({ kind: 'progress', done, total }));
  report({ kind: 'trained', artefact, ...(predicts ? { predictions: score(artefact, matrix) } : {}) });
} catch (error) {
  // Anything else ends the thread, and reaches the other side as its error.
  if (!(error instanceof LearningError)) throw error;
  report({ kind: 'refused', message: error.message, remedy: error.remedy });
}
