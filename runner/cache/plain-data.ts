import { type Origin, type Segment, SqlText } from '../text/sql-text.ts';

/*
 * A compiled project as JSON. What JSON lacks is an object with one key that begins with `~`:
 *
 *   {"~map": [[key, value], ...]}, {"~set": [...]}
 *   {"~sql": [text, start, number, start, number, ...]}   the number is that of the segment in `segments`, which says where it comes from
 *   {"~object": [[key, value], ...]}                      an object that has such a key itself
 *
 * Where a segment comes from, and how it came from there, is said once for all that have it in common.
 */

/** Something that JSON cannot hold: a function, an object of a class, an infinite number. */
class NotPlain extends Error {}

type Unplaced = Omit<Segment, 'start'>;

interface Kept {
  readonly data: unknown;
  /** With the number of its trail in `trails`. */
  readonly segments: readonly { readonly segment: Unplaced; readonly trail?: number | undefined }[];
  readonly trails: readonly NonNullable<Origin['trail']>[];
}

/** The value as a text. Parts that are undefined are left out. @throws NotPlain */
export function toText(value: unknown): string {
  const segments = new Numbered<Kept['segments'][number]>();
  const trails = new Numbered<Kept['trails'][number]>();
  // Most are the same objects, which spares comparing them.
  const seen = new Map<Origin, number>();
  const seenTrails = new Map<unknown, number>();
  const numberOfTrail = (trail: NonNullable<Origin['trail']>): number => {
    const number = seenTrails.get(trail) ?? trails.numberOf(trail);
    seenTrails.set(trail, number);
    return number;
  };
  const numberOf = ({ start: _start, origin, hole }: Segment): number => {
    const known = hole === undefined && origin !== undefined ? seen.get(origin) : undefined;
    if (known !== undefined) return known;
    const { trail, ...from } = origin ?? {};
    const segment = { origin: origin && (from as Origin), hole };
    const number = segments.numberOf({ segment, trail: trail && numberOfTrail(trail) });
    if (hole === undefined && origin !== undefined) seen.set(origin, number);
    return number;
  };
  const data = asJson(value, numberOf);
  return JSON.stringify({ data, segments: segments.all, trails: trails.all } satisfies Kept);
}

/** The value of {@link toText}. @throws SyntaxError */
export function fromText(text: string): unknown {
  const { data, segments, trails } = JSON.parse(text) as Kept;
  const whole: Unplaced[] = [];
  return revived(data, (number) => {
    whole[number] ??= withTrail(segments[number], trails);
    return whole[number];
  });
}

/** The segment of a number. */
type SegmentOf = (number: number) => Unplaced;

function withTrail(kept: Kept['segments'][number] | undefined, trails: Kept['trails']): Unplaced {
  const { segment = { origin: undefined }, trail } = kept ?? {};
  const { origin } = segment;
  return origin === undefined || trail === undefined
    ? segment
    : { ...segment, origin: { ...origin, trail: trails[trail] } };
}

/** Values that are equal have one number. */
class Numbered<T> {
  readonly all: T[] = [];
  readonly #numbers = new Map<string, number>();

  numberOf(value: T): number {
    const key = JSON.stringify(value);
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    this.#numbers.set(key, this.all.length);
    return this.all.push(value) - 1;
  }
}

function asJson(value: unknown, numberOf: (segment: Segment) => number): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
    case 'undefined':
      return value;
    case 'number':
      if (Number.isFinite(value)) return value;
      throw new NotPlain(`${value} is no number of JSON`);
    case 'object':
      break;
    default:
      throw new NotPlain(`a ${typeof value} is no plain data`);
  }
  if (value === null) return null;
  const inside = (one: unknown) => asJson(one, numberOf);
  if (value instanceof SqlText)
    return { '~sql': [value.text, ...value.segments.flatMap((one) => [one.start, numberOf(one)])] };
  if (value instanceof Map) return { '~map': [...value].map((pair) => pair.map(inside)) };
  if (value instanceof Set) return { '~set': [...value].map(inside) };
  if (Array.isArray(value)) {
    if (value.includes(undefined)) throw new NotPlain('a list has a part that is undefined');
    return value.map(inside);
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) throw new NotPlain('an object of a class is no plain data');
  const entries = Object.entries(value).flatMap(([key, one]) =>
    one === undefined ? [] : [[key, inside(one)] as const],
  );
  return entries.some(([key]) => key.startsWith('~')) ? { '~object': entries } : Object.fromEntries(entries);
}

/** Puts Maps, Sets and SqlTexts in their places; the value is changed, and new where it is one of these itself. */
function revived(value: unknown, segmentOf: SegmentOf): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length; at += 1) {
      const one: unknown = value[at];
      if (typeof one === 'object' && one !== null) value[at] = revived(one, segmentOf);
    }
    return value;
  }
  const object = value as Record<string, unknown>;
  for (const key in object) {
    const one = object[key];
    if (key.startsWith('~')) return special(key, one as unknown[], segmentOf);
    if (typeof one === 'object' && one !== null) object[key] = revived(one, segmentOf);
  }
  return object;
}

function special(kind: string, parts: unknown[], segmentOf: SegmentOf): unknown {
  switch (kind) {
    case '~sql':
      return sqlText(parts as [string, ...number[]], segmentOf);
    case '~map':
      return new Map(revived(parts, segmentOf) as [unknown, unknown][]);
    case '~set':
      return new Set(revived(parts, segmentOf) as unknown[]);
    case '~object':
      return Object.fromEntries(revived(parts, segmentOf) as [string, unknown][]);
    default:
      throw new SyntaxError(`${kind} is nothing that is kept`);
  }
}

/** A command asks for the places of few of the texts that a project has, so their segments are made when somebody does. */
function sqlText([text, ...numbers]: [string, ...number[]], segmentOf: SegmentOf): SqlText {
  const sql = new SqlText(text);
  const property = { configurable: true, enumerable: true };
  return Object.defineProperty(sql, 'segments', {
    ...property,
    get: () => {
      const segments: Segment[] = [];
      for (let at = 0; at + 1 < numbers.length; at += 2)
        segments.push({ start: numbers[at] ?? 0, ...segmentOf(numbers[at + 1] ?? -1) });
      Object.defineProperty(sql, 'segments', { ...property, value: segments });
      return segments;
    },
  });
}

/** Undefined for what is not kept: a text that is no such data, or data that has no text. */
export function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof NotPlain || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
