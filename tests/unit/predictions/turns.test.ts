import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Turns, together } from '../../../predictions/turns.ts';

const never = new AbortController().signal;

test('two go on at a time, in the order in which they came, also after one that fails', async () => {
  const turns = new Turns(2);
  const began: number[] = [];
  let [now, most] = [0, 0];
  const works = [5, 40, 5, 5, 5].map((ms, at) =>
    turns.take(never, async () => {
      began.push(at);
      now += 1;
      most = Math.max(most, now);
      await sleep(ms);
      now -= 1;
      if (at === 2) throw new Error('no rows');
      return at;
    }),
  );
  const ended = await Promise.allSettled(works);
  expect(ended.map((one) => (one.status === 'fulfilled' ? one.value : String(one.reason)))).toEqual([
    ...[0, 1],
    'Error: no rows',
    ...[3, 4],
  ]);
  expect([began, most]).toEqual([[0, 1, 2, 3, 4], 2]);
});

test('results are in the order of the works, whichever ends first', async () => {
  const works = [30, 1, 10].map((ms) => () => sleep(ms, ms));
  expect(await together(works, undefined)).toEqual([30, 1, 10]);
});

test('one that fails ends the others, those that wait do not begin, and its error is told once all have ended', async () => {
  const turns = new Turns(2);
  const said: string[] = [];
  const untilAborted = (signal: AbortSignal) =>
    new Promise<void>((_, reject) => {
      signal.addEventListener('abort', () => {
        said.push('aborted');
        reject(signal.reason);
      });
    });
  const works = [
    untilAborted,
    async () => {
      await sleep(5);
      throw new Error('the disk is full');
    },
    async () => {
      said.push('begun');
    },
  ];
  const all = together(
    works.map((work) => (signal) => turns.take(signal, () => work(signal))),
    undefined,
  );
  await expect(all).rejects.toThrow('the disk is full');
  expect(said).toEqual(['aborted']);
});

test('whoever is asked to end ends all', async () => {
  const controller = new AbortController();
  const all = together(
    [1, 2].map(() => (signal) => sleep(60_000, undefined, { signal })),
    controller.signal,
  );
  controller.abort(new Error('enough'));
  await expect(all).rejects.toThrow('enough');
});
