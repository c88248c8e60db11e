import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { SharedLock } from '../../../../../runner/database/locks/shared-lock.ts';

it('lets work run side by side, and alone where it asks for that', async () => {
  const lock = new SharedLock();
  const told: string[] = [];
  const work = (name: string) => async () => {
    told.push(`${name} begins`);
    await sleep(5);
    told.push(`${name} ends`);
    return name;
  };
  const done = await Promise.all([
    lock.shared(work('a')),
    lock.shared(work('b')),
    lock.exclusive(work('c')),
    lock.shared(work('d')),
    lock.exclusive(work('e')),
    lock.shared(work('f')),
  ]);
  expect(done).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
  expect(told.slice(0, 2)).toEqual(['a begins', 'b begins']);
  for (const name of ['c', 'e']) expect(told[told.indexOf(`${name} begins`) + 1]).toBe(`${name} ends`);
  expect(told.indexOf('c begins')).toBe(4);
});

it('goes on behind work that fails, and begins nothing after an interrupt', async () => {
  const interrupt = new AbortController();
  const lock = new SharedLock(interrupt.signal);
  const fails = () => Promise.reject(new Error('no'));
  await expect(lock.shared(fails)).rejects.toThrow('no');
  await expect(lock.exclusive(fails)).rejects.toThrow('no');
  await expect(lock.shared(async () => 1)).resolves.toBe(1);
  let begun = false;
  const begin = async () => {
    begun = true;
  };
  const running = lock.shared(() => sleep(5));
  const waiting = [lock.exclusive(begin), lock.shared(begin)];
  interrupt.abort();
  for (const one of waiting) await expect(one).rejects.toThrow();
  await running;
  expect(begun).toBe(false);
});
