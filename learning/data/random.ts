/** Numbers that look random; equal seeds give equal numbers on every machine. */
export interface Random {
  /** A number from 0 up to, not including, 1, a multiple of 2^-32. */
  next(): number;
}

/**
 * xoshiro128** by Blackman and Vigna ("Scrambled linear pseudorandom number generators", ACM TOMS 47(4), 2021, section 5), its
 * state filled by a Weyl sequence mixed as in MurmurHash3. Integer arithmetic of 32 bits only.
 * @param seed any integer; only its lowest 32 bits count.
 */
export function randomOf(seed: number): Random {
  let counter = seed | 0;
  const fill = () => {
    counter = (counter + 0x9e3779b9) | 0;
    let mixed = counter ^ (counter >>> 16);
    mixed = Math.imul(mixed, 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return mixed ^ (mixed >>> 16);
  };
  let [a, b, c, d] = [fill(), fill(), fill(), fill()];
  const next = () => {
    const scrambled = Math.imul(rotated(Math.imul(b, 5), 7), 9);
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotated(d, 11);
    return (scrambled >>> 0) / 4_294_967_296;
  };
  return { next };
}

function rotated(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}

/**
 * `count` of the numbers 0 to n - 1, ascending, each set of them equally likely: selection sampling (Knuth, TAOCP volume 2,
 * 3.4.2, algorithm S).
 */
export function sampleOf(random: Random, n: number, count: number): Int32Array {
  const chosen = new Int32Array(Math.min(count, n));
  let taken = 0;
  for (let at = 0; taken < chosen.length; at += 1)
    if ((n - at) * random.next() < chosen.length - taken) {
      chosen[taken] = at;
      taken += 1;
    }
  return chosen;
}

/** The numbers 0 to n - 1 in an order by chance (Fisher and Yates; Knuth, TAOCP volume 2, 3.4.2, algorithm P). */
export function shuffled(random: Random, n: number): Int32Array {
  const order = Int32Array.from({ length: n }, (_, at) => at);
  for (let last = n - 1; last > 0; last -= 1) {
    const other = Math.floor(random.next() * (last + 1));
    const kept = order[last] as number;
    order[last] = order[other] as number;
    order[other] = kept;
  }
  return order;
}
