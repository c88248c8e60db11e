import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Turns } from '../../../../runner/database/turns.ts';

it('lets work run side by side, and alone where it asks for that', async () => {
  const turns = new Turns();
  const told: string[] = [];
  const work = (name: string) => async () => {
    told.push(`${name} begins`);
    await sleep(5);
    told.push(`${name} ends`);
    return name;
  };
  const done = await Promise.all([
    turns.beside(work('a')),
    turns.beside(work('b')),
    turns.alone(work('c')),
    turns.beside(work('d')),
    turns.alone(work('e')),
    turns.beside(work('f')),
  ]);
  expect(done).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
  expect(told.slice(0, 2)).toEqual(['a begins', 'b begins']);
  for (const name of ['c', 'e']) expect(told[told.indexOf(`${name} begins`) + 1]).toBe(`${name} ends`);
  expect(told.indexOf('c begins')).toBe(4);
});

it('goes on behind work that fails, and begins nothing after an interrupt', async () => {
  const interrupt = new AbortController();
  const turns = new Turns(interrupt.signal);
  const fails = () => Promise.reject(new Error('no'));
  await expect(turns.beside(fails)).rejects.toThrow('no');
  await expect(turns.alone(fails)).rejects.toThrow('no');
  await expect(turns.beside(async () => 1)).resolves.toBe(1);
  let begun = false;
  const begin = async () => {
    begun = true;
  };
  const running = turns.beside(() => sleep(5));
  const waiting = [turns.alone(begin), turns.beside(begin)];
  interrupt.abort();
  for (const one of waiting) await expect(one).rejects.toThrow();
  await running;
  expect(begun).toBe(false);
});
