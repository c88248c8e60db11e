import { describe, expect, it } from 'vitest';
import { labelOf } from '../../../ui/browser/graph/box.ts';
import { columnLight, lightOf } from '../../../ui/browser/graph/light.ts';
import { centredOn, fitted, fittedTo, zoomed } from '../../../ui/browser/graph/view.ts';
import { ago, duration, size } from '../../../ui/browser/parts/words.ts';

describe('a view of the graph', () => {
  it('keeps the point under the pointer', () => {
    const before = { x: 10, y: 20, scale: 1 };
    const after = zoomed(before, 2, 110, 220);
    const at = ({ x, scale }: typeof before) => (110 - x) / scale;
    expect(at(after)).toBe(at(before));
    expect(after.scale).toBe(2);
  });

  it('fits all of a drawing, and enlarges none', () => {
    expect(fitted({ width: 2000, height: 100 }, { width: 1040, height: 540 })).toEqual({ x: 20, y: 245, scale: 0.5 });
    expect(fitted({ width: 100, height: 100 }, { width: 1040, height: 540 }).scale).toBe(1);
  });

  it('shows all of some boxes', () => {
    const boxes = [
      { x: 100, y: 50, width: 100, height: 20 },
      { x: 300, y: 80, width: 100, height: 20 },
    ];
    expect(fittedTo(boxes, { width: 340, height: 90 })).toEqual({ scale: 1, x: -80, y: -30 });
  });

  it('stays where a box is in view', () => {
    const view = { x: 0, y: 0, scale: 1 };
    const frame = { width: 500, height: 500 };
    expect(centredOn({ x: 10, y: 10, width: 80, height: 30 }, view, frame)).toBe(view);
    expect(centredOn({ x: 1000, y: 10, width: 80, height: 30 }, view, frame)).toEqual({ x: -790, y: 225, scale: 1 });
  });
});

describe('what lights up', () => {
  const columns = (node: string, ...from: { node: string; column: string }[]) => ({
    node,
    columns: [{ column: 'c', from: from.map((one) => ({ ...one, how: 'copied' as const })), unknown: [] }],
    rowsFrom: [],
    filteredBy: [],
    unknown: [],
  });
  const lineage = {
    a: columns('a'),
    b: columns('b', { node: 'a', column: 'c' }),
    d: columns('d', { node: 'b', column: 'c' }),
    other: columns('other'),
  };

  it('is the way of a column, up and down', () => {
    const { light } = columnLight(lineage, { node: 'b', column: 'c' });
    expect([...light.nodes].sort()).toEqual(['a', 'b', 'd']);
    expect([...light.edges].sort()).toEqual(['a b', 'b d']);
    expect(light.notes.get('d')).toEqual(['c']);
  });

  it('is what a selector names, with the edges in between', () => {
    const { edges } = lightOf(
      ['a', 'b'],
      [
        { from: 'a', to: 'b' },
        { from: 'b', to: 'd' },
      ],
    );
    expect([...edges]).toEqual(['a b']);
  });
});

describe('words', () => {
  it('say times and sizes', () => {
    expect([0.004, 3.21, 75, 600, 7200, 400_000].map((seconds) => duration(seconds))).toEqual([
      '4 ms',
      '3.2 s',
      '75 s',
      '10 min',
      '2.0 h',
      '5 days',
    ]);
    expect([0, 999, 1500, 2.5e9].map((bytes) => size(bytes))).toEqual(['0 B', '999 B', '1.5 KB', '2.5 GB']);
    expect(ago('2023-10-12T10:00:00Z', new Date('2023-10-12T10:10:00Z'))).toBe('10 min ago');
    expect(ago(null)).toBe('never');
  });

  it('fit into a box', () => {
    expect(labelOf('dim_room', 120)).toBe('dim_room');
    expect(labelOf('fact_environment_minute', 120)).toBe('fact_enviro…');
  });
});
