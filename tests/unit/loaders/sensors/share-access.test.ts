import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { ShareAccess } from '../../../../loaders/sensors/share-access.ts';

it('a call that fails at once is over at once, and hangs at no time later', async () => {
  const { reach } = new ShareAccess('share', 20);
  const fails = () => {
    throw new Error('no folder');
  };
  await expect(reach(fails)).rejects.toThrow('no folder');
  await sleep(60);
  expect(ShareAccess.hanging).toBe(0);
  expect(await reach(async () => 'answer')).toBe('answer');
});
