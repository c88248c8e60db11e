/** So often the layers are gone through, to and fro; later rounds hardly change anything. */
const rounds = 12;

/** The layers, each in an order with few crossings of its edges to the layers beside it. */
export function ordered(
  layers: readonly (readonly string[])[],
  edges: readonly (readonly [from: string, to: string])[],
): readonly (readonly string[])[] {
  const before = new Map<string, string[]>();
  const after = new Map<string, string[]>();
  const seen = new Set<string>();
  for (const [from, to] of edges) {
    const key = `${from}\u0001${to}`;
    if (seen.has(key)) continue;
    seen.add(key);
    add(before, to, from);
    add(after, from, to);
  }
  let current = layers.map((layer) => [...layer]);
  let best = current;
  let fewest = crossings(current, after);
  for (let round = 0; round < rounds && fewest > 0; round += 1) {
    current = round % 2 === 0 ? swept(current, before) : swept(current.toReversed(), after).toReversed();
    const count = crossings(current, after);
    if (count < fewest) {
      fewest = count;
      best = current;
    }
  }
  return best;
}

function add(map: Map<string, string[]>, key: string, value: string): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}

/** Each layer after the first in the order of the mean place of its neighbours in the layer before. */
function swept(layers: readonly string[][], neighbours: ReadonlyMap<string, readonly string[]>): string[][] {
  const place = new Map<string, number>();
  return layers.map((layer, index) => {
    const wanted = new Map(
      layer.map((id, at) => {
        const places = (neighbours.get(id) ?? []).flatMap((other) => place.get(other) ?? []);
        return [id, index === 0 || places.length === 0 ? at : mean(places)] as const;
      }),
    );
    const sorted = layer.toSorted((a, b) => (wanted.get(a) ?? 0) - (wanted.get(b) ?? 0));
    place.clear();
    for (const [at, id] of sorted.entries()) place.set(id, at);
    return sorted;
  });
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** How many pairs of edges cross, counted by a binary indexed tree (Barth, Mutzel and Jünger 2004). */
export function crossings(
  layers: readonly (readonly string[])[],
  after: ReadonlyMap<string, readonly string[]>,
): number {
  let count = 0;
  for (const [index, layer] of layers.entries()) {
    const next = layers[index + 1];
    if (next === undefined) break;
    const place = new Map(next.map((id, at) => [id, at]));
    const tree = new Array<number>(next.length + 1).fill(0);
    let total = 0;
    for (const id of layer) {
      const ends = (after.get(id) ?? []).flatMap((to) => place.get(to) ?? []);
      for (const end of ends) count += total - sumTo(tree, end);
      for (const end of ends) addAt(tree, end);
      total += ends.length;
    }
  }
  return count;
}

/** How many edges end at or before a place. */
function sumTo(tree: readonly number[], place: number): number {
  let sum = 0;
  for (let at = place + 1; at > 0; at -= at & -at) sum += tree[at] ?? 0;
  return sum;
}

function addAt(tree: number[], place: number): void {
  for (let at = place + 1; at < tree.length; at += at & -at) tree[at] = (tree[at] ?? 0) + 1;
}
