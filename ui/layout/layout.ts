// Where the nodes of a graph are drawn: in layers from left to right, each node right of all that it depends on.
//
//   1. layers.ts  the layer of each node; an edge that passes a layer gets a bend there
//   2. order.ts   the order within each layer, with few crossings
//   3. place.ts   heights that keep the order and the gaps and are near the neighbours
//   4. layout.ts  puts these together and draws the edges as curves
//
// Pure: the browser lays out what it shows. The method is that of Sugiyama, Tagawa and Toda (1981), with the barycenter heuristic.
import { layered } from './layers.ts';
import { ordered } from './order.ts';
import { placed } from './place.ts';

/** A box to place; lengths in pixels. */
export interface Box {
  readonly id: string;
  readonly width: number;
  readonly height: number;
}

export interface Edge {
  readonly from: string;
  readonly to: string;
}

export interface PlacedBox extends Box {
  /** Of its upper left corner. */
  readonly x: number;
  readonly y: number;
}

export interface PlacedEdge extends Edge {
  /** An SVG path. */
  readonly path: string;
}

export interface Layout {
  readonly boxes: ReadonlyMap<string, PlacedBox>;
  readonly edges: readonly PlacedEdge[];
  /** All edges as few SVG paths, each of a small part of the drawing; what several edges share is in them once. */
  readonly lines: readonly string[];
  readonly width: number;
  readonly height: number;
}

/** Between two layers, for the edges. */
const layerGap = 56;

/**
 * Places the boxes of an acyclic graph; edges to what is not among them are left out. The same graph gets the same layout.
 * @example layOut([{ id: 'a', width: 80, height: 24 }, { id: 'b', width: 80, height: 24 }], [{ from: 'a', to: 'b' }])
 */
export function layOut(boxes: readonly Box[], edges: readonly Edge[]): Layout {
  const sizes = new Map(boxes.map((box) => [box.id, box]));
  const { layers, ways } = layered(
    boxes.map(({ id }) => id),
    edges.filter(({ from, to }) => from !== to && sizes.has(from) && sizes.has(to)),
  );
  const neighbours = ways.flatMap(({ via }) => via.slice(1).map((to, index) => [via[index] ?? to, to] as const));
  const order = ordered(layers, neighbours);
  const middles = placed(order, neighbours, (id) => sizes.get(id)?.height ?? 0);
  const lefts = leftsOf(order, sizes);
  const found = new Map<string, PlacedBox>();
  for (const [index, layer] of order.entries())
    for (const id of layer) {
      const box = sizes.get(id);
      if (box !== undefined)
        found.set(id, { ...box, x: lefts[index]?.x ?? 0, y: (middles.get(id) ?? 0) - box.height / 2 });
    }
  const layerOf = new Map(order.flatMap((layer, index) => layer.map((id) => [id, index] as const)));
  const pointOf = (id: string): Point => {
    const { x = 0, width = 0 } = lefts[layerOf.get(id) ?? 0] ?? {};
    const box = found.get(id);
    const y = middles.get(id) ?? 0;
    return box === undefined ? { left: x, right: x + width, y } : { left: box.x, right: box.x + box.width, y };
  };
  const last = lefts.at(-1);
  return {
    boxes: found,
    edges: ways.map(({ from, to, via }) => ({ from, to, path: curve(via.map(pointOf)) })),
    lines: linesOf(neighbours, pointOf, (id) => found.has(id)),
    width: last === undefined ? 0 : last.x + last.width,
    height: Math.max(0, ...[...found.values()].map(({ y, height }) => y + height)),
  };
}

/** So many pieces of edges make a line. */
const piecesPerLine = 30;

/** The pieces of all edges between two layers, each once, those that are near each other together. */
function linesOf(
  neighbours: readonly (readonly [from: string, to: string])[],
  pointOf: (id: string) => Point,
  isBox: (id: string) => boolean,
): readonly string[] {
  const pieces = new Map<string, { readonly start: Point; readonly path: string }>();
  for (const [from, to] of neighbours) {
    const key = `${from} ${to}`;
    if (pieces.has(key)) continue;
    const [start, end] = [pointOf(from), pointOf(to)];
    // A bend is passed on the level.
    pieces.set(key, { start, path: curve([start, end]) + (isBox(to) ? '' : `H${round(end.right)}`) });
  }
  const sorted = [...pieces.values()].sort((a, b) => a.start.right - b.start.right || a.start.y - b.start.y);
  const lines: string[] = [];
  for (let at = 0; at < sorted.length; at += piecesPerLine)
    lines.push(
      sorted
        .slice(at, at + piecesPerLine)
        .map(({ path }) => path)
        .join(''),
    );
  return lines;
}

interface Point {
  readonly left: number;
  readonly right: number;
  readonly y: number;
}

function leftsOf(order: readonly (readonly string[])[], sizes: ReadonlyMap<string, Box>) {
  let x = 0;
  return order.map((layer) => {
    const width = Math.max(0, ...layer.map((id) => sizes.get(id)?.width ?? 0));
    const left = { x, width };
    x += width + layerGap;
    return left;
  });
}

/** From the right side of the first point to the left side of the last, level where it passes a layer. */
function curve(points: readonly Point[]): string {
  const [first, ...others] = points;
  if (first === undefined) return '';
  let path = `M${round(first.right)} ${round(first.y)}`;
  let { right, y } = first;
  for (const [index, point] of others.entries()) {
    const middle = round((right + point.left) / 2);
    path += `C${middle} ${round(y)} ${middle} ${round(point.y)} ${round(point.left)} ${round(point.y)}`;
    if (index < others.length - 1) path += `H${round(point.right)}`;
    ({ right, y } = point);
  }
  return path;
}

function round(length: number): number {
  return Math.round(length * 10) / 10;
}
