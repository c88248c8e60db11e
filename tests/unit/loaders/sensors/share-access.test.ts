import { describe, expect, it } from 'vitest';
import { ShareAccess, ShareStalledError } from '../../../../loaders/sensors/share-access.ts';

/** Something that ends when it is told to. */
function hanging(): { readonly work: () => Promise<string>; readonly end: () => void; readonly begun: () => number } {
  const ends: (() => void)[] = [];
  return {
    work: () => new Promise((resolve) => ends.push(() => resolve('late'))),
    end: () => {
      for (const one of ends.splice(0)) one();
    },
    begun: () => ends.length,
  };
}

describe('a share that stops answering', () => {
  it('is given up after the limit, and not asked again before it has answered', async () => {
    const access = new ShareAccess('/mnt/share', 50);
    expect(await access.reach(async () => 'first')).toBe('first');
    const call = hanging();
    const stalled = {
      message: 'SMB_PATH names the folder /mnt/share, which has not answered for 0.05 s: the share hangs',
      hint: expect.stringContaining('SMB_TIMEOUT'),
    };
    await expect(access.reach(call.work)).rejects.toMatchObject(stalled);
    expect(ShareAccess.hanging).toBe(1);
    // One trouble, one message.
    for (let check = 0; check < 3; check += 1) await expect(access.reach(call.work)).rejects.toMatchObject(stalled);
    expect(call.begun()).toBe(1);
    call.end();
    await expect.poll(() => ShareAccess.hanging).toBe(0);
    expect(await access.reach(async () => 'back')).toBe('back');
  });

  it('hangs no more calls than may run at once, and leaves a thread of the pool to others', async () => {
    const threads = Number(process.env.UV_THREADPOOL_SIZE) || 4;
    const access = new ShareAccess('/mnt/share', 50);
    const call = hanging();
    const results = await Promise.allSettled(Array.from({ length: 3 * threads }, () => access.reach(call.work)));
    expect(results.map(({ status }) => status)).toEqual(results.map(() => 'rejected'));
    expect(call.begun()).toBeGreaterThan(0);
    expect(call.begun()).toBeLessThan(threads);
    call.end();
    await expect.poll(() => ShareAccess.hanging).toBe(0);
  });

  it('runs what waits for its turn, in order, and passes on what goes wrong', async () => {
    const access = new ShareAccess('/mnt/share', 5000);
    const done: number[] = [];
    const all = Array.from({ length: 40 }, (_, index) =>
      access.reach(async () => {
        done.push(index);
        return index;
      }),
    );
    expect(await Promise.all(all)).toEqual(done);
    const error = new Error('no permission');
    await expect(access.reach(() => Promise.reject(error))).rejects.toBe(error);
  });

  it('may take longer than the limit as long as it gets on, and says to the call that it was given up', async () => {
    const access = new ShareAccess('/mnt/share', 200);
    let late: boolean | undefined;
    const read = access.reach(async (call) => {
      for (let piece = 0; piece < 6; piece += 1) {
        await new Promise((resolve) => setTimeout(resolve, 60));
        call.progress();
      }
      return 'all';
    });
    expect(await read).toBe('all');
    const call = hanging();
    const given = access.reach(async (one) => {
      await call.work();
      one.progress();
      late = one.isLate;
    });
    await expect(given).rejects.toThrow(ShareStalledError);
    call.end();
    await expect.poll(() => late).toBe(true);
    await expect.poll(() => ShareAccess.hanging).toBe(0);
  });
});
