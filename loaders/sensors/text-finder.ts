/**
 * Finds any of many texts within a text in one pass over it, however many there are and whatever they are made of: the automaton
 * of Aho and Corasick, over UTF-16 code units. `includes`, text by text, takes their number times as long, and can take its
 * square where they repeat themselves.
 */
export class TextFinder {
  /** By state and code unit (`state * 65536 + unit`), the next state; the first state is 0. */
  readonly #next = new Map<number, number>();
  /** For each state, that of the longest proper ending of it that some text begins with. */
  readonly #fallback: Int32Array;
  /** For each state, whether a text ends there. */
  readonly #ends: Uint8Array;

  /** @param texts none of them empty. */
  constructor(texts: readonly string[]) {
    const most = texts.reduce((sum, { length }) => sum + length, 1);
    this.#fallback = new Int32Array(most);
    this.#ends = new Uint8Array(most);
    // States are numbered along each text, so the state that one was entered from is known by these two.
    const from = new Int32Array(most);
    const by = new Uint16Array(most);
    const depth = new Int32Array(most);
    let states = 1;
    for (const text of texts) {
      let state = 0;
      for (let at = 0; at < text.length; at += 1) {
        const edge = state * 65_536 + text.charCodeAt(at);
        let next = this.#next.get(edge);
        if (next === undefined) {
          next = states;
          states += 1;
          this.#next.set(edge, next);
          from[next] = state;
          by[next] = text.charCodeAt(at);
          depth[next] = at + 1;
        }
        state = next;
      }
      this.#ends[state] = 1;
    }
    // The shallow ones first: a fallback is always shallower.
    for (const state of inOrderOf(depth.subarray(0, states))) {
      if (state === 0) continue;
      const parent = from[state] ?? 0;
      const fallback = parent === 0 ? 0 : this.#step(this.#fallback[parent] ?? 0, by[state] ?? 0);
      this.#fallback[state] = fallback;
      if (this.#ends[fallback] === 1) this.#ends[state] = 1;
    }
  }

  /** Whether one of the texts is in this one. */
  isIn(text: string): boolean {
    let state = 0;
    for (let at = 0; at < text.length; at += 1) {
      state = this.#step(state, text.charCodeAt(at));
      if (this.#ends[state] === 1) return true;
    }
    return false;
  }

  #step(from: number, unit: number): number {
    for (let state = from; ; state = this.#fallback[state] ?? 0) {
      const next = this.#next.get(state * 65_536 + unit);
      if (next !== undefined || state === 0) return next ?? 0;
    }
  }
}

/** The places of the values from the smallest to the largest, which are below their number. */
function inOrderOf(values: Int32Array): Int32Array {
  const places = new Int32Array(values.length + 1);
  for (const value of values) places[value + 1] = (places[value + 1] ?? 0) + 1;
  for (let value = 1; value < places.length; value += 1)
    places[value] = (places[value] ?? 0) + (places[value - 1] ?? 0);
  const order = new Int32Array(values.length);
  for (const [index, value] of values.entries()) {
    order[places[value] ?? 0] = index;
    places[value] = (places[value] ?? 0) + 1;
  }
  return order;
}
