import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { layOut } from '../../../ui/layout/layout.ts';
import { crossings, ordered } from '../../../ui/layout/order.ts';
import { apart } from '../../../ui/layout/place.ts';

const box = (id: string) => ({ id, width: 80, height: 30 });

/** Graphs without circles: each edge goes from a smaller number to a larger one. */
const graphs = fc.integer({ min: 1, max: 25 }).chain((count) =>
  fc.record({
    boxes: fc.constant(Array.from({ length: count }, (_, index) => box(`n${index}`))),
    edges: fc
      .array(fc.tuple(fc.nat(count - 1), fc.nat(count - 1)), { maxLength: 50 })
      .map((pairs) =>
        pairs.flatMap(([a, b]) => (a === b ? [] : [{ from: `n${Math.min(a, b)}`, to: `n${Math.max(a, b)}` }])),
      ),
  }),
);

describe('a layout', () => {
  it('has every box once, none on another, and each right of what it depends on', () => {
    fc.assert(
      fc.property(graphs, ({ boxes, edges }) => {
        const { boxes: placed, edges: drawn, lines, width, height } = layOut(boxes, edges);
        // All that is drawn of edges is in the lines, and once.
        const pieces = (path: string) => path.split(/(?=[MC])/).filter((piece) => piece.startsWith('C'));
        const inLines = lines.flatMap(pieces);
        const starts = lines.flatMap((line) => line.split(/(?=M)/));
        expect(new Set(starts).size).toBe(starts.length);
        for (const { path } of drawn) for (const piece of pieces(path)) expect(inLines).toContain(piece);
        expect([...placed.keys()].sort()).toEqual(boxes.map(({ id }) => id).sort());
        expect(drawn.length).toBe(edges.length);
        const all = [...placed.values()];
        for (const { from, to } of edges) {
          const [a, b] = [placed.get(from), placed.get(to)];
          expect((a?.x ?? 0) + 80).toBeLessThan(b?.x ?? 0);
        }
        for (const [index, one] of all.entries()) {
          expect(one.x).toBeGreaterThanOrEqual(0);
          expect(one.y).toBeGreaterThanOrEqual(-0.001);
          expect(one.x + one.width).toBeLessThanOrEqual(width + 0.001);
          expect(one.y + one.height).toBeLessThanOrEqual(height + 0.001);
          for (const other of all.slice(index + 1))
            expect(one.x !== other.x || Math.abs(one.y - other.y) >= 30).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('draws an edge from one box to the other', () => {
    const { boxes, edges } = layOut(['a', 'b'].map(box), [{ from: 'a', to: 'b' }]);
    expect(edges[0]?.path).toBe(`M80 15C108 15 108 15 ${boxes.get('b')?.x} 15`);
  });

  it('leaves out edges to what is not there, and takes no nodes', () => {
    expect(layOut([box('a')], [{ from: 'gone', to: 'a' }]).edges).toEqual([]);
    expect(layOut([], [])).toMatchObject({ edges: [], width: 0, height: 0 });
  });
});

describe('the order within layers', () => {
  it('has no crossing where there need be none', () => {
    const edges = [
      ['a', 'z'],
      ['b', 'y'],
      ['c', 'x'],
    ] as const;
    const found = ordered(
      [
        ['a', 'b', 'c'],
        ['x', 'y', 'z'],
      ],
      edges,
    );
    const after = new Map(edges.map(([from, to]) => [from, [to]]));
    expect(
      crossings(
        [
          ['a', 'b', 'c'],
          ['x', 'y', 'z'],
        ],
        after,
      ),
    ).toBe(3);
    expect(crossings(found, after)).toBe(0);
  });
});

describe('values apart', () => {
  it('are as wanted where that is far enough, and share what is missing otherwise', () => {
    expect(apart([0, 10, 40], [0, 5, 10])).toEqual([0, 10, 40]);
    expect(apart([5, 5, 5], [0, 10, 20])).toEqual([-5, 5, 15]);
  });
});
