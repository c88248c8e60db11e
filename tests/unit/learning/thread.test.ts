import { expect, test } from 'vitest';
import { emptyColumns, rowsAt, valuesAt } from '../../../learning/data/matrix.ts';
import { artefactText } from '../../../learning/model/artefact.ts';
import { score } from '../../../learning/model/score.ts';
import type { ModelSpec } from '../../../learning/model/spec.ts';
import { train } from '../../../learning/model/train.ts';
import { trainInThread } from '../../../learning/worker/training.ts';
import { inputs, readSample } from './sample.ts';

const sample = readSample();
const matrix = sample.matrix(inputs);
const target = sample.column('occupied');
const trees = (rounds: number): ModelSpec => ({
  kind: 'trees',
  loss: { name: 'logistic' },
  rounds,
  rate: 0.1,
  leaves: 8,
});

test('a thread trains the same model, and says how far it is', async () => {
  const seen: [number, number][] = [];
  const weights = target.map((value) => 1 + value);
  const job = { spec: trees(30), matrix, target, weights };
  let turns = 0;
  const ticking = setInterval(() => {
    turns += 1;
  }, 1);
  const { artefact } = await trainInThread(job, { progress: (done, total) => seen.push([done, total]) });
  clearInterval(ticking);
  expect(artefactText(artefact)).toBe(artefactText(train(trees(30), matrix, target, weights)));
  expect(seen).toEqual(Array.from({ length: 30 }, (_, at) => [at + 1, 30]));
  // Meanwhile this thread went on.
  expect(turns).toBeGreaterThan(5);
  // The numbers were copied.
  expect(target.length).toBe(2000);
});

test('threads learn from some rows of columns that they share, at once, and predict them', async () => {
  const columns = emptyColumns(inputs.length, target.length, true);
  for (const [at, column] of columns.entries()) column.set(matrix.values[at] ?? []);
  const shared = { ...matrix, values: columns };
  const parts = [0, 1].map((rest) => Int32Array.from({ length: target.length / 2 }, (_, at) => 2 * at + rest));
  const results = await Promise.all(
    parts.map((rows) =>
      trainInThread({ spec: trees(20), matrix: shared, rows, target: valuesAt(target, rows), predicts: true }),
    ),
  );
  for (const [at, rows] of parts.entries()) {
    const learnt = rowsAt(matrix, rows);
    const artefact = train(trees(20), learnt, valuesAt(target, rows));
    expect(results[at]?.artefact).toEqual(artefact);
    expect(results[at]?.predictions).toEqual(score(artefact, learnt));
  }
  expect(shared.values).toEqual(matrix.values);
});

test('what is wrong with the examples is said as without a thread', async () => {
  const job = { spec: trees(3), matrix, target: target.map(() => 2) };
  await expect(trainInThread(job)).rejects.toMatchObject({
    name: 'LearningError',
    message: 'The target of row 1 is 2, and has to be 0 or 1.',
    remedy: 'Correct the query that makes the examples.',
  });
});

test('a training that is aborted ends at once', async () => {
  const controller = new AbortController();
  const began = performance.now();
  let rounds = 0;
  const progress = () => {
    rounds += 1;
    controller.abort(new Error('enough'));
  };
  const training = trainInThread({ spec: trees(1_000_000), matrix, target }, { signal: controller.signal, progress });
  await expect(training).rejects.toThrow('enough');
  // The thread is gone: while another one trains, it reports nothing more.
  const reported = rounds;
  await trainInThread({ spec: trees(20), matrix, target });
  expect(rounds).toBe(reported);
  expect(performance.now() - began).toBeLessThan(30_000);
  await expect(trainInThread({ spec: trees(1), matrix, target }, { signal: controller.signal })).rejects.toThrow(
    'enough',
  );
});
