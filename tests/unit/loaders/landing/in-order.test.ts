import { setTimeout as wait } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { atOnce, inOrder } from '../../../../loaders/landing/in-order.ts';

it('keeps the order and never runs more than the window', async () => {
  let running = 0;
  let most = 0;
  const results: number[] = [];
  for await (const result of inOrder([5, 1, 4, 2, 3, 0], 3, async (n) => {
    running += 1;
    most = Math.max(most, running);
    await wait(n * 3);
    running -= 1;
    return n;
  })) {
    results.push(result);
  }
  expect(results).toEqual([5, 1, 4, 2, 3, 0]);
  expect(most).toBe(3);
});

it('leaves nothing running when it is given up or fails', async () => {
  let running = 0;
  const work = async (n: number) => {
    running += 1;
    await wait(5);
    running -= 1;
    if (n === 2) throw new Error('two');
    return n;
  };
  for await (const _ of inOrder([1, 1, 1, 1], 3, work)) break;
  expect(running).toBe(0);
  await expect(async () => {
    for await (const _ of inOrder([1, 2, 1, 1], 3, work));
  }).rejects.toThrow('two');
  expect(running).toBe(0);
  await expect(atOnce([1, 2, 1, 1, 1], 2, async (n) => void (await work(n)))).rejects.toThrow('two');
  expect(running).toBe(0);
});
