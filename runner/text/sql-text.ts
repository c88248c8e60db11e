// Text that knows its place. A message of datacycle points at the file, line and column that the user wrote.
//
//   place.ts      a place, and the quoted line with a caret
//   sql-text.ts   generated SQL: each segment carries the place that it comes from, or is a hole
//   hole.ts       what only a run knows, as a hole in the SQL
//   errors.ts     problems and errors that carry places; they are quoted once, by whoever reports them
//
// An error of PostgreSQL has a position in the generated SQL. SqlText.placeAt turns it into a place in the template.

import type { Hole } from './hole.ts';
import { advance, formatPlace, type Place } from './place.ts';
import { sqlTokens } from './sql-tokens.ts';

/** Where a stretch of generated SQL comes from. */
export interface Origin {
  readonly place: Place;
  /** True when the stretch is the template's own text, so that places inside it can be counted. */
  readonly verbatim: boolean;
  /** True for text that the runner wrote around the user's own text. */
  readonly frame?: boolean;
  /** How the text came from there into the SQL, the nearest first. */
  readonly trail?: readonly Passage[] | undefined;
}

/** A macro that was called, or a value that was given to a macro and put in there. */
export interface Passage {
  readonly how: 'called' | 'used';
  readonly at: Place;
}

/** The trail of an origin as lines of text. */
export function trailLines(origin: Origin | undefined): string[] {
  return (origin?.trail ?? []).map(({ how, at }) => `  ${how} at ${formatPlace(at)}`);
}

export interface Segment {
  readonly start: number;
  /** Undefined for text that the runner itself put in. */
  readonly origin: Origin | undefined;
  /** What its first `length` characters stand for until a run is known. */
  readonly hole?: { readonly hole: Hole; readonly length: number } | undefined;
}

/** A hole and where it is: from `start` up to, and without, `end`. */
export interface PlacedHole {
  readonly hole: Hole;
  readonly start: number;
  readonly end: number;
}

/** How far into a text a place in it is; places count lines and columns from 1. */
export function offsetIn(text: string, { line, column }: Place): number {
  const before = text.split('\n').slice(0, line - 1);
  return before.reduce((sum, one) => sum + one.length + 1, 0) + column - 1;
}

/** Generated SQL that knows, for every character, the place in the template it comes from. */
export class SqlText {
  readonly text: string;
  readonly segments: readonly Segment[];

  constructor(text: string, segments: readonly Segment[] = []) {
    this.text = text;
    this.segments = segments;
  }

  /** Joins pieces; plain strings have no origin. */
  static join(...pieces: readonly (string | SqlText)[]): SqlText {
    let text = '';
    const segments: Segment[] = [];
    for (const piece of pieces) {
      if (piece instanceof SqlText) {
        for (const segment of piece.segments) segments.push({ ...segment, start: segment.start + text.length });
        text += piece.text;
      } else if (piece !== '') {
        segments.push({ start: text.length, origin: undefined });
        text += piece;
      }
    }
    return new SqlText(text, segments);
  }

  /** Joins pieces with `separator` between them. */
  static list(pieces: readonly (string | SqlText)[], separator: string): SqlText {
    return SqlText.join(...pieces.flatMap((piece, index) => (index === 0 ? [piece] : [separator, piece])));
  }

  /** SQL that the runner wrote because of the setting at `place`. */
  static from(place: Place, text: string, verbatim = false): SqlText {
    return new SqlText(text, [{ start: 0, origin: { place, verbatim } }]);
  }

  /** The same with `place` as the origin of everything that has none. */
  framedBy(place: Place): SqlText {
    const frame: Origin = { place, verbatim: false, frame: true };
    const bare = this.segments[0]?.start === 0 ? [] : [{ start: 0, origin: frame }];
    const rest = this.segments.map((segment) => ({ ...segment, origin: segment.origin ?? frame }));
    return new SqlText(this.text, [...bare, ...rest]);
  }

  /** The place because of which the runner wrote the statement; of several, that of the part that holds one of `names`. */
  frameOf(names: readonly string[]): Place | undefined {
    const frames = this.segments.flatMap(({ start, origin }, index) => {
      const text = this.text.slice(start, this.segments[index + 1]?.start);
      return origin?.frame === true ? [{ place: origin.place, text }] : [];
    });
    return (frames.find(({ text }) => names.some((name) => text.includes(name))) ?? frames[0])?.place;
  }

  /** The template place of the character at `offset` (from 0), if it comes from a template. */
  placeAt(offset: number): Place | undefined {
    return this.originAt(offset)?.place;
  }

