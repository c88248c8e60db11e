/** A directed acyclic graph of string ids; `dependsOn` maps each id to what must come before it. */
export class Graph {
  readonly #dependsOn: ReadonlyMap<string, readonly string[]>;
  readonly #dependents = new Map<string, string[]>();

  /** Edges to ids that are not nodes are ignored. */
  constructor(dependsOn: ReadonlyMap<string, readonly string[]>) {
    this.#dependsOn = dependsOn;
    for (const [id, upstreams] of dependsOn) {
      for (const upstream of new Set(upstreams)) {
        const list = this.#dependents.get(upstream);
        if (list === undefined) this.#dependents.set(upstream, [id]);
        else list.push(id);
      }
    }
  }

  upstreams(id: string): readonly string[] {
    return (this.#dependsOn.get(id) ?? []).filter((upstream) => this.#dependsOn.has(upstream));
  }

  downstreams(id: string): readonly string[] {
    return this.#dependents.get(id) ?? [];
  }

  /** Everything upstream of an id, or of any of several, at most `depth` edges away; without these themselves. */
  ancestors(id: string | readonly string[], depth = Number.POSITIVE_INFINITY): Set<string> {
    return reach(id, depth, (at) => this.upstreams(at));
  }

  /** Everything downstream of an id, or of any of several, at most `depth` edges away; without these themselves. */
  descendants(id: string | readonly string[], depth = Number.POSITIVE_INFINITY): Set<string> {
    return reach(id, depth, (at) => this.downstreams(at));
  }

  /** One cycle as `[a, b, c, a]`, or undefined if there is none. */
  findCycle(): string[] | undefined {
    const done = new Set<string>();
    for (const start of this.#dependsOn.keys()) {
      const path: string[] = [];
      const onPath = new Set<string>();
      const stack: { id: string; next: number }[] = [{ id: start, next: 0 }];
      while (stack.length > 0) {
        const top = stack[stack.length - 1] as { id: string; next: number };
        if (top.next === 0) {
          if (done.has(top.id)) {
            stack.pop();
            continue;
          }
          path.push(top.id);
          onPath.add(top.id);
        }
        const upstream = this.upstreams(top.id)[top.next];
        top.next += 1;
        if (upstream === undefined) {
          done.add(top.id);
          onPath.delete(top.id);
          path.pop();
          stack.pop();
        } else if (onPath.has(upstream)) {
          return [...path.slice(path.indexOf(upstream)), upstream].reverse();
        } else if (!done.has(upstream)) {
          stack.push({ id: upstream, next: 0 });
        }
      }
    }
    return undefined;
  }

  /** All ids, each after what it depends on; among those that are ready, in the order of `compare`. */
  order(compare: (a: string, b: string) => number = (a, b) => (a < b ? -1 : a > b ? 1 : 0)): string[] {
    const waiting = new Map<string, number>();
    const ready: string[] = [];
    for (const id of this.#dependsOn.keys()) {
      const count = new Set(this.upstreams(id)).size;
      if (count === 0) ready.push(id);
      else waiting.set(id, count);
    }
    const ordered: string[] = [];
    while (ready.length > 0) {
      ready.sort(compare);
      const wave = ready.splice(0);
      for (const id of wave) {
        ordered.push(id);
        for (const downstream of this.downstreams(id)) {
          const left = (waiting.get(downstream) ?? 0) - 1;
          waiting.set(downstream, left);
          if (left === 0) ready.push(downstream);
        }
      }
    }
    return ordered;
  }

  /**
   * The graph of only `kept`: an edge wherever a path led from one to the other through what is left out.
   */
  restrictedTo(kept: ReadonlySet<string>): Graph {
    const dependsOn = new Map<string, string[]>();
    for (const id of kept) {
      const found = new Set<string>();
      const seen = new Set<string>();
      const stack = [...this.upstreams(id)];
      while (stack.length > 0) {
        const at = stack.pop() as string;
        if (seen.has(at)) continue;
        seen.add(at);
        if (kept.has(at)) found.add(at);
        else stack.push(...this.upstreams(at));
      }
      dependsOn.set(id, [...found]);
    }
    return new Graph(dependsOn);
  }

  ids(): Iterable<string> {
    return this.#dependsOn.keys();
  }
}

function reach(start: string | readonly string[], depth: number, next: (id: string) => readonly string[]): Set<string> {
  const starts = typeof start === 'string' ? [start] : start;
  const found = new Set(starts);
  let edge = starts;
  for (let step = 0; step < depth && edge.length > 0; step += 1) {
    const further: string[] = [];
    for (const id of edge) {
      for (const neighbour of next(id)) {
        if (found.has(neighbour)) continue;
        found.add(neighbour);
        further.push(neighbour);
      }
    }
    edge = further;
  }
  for (const id of starts) found.delete(id);
  return found;
}
