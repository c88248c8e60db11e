/** Between two boxes of a layer, and beside a bend. */
const gap = 14;

const rounds = 8;

/**
 * The height of the middle of each node and bend: as near to the mean of its neighbours as the order and the gaps allow, in the sense
 * of least squares. The least is 0.
 */
export function placed(
  layers: readonly (readonly string[])[],
  edges: readonly (readonly [from: string, to: string])[],
  heightOf: (id: string) => number,
): ReadonlyMap<string, number> {
  const before = new Map<string, string[]>();
  const after = new Map<string, string[]>();
  for (const [from, to] of edges) {
    add(before, to, from);
    add(after, from, to);
  }
  const middle = new Map<string, number>();
  for (const layer of layers) {
    const at = stacked(layer, heightOf);
    for (const [index, id] of layer.entries()) middle.set(id, at[index] ?? 0);
  }
  for (let round = 0; round < rounds; round += 1) {
    const forward = round % 2 === 0;
    const beside = forward ? before : after;
    for (const layer of forward ? layers : layers.toReversed()) {
      const wanted = layer.map((id) => {
        const others = beside.get(id) ?? [];
        const own = middle.get(id) ?? 0;
        return others.length === 0
          ? own
          : others.reduce((sum, other) => sum + (middle.get(other) ?? 0), 0) / others.length;
      });
      const found = apart(wanted, stacked(layer, heightOf));
      for (const [index, id] of layer.entries()) middle.set(id, found[index] ?? 0);
    }
  }
  const top = Math.min(0, ...layers.flatMap((layer) => layer.map((id) => (middle.get(id) ?? 0) - heightOf(id) / 2)));
  return new Map([...middle].map(([id, value]) => [id, value - top]));
}

function add(map: Map<string, string[]>, key: string, value: string): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}

/** The middles of boxes that lie on each other with gaps between them. */
function stacked(layer: readonly string[], heightOf: (id: string) => number): number[] {
  let y = 0;
  return layer.map((id) => {
    const height = heightOf(id);
    const at = y + height / 2;
    y += height + gap;
    return at;
  });
}

/**
 * The values next to `wanted`, by least squares, that are at least as far apart as `least` is: isotonic regression of the
 * differences, by pooling adjacent violators.
 */
export function apart(wanted: readonly number[], least: readonly number[]): number[] {
  const blocks: { sum: number; count: number }[] = [];
  for (const [index, value] of wanted.entries()) {
    let block = { sum: value - (least[index] ?? 0), count: 1 };
    for (
      let last = blocks.at(-1);
      last !== undefined && last.sum / last.count > block.sum / block.count;
      last = blocks.at(-1)
    ) {
      blocks.pop();
      block = { sum: block.sum + last.sum, count: block.count + last.count };
    }
    blocks.push(block);
  }
  return blocks
    .flatMap(({ sum, count }) => new Array<number>(count).fill(sum / count))
    .map((value, index) => value + (least[index] ?? 0));
}
