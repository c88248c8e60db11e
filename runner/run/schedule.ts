import type { Graph } from '../manifest/graph.ts';

export interface ScheduleOptions {
  /** How many ids may be worked on at once. */
  readonly threads: number;
  /** Start nothing new after the first failure. */
  readonly failFast: boolean;
  readonly signal: AbortSignal | undefined;
}

export interface Work {
  /** Does the work of one id; true if what depends on it may go on. Must not throw. */
  run(id: string): Promise<boolean>;
  /** Called for every id that is not worked on, with the one that is the cause (undefined: the run was stopped). */
  skip(id: string, because: string | undefined): void;
}

/**
 * Works through a graph, dependencies first, several ids at a time; of those that are ready the one with the longest way to the end.
 * What depends on a failed id is skipped, and nothing else. Resolves when nothing runs any more.
 */
export async function schedule(
  graph: Graph,
  order: readonly string[],
  options: ScheduleOptions,
  work: Work,
): Promise<void> {
  const waiting = new Map(order.map((id) => [id, new Set(graph.upstreams(id))]));
  const rank = new Map(byWayToEnd(graph, order).map((id, index) => [id, index]));
  const byRank = (one: string, other: string) => (rank.get(one) ?? 0) - (rank.get(other) ?? 0);
  const ready = order.filter((id) => waiting.get(id)?.size === 0).sort(byRank);
  const running = new Set<Promise<void>>();
  let stopped = false;

  function skipFrom(id: string, because: string | undefined): void {
    for (const downstream of graph.downstreams(id)) {
      if (!waiting.delete(downstream)) continue;
      work.skip(downstream, because);
      skipFrom(downstream, because);
    }
  }

  async function start(id: string): Promise<void> {
    if (!(await work.run(id))) {
      if (options.failFast) stopped = true;
      skipFrom(id, id);
      return;
    }
    for (const downstream of graph.downstreams(id)) {
      const left = waiting.get(downstream);
      left?.delete(id);
      if (left?.size === 0) ready.push(downstream);
    }
    ready.sort(byRank);
  }

  for (;;) {
    while (!stopped && options.signal?.aborted !== true && ready.length > 0 && running.size < options.threads) {
      const id = ready.shift() as string;
      if (!waiting.delete(id)) continue;
      const task: Promise<void> = start(id).finally(() => running.delete(task));
      running.add(task);
    }
    if (running.size === 0) break;
    await Promise.race(running);
  }
  for (const id of waiting.keys()) work.skip(id, undefined);
}

/** The ids by how many others follow on the longest way from each, most first: while that way waits, whatever stands alone can be done. */
function byWayToEnd(graph: Graph, order: readonly string[]): readonly string[] {
  const ways = new Map<string, number>();
  for (const id of graph.order().reverse())
    ways.set(
      id,
      graph.downstreams(id).reduce((most, next) => Math.max(most, (ways.get(next) ?? 0) + 1), 0),
    );
  return [...order].sort((one, other) => (ways.get(other) ?? 0) - (ways.get(one) ?? 0));
}
