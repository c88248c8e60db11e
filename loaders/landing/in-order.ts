/**
 * Runs `work` on up to `window` items at once and yields the results in the order of the items. Takes the next item only
 * when a result is taken, so a slow consumer slows the work down. However it ends, no work is left running.
 */
export async function* inOrder<A, B>(
  items: Iterable<A>,
  window: number,
  work: (item: A) => Promise<B>,
): AsyncGenerator<B> {
  const running: Promise<B>[] = [];
  try {
    for (const item of items) {
      const result = work(item);
      // Its failure is reported when its turn comes; until then it must not count as unhandled.
      result.catch(() => undefined);
      running.push(result);
      const first = running.length >= window ? running.shift() : undefined;
      if (first !== undefined) yield await first;
    }
    for (let first = running.shift(); first !== undefined; first = running.shift()) yield await first;
  } finally {
    await Promise.allSettled(running);
  }
}

/** Runs `work` on all items, at most `limit` at once. The first failure stops it and is thrown when nothing runs any more. */
export async function atOnce<A>(items: readonly A[], limit: number, work: (item: A) => Promise<void>): Promise<void> {
  let next = 0;
  let failed = false;
  const lane = async () => {
    while (next < items.length && !failed) {
      const item = items[next] as A;
      next += 1;
      try {
        await work(item);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const lanes = await Promise.allSettled(Array.from({ length: Math.min(limit, items.length) }, lane));
  const broken = lanes.find((result) => result.status === 'rejected');
  if (broken !== undefined) throw broken.reason;
}
