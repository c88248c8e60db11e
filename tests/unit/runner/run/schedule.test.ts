import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Graph } from '../../../../runner/manifest/graph.ts';
import { schedule } from '../../../../runner/run/schedule.ts';

interface Log {
  readonly finished: readonly string[];
  readonly skipped: ReadonlyMap<string, string | undefined>;
  readonly mostAtOnce: number;
}

async function work(
  edges: ReadonlyMap<string, readonly string[]>,
  options: { threads?: number; failFast?: boolean; failing?: ReadonlySet<string>; signal?: AbortSignal } = {},
  during: (id: string) => void = () => undefined,
): Promise<Log> {
  const { threads = 2, failFast = false, failing = new Set(), signal } = options;
  const graph = new Graph(edges);
  const finished: string[] = [];
  const skipped = new Map<string, string | undefined>();
  let running = 0;
  let mostAtOnce = 0;
  await schedule(
    graph,
    graph.order(),
    { threads, failFast, signal },
    {
      async run(id) {
        for (const upstream of graph.upstreams(id)) expect(finished).toContain(upstream);
        running += 1;
        mostAtOnce = Math.max(mostAtOnce, running);
        during(id);
        await turn();
        running -= 1;
        finished.push(id);
        return !failing.has(id);
      },
      skip(id, because) {
        expect(skipped.has(id)).toBe(false);
        skipped.set(id, because);
      },
    },
  );
  expect(running).toBe(0);
  return { finished, skipped, mostAtOnce };
}

const acyclic = fc
  .array(fc.array(fc.nat(), { maxLength: 3 }), { minLength: 1, maxLength: 15 })
  .map(
    (choices) =>
      new Map(choices.map((ups, index) => [`n${index}`, index === 0 ? [] : ups.map((up) => `n${up % index}`)])),
  );

describe('the schedule', () => {
  it('never runs more at once than there are threads, and skips exactly what depends on a failure', async () => {
    await fc.assert(
      fc.asyncProperty(
        acyclic,
        fc.integer({ min: 1, max: 4 }),
        fc.uniqueArray(fc.nat(14), { maxLength: 3 }),
        async (edges, threads, numbers) => {
          const failing = new Set(numbers.map((number) => `n${number}`));
          const { finished, skipped, mostAtOnce } = await work(edges, { threads, failing });
          expect(mostAtOnce).toBeLessThanOrEqual(threads);
          const graph = new Graph(edges);
          const lost = [...edges.keys()].filter((id) => [...graph.ancestors(id)].some((up) => failing.has(up)));
          expect([...skipped.keys()].sort()).toEqual(lost.sort());
          for (const [id, because] of skipped) expect(graph.ancestors(id)).toContain(because);
          expect([...finished, ...skipped.keys()].sort()).toEqual([...edges.keys()].sort());
        },
      ),
    );
  });

  it('uses all its threads', async () => {
    const { mostAtOnce } = await work(new Map(['a', 'b', 'c', 'd'].map((id) => [id, []])), { threads: 3 });
    expect(mostAtOnce).toBe(3);
  });

  it('begins with what most others wait for, one after the other', async () => {
    const edges = new Map([
      ['a', []],
      ['b', []],
      ['c', []],
      ['d', ['c']],
      ['e', ['d']],
      ['f', ['b']],
    ]);
    const { finished } = await work(edges, { threads: 1 });
    expect(finished).toEqual(['c', 'b', 'd', 'a', 'f', 'e']);
  });

  it('begins nothing after the first failure with --fail-fast, but finishes what runs', async () => {
    const edges = new Map([
      ['a', []],
      ['b', []],
      ['c', []],
      ['d', ['a']],
    ]);
    const { finished, skipped } = await work(edges, { failFast: true, failing: new Set(['a']) });
    expect(finished).toEqual(['a', 'b']);
    expect([...skipped]).toEqual([
      ['d', 'a'],
      ['c', undefined],
    ]);
  });

  it('begins nothing once it is interrupted', async () => {
    const interrupt = new AbortController();
    const edges = new Map([
      ['a', []],
      ['b', ['a']],
      ['c', []],
    ]);
    const { finished, skipped } = await work(edges, { threads: 1, signal: interrupt.signal }, () => interrupt.abort());
    expect(finished).toEqual(['a']);
    expect([...skipped]).toEqual([
      ['c', undefined],
      ['b', undefined],
    ]);
  });
});