  /** The origin of the character at `offset` (from 0), if it comes from a template. */
  originAt(offset: number): Origin | undefined {
    let found: Segment | undefined;
    for (const segment of this.segments) {
      if (segment.start > offset) break;
      found = segment;
    }
    if (found?.origin === undefined) return undefined;
    const { origin } = found;
    if (!origin.verbatim) return origin;
    return { ...origin, place: advance(origin.place, this.text.slice(found.start), offset - found.start) };
  }

  /** The origin of the last character of the user's own code before `offset`, comments left out. */
  lastCodeBefore(offset: number): Origin | undefined {
    let last: Origin | undefined;
    for (const { kind, start, text } of sqlTokens(this.text.slice(0, offset))) {
      if (kind === 'blank' || kind === 'comment') continue;
      const origin = this.originAt(start + text.length - 1);
      if (origin !== undefined && origin.frame !== true) last = origin;
    }
    return last;
  }

  /** The offset (from 0) of PostgreSQL's 1-based `position`, which counts characters where JavaScript counts UTF-16 units. */
  offsetOf(position: number): number {
    let offset = 0;
    let characters = 1;
    for (const character of this.text) {
      if (characters >= position) break;
      characters += 1;
      offset += character.length;
    }
    return offset;
  }

  /** The part from `start` to `end`, origins kept. */
  slice(start: number, end: number = this.text.length): SqlText {
    const segments: Segment[] = [];
    for (const [index, segment] of this.segments.entries()) {
      const next = this.segments[index + 1]?.start ?? this.text.length;
      if (next <= start || segment.start >= end) continue;
      const cut = Math.max(0, start - segment.start);
      const origin =
        cut > 0 && segment.origin?.verbatim
          ? { ...segment.origin, place: advance(segment.origin.place, this.text.slice(segment.start), cut) }
          : segment.origin;
      // A hole that is cut is text.
      const whole = cut === 0 && segment.start + (segment.hole?.length ?? 0) <= end;
      segments.push({ start: Math.max(segment.start, start) - start, origin, hole: whole ? segment.hole : undefined });
    }
    return new SqlText(this.text.slice(start, end), segments);
  }

  /** The text without white space at its ends, origins kept. */
  trim(): SqlText {
    const start = this.text.length - this.text.trimStart().length;
    return this.slice(start, this.text.trimEnd().length);
  }

  /**
   * The same where `file` is no file but a value in one: what comes from it has the place of that value.
   * @param written the value, whose characters know their places.
   */
  placedAt(file: string, written: SqlText): SqlText {
    const found = (place: Place) => (place.file === file ? written.placeAt(offsetIn(written.text, place)) : place);
    const moved = (place: Place) => found(place) ?? written.placeAt(0) ?? place;
    const trailOf = (origin: Origin) => origin.trail?.map(({ how, at }) => ({ how, at: moved(at) }));
    const segments = this.segments.flatMap(({ start, origin, hole }, index): Segment[] => {
      if (origin === undefined) return [{ start, origin, hole }];
      const trail = trailOf(origin);
      const text = this.text.slice(start, this.segments[index + 1]?.start);
      const from = offsetIn(written.text, origin.place);
      if (!origin.verbatim || origin.place.file !== file || !written.text.startsWith(text, from))
        return [{ start, origin: { ...origin, place: moved(origin.place), trail }, hole }];
      return written.slice(from, from + text.length).segments.map((one) => ({
        start: start + one.start,
        origin: one.origin && { ...one.origin, trail },
      }));
    });
    return new SqlText(this.text, segments);
  }

  /** Its holes, in order. */
  get holes(): readonly PlacedHole[] {
    return this.segments.flatMap(({ start, hole }) =>
      hole === undefined ? [] : [{ hole: hole.hole, start, end: start + hole.length }],
    );
  }

  /**
   * Fills holes.
   * @param by the text for a hole; undefined: it stays one.
   */
  fill(by: (hole: Hole, at: PlacedHole) => string | undefined): SqlText {
    return this.put(
      this.holes.flatMap((one) => {
        const text = by(one.hole, one);
        return text === undefined ? [] : [{ start: one.start, end: one.end, text }];
      }),
    );
  }

  /**
   * Puts texts in the place of stretches, which are in order. Each has the origin of what it takes the place of; where that is
   * nothing, of the character before it.
   */
  put(texts: readonly { readonly start: number; readonly end: number; readonly text: string }[]): SqlText {
    if (texts.length === 0) return this;
    const pieces: (string | SqlText)[] = [];
    let done = 0;
    for (const { start, end, text } of texts) {
      const place = this.placeAt(end > start ? start : start - 1);
      pieces.push(this.slice(done, start), place === undefined ? text : SqlText.from(place, text));
      done = end;
    }
    return SqlText.join(...pieces, this.slice(done));
  }
}
