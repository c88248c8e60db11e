import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Graph } from '../../../../runner/manifest/graph.ts';

function graphOf(edges: Readonly<Record<string, readonly string[]>>): Graph {
  return new Graph(new Map(Object.entries(edges)));
}

/** Any graph without cycles: a node depends only on nodes with a smaller number; ids are shuffled. */
const acyclic = fc.array(fc.array(fc.nat(), { maxLength: 4 }), { maxLength: 30 }).chain((choices) =>
  fc
    .shuffledSubarray(
      choices.map((_, index) => `n${index}`),
      { minLength: choices.length },
    )
    .map((names) => {
      const edges = choices.map(
        (upstreams, index) =>
          [names[index] ?? '', index === 0 ? [] : upstreams.map((choice) => names[choice % index] ?? '')] as const,
      );
      return new Map(edges.toSorted(([a], [b]) => (a < b ? -1 : 1)));
    }),
);

describe('a graph', () => {
  const diamond = graphOf({ d: ['b', 'c'], c: ['a'], b: ['a'], a: [], lone: [] });

  it('puts everything after what it depends on, ties by name, whatever the order of the input', () => {
    expect(diamond.order()).toEqual(['a', 'lone', 'b', 'c', 'd']);
    expect(graphOf({ lone: [], a: [], b: ['a'], c: ['a'], d: ['c', 'b'] }).order()).toEqual(diamond.order());
  });

  it('orders every graph so that each edge is respected and nothing is lost or doubled', () => {
    fc.assert(
      fc.property(acyclic, (edges) => {
        const graph = new Graph(edges);
        const order = graph.order();
        expect([...order].sort()).toEqual([...edges.keys()].sort());
        for (const [id, upstreams] of edges)
          for (const upstream of upstreams) expect(order.indexOf(upstream)).toBeLessThan(order.indexOf(id));
        expect(graph.findCycle()).toBeUndefined();
      }),
    );
  });

  it('finds a cycle wherever one edge closes it, and shows a real one', () => {
    fc.assert(
      fc.property(acyclic, fc.nat(), fc.nat(), (edges, from, to) => {
        const order = new Graph(edges).order();
        if (order.length === 0) return;
        const first = order[from % order.length] ?? '';
        const last = order[to % order.length] ?? '';
        const closed = new Map(edges).set(first, [...(edges.get(first) ?? []), last]);
        const closes = first === last || new Graph(edges).ancestors(last).has(first);
        const cycle = new Graph(closed).findCycle();
        expect(cycle !== undefined).toBe(closes);
        if (cycle === undefined) return;
        expect(cycle.at(0)).toBe(cycle.at(-1));
        for (const [index, id] of cycle.slice(1).entries()) expect(closed.get(id)).toContain(cycle[index]);
      }),
    );
  });

  it('names a node that depends on itself', () => {
    expect(graphOf({ a: ['a'] }).findCycle()).toEqual(['a', 'a']);
  });

  it('goes as far up and down as asked', () => {
    const chain = graphOf({ a: [], b: ['a'], c: ['b'], d: ['c'] });
    expect([...chain.ancestors('d')].sort()).toEqual(['a', 'b', 'c']);
    expect([...chain.ancestors('d', 1)]).toEqual(['c']);
    expect([...chain.ancestors('d', 2)].sort()).toEqual(['b', 'c']);
    expect([...chain.ancestors('d', 0)]).toEqual([]);
    expect([...chain.descendants('a', 2)].sort()).toEqual(['b', 'c']);
    expect([...chain.descendants('d')]).toEqual([]);
    expect([...diamond.ancestors('d')].sort()).toEqual(['a', 'b', 'c']);
  });

  it('ignores edges to what is not in it', () => {
    const graph = graphOf({ a: ['gone'] });
    expect(graph.upstreams('a')).toEqual([]);
    expect(graph.order()).toEqual(['a']);
  });

  it('keeps the paths through what is left out', () => {
    const part = diamond.restrictedTo(new Set(['d', 'a']));
    expect(part.upstreams('d')).toEqual(['a']);
    expect(part.downstreams('a')).toEqual(['d']);
    expect([...part.ids()].sort()).toEqual(['a', 'd']);
  });

  it('restricted to a part, an ancestor is still an ancestor and nothing else is', () => {
    fc.assert(
      fc.property(acyclic, fc.infiniteStream(fc.boolean()), (edges, coin) => {
        const whole = new Graph(edges);
        const kept = new Set([...edges.keys()].filter(() => coin.next().value));
        const part = whole.restrictedTo(kept);
        for (const id of kept)
          expect([...part.ancestors(id)].sort()).toEqual(
            [...whole.ancestors(id)].filter((one) => kept.has(one)).sort(),
          );
      }),
    );
  });
});
