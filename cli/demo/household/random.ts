/** A source of numbers that look random and are the same on every machine: a day written twice is the same day. */
export interface Random {
  /** A number from 0 up to, not including, 1. */
  next(): number;
  /** A number around 0, rarely further away than `size`. */
  noise(size: number): number;
}

/**
 * Mulberry32: 32-bit integer arithmetic only, which every JavaScript engine does alike.
 * @param seed any integer; equal seeds give equal numbers.
 */
export function seededRandom(seed: number): Random {
  let state = seed | 0;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  // Three throws of a die make a bell without Math.exp or Math.cos, whose last digits differ between platforms.
  return { next, noise: (size) => ((next() + next() + next()) / 1.5 - 1) * size };
}

const scales = [1, 10, 100] as const;

/** Rounds to `digits` decimals. */
export function round(value: number, digits: 0 | 1 | 2): number {
  const scale = scales[digits];
  return Math.round(value * scale) / scale;
}
