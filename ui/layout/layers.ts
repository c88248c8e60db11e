/** An edge as it passes the layers: its ends, and between them a bend in each layer that it crosses. */
export interface Way {
  readonly from: string;
  readonly to: string;
  readonly via: readonly string[];
}

export interface Layered {
  /** Ids of nodes and bends, layer by layer. */
  readonly layers: readonly (readonly string[])[];
  readonly ways: readonly Way[];
}

/** Ids of bends begin so; no node's does. */
const bendMark = '\u0000';

/**
 * The layer of each node: one after the last of those that it depends on, and then as near to those that depend on it as that
 * allows, so that a source stands beside its readers.
 */
export function layered(ids: readonly string[], edges: readonly { from: string; to: string }[]): Layered {
  const next = new Map<string, string[]>(ids.map((id) => [id, []]));
  const waiting = new Map<string, number>(ids.map((id) => [id, 0]));
  for (const { from, to } of edges) {
    next.get(from)?.push(to);
    waiting.set(to, (waiting.get(to) ?? 0) + 1);
  }
  const layer = new Map<string, number>();
  const sorted = ids.filter((id) => waiting.get(id) === 0);
  for (const id of sorted) layer.set(id, 0);
  for (let at = 0; at < sorted.length; at += 1) {
    const id = sorted[at] ?? '';
    for (const to of next.get(id) ?? []) {
      layer.set(to, Math.max(layer.get(to) ?? 0, (layer.get(id) ?? 0) + 1));
      const left = (waiting.get(to) ?? 0) - 1;
      waiting.set(to, left);
      if (left === 0) sorted.push(to);
    }
  }
  for (const id of sorted.toReversed()) {
    const readers = next.get(id) ?? [];
    if (readers.length > 0) layer.set(id, Math.min(...readers.map((to) => layer.get(to) ?? 0)) - 1);
  }
  return withBends(sorted, edges, layer);
}

function withBends(
  sorted: readonly string[],
  edges: readonly { from: string; to: string }[],
  layer: ReadonlyMap<string, number>,
): Layered {
  const count = Math.max(-1, ...layer.values()) + 1;
  const layers: string[][] = Array.from({ length: count }, () => []);
  for (const id of sorted) layers[layer.get(id) ?? 0]?.push(id);
  const ways: Way[] = [];
  for (const { from, to } of edges) {
    const [start, end] = [layer.get(from), layer.get(to)];
    if (start === undefined || end === undefined || end <= start) continue;
    const via = [from];
    for (let at = start + 1; at < end; at += 1) {
      // Edges of one node share their bends: they part where their ways do.
      const bend = `${bendMark}${from}${bendMark}${at}`;
      const there = layers[at];
      if (there !== undefined && !bends(there).has(bend)) {
        there.push(bend);
        bends(there).add(bend);
      }
      via.push(bend);
    }
    ways.push({ from, to, via: [...via, to] });
  }
  return { layers, ways };
}

const known = new WeakMap<readonly string[], Set<string>>();

function bends(layer: readonly string[]): Set<string> {
  const found = known.get(layer) ?? new Set(layer);
  known.set(layer, found);
  return found;
}
