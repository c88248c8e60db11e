import { advance, type Place } from './place.ts';

/** Where a stretch of generated SQL comes from. */
export interface Origin {
  readonly place: Place;
  /** True when the stretch is the template's own text, so that places inside it can be counted. */
  readonly verbatim: boolean;
}

interface Segment {
  readonly start: number;
  /** Undefined for text that the runner itself put in. */
  readonly origin: Origin | undefined;
}

/** Generated SQL that knows, for every character, the place in the template it comes from. */
export class SqlText {
  readonly text: string;
  readonly #segments: readonly Segment[];

  constructor(text: string, segments: readonly Segment[] = []) {
    this.text = text;
    this.#segments = segments;
  }

  /** Joins pieces; plain strings have no origin. */
  static join(...pieces: readonly (string | SqlText)[]): SqlText {
    let text = '';
    const segments: Segment[] = [];
    for (const piece of pieces) {
      if (piece instanceof SqlText) {
        for (const segment of piece.#segments)
          segments.push({ start: segment.start + text.length, origin: segment.origin });
        text += piece.text;
      } else if (piece !== '') {
        segments.push({ start: text.length, origin: undefined });
        text += piece;
      }
    }
    return new SqlText(text, segments);
  }

  /** The template place of the character at `offset` (from 0), if it comes from a template. */
  placeAt(offset: number): Place | undefined {
    let found: Segment | undefined;
    for (const segment of this.#segments) {
      if (segment.start > offset) break;
      found = segment;
    }
    if (found?.origin === undefined) return undefined;
    const { place, verbatim } = found.origin;
    return verbatim ? advance(place, this.text.slice(found.start), offset - found.start) : place;
  }

  /** The place right behind the last character that comes from a template. */
  end(): Place | undefined {
    const last = this.#segments.findLast((segment) => segment.origin !== undefined);
    if (last?.origin === undefined) return undefined;
    const next = this.#segments.find((segment) => segment.start > last.start)?.start ?? this.text.length;
    return this.placeAt(Math.max(last.start, next - 1));
  }

  /** The place all of it was made for, where it is no template's own text: a test or constraint of a .yml file. */
  wholePlace(): Place | undefined {
    const origins = new Set(this.#segments.flatMap(({ origin }) => origin ?? []));
    const [only, ...others] = origins;
    return others.length > 0 || only?.verbatim === true ? undefined : only?.place;
  }

  /** The template place of PostgreSQL's 1-based `position`, which counts characters where JavaScript counts UTF-16 units. */
  placeAtPosition(position: number): Place | undefined {
    let offset = 0;
    let characters = 1;
    for (const character of this.text) {
      if (characters >= position) break;
      characters += 1;
      offset += character.length;
    }
    return this.placeAt(offset);
  }

  /** The part from `start` to `end`, origins kept. */
  slice(start: number, end: number = this.text.length): SqlText {
    const segments: Segment[] = [];
    for (const [index, segment] of this.#segments.entries()) {
      const next = this.#segments[index + 1]?.start ?? this.text.length;
      if (next <= start || segment.start >= end) continue;
      const cut = Math.max(0, start - segment.start);
      const origin =
        cut > 0 && segment.origin?.verbatim
          ? { ...segment.origin, place: advance(segment.origin.place, this.text.slice(segment.start), cut) }
          : segment.origin;
      segments.push({ start: Math.max(segment.start, start) - start, origin });
    }
    return new SqlText(this.text.slice(start, end), segments);
  }

  /** The text without white space at its ends, origins kept. */
  trim(): SqlText {
    const start = this.text.length - this.text.trimStart().length;
    return this.slice(start, this.text.trimEnd().length);
  }

  /** Replaces every match of a global `pattern`; what is put in has the origin of what stood there. */
  replace(pattern: RegExp, by: (match: RegExpMatchArray) => string): SqlText {
    const pieces: (string | SqlText)[] = [];
    let end = 0;
    for (const match of this.text.matchAll(pattern)) {
      pieces.push(this.slice(end, match.index));
      const origin = this.placeAt(match.index);
      const text = by(match);
      pieces.push(
        origin === undefined ? text : new SqlText(text, [{ start: 0, origin: { place: origin, verbatim: false } }]),
      );
      end = match.index + match[0].length;
    }
    pieces.push(this.slice(end));
    return SqlText.join(...pieces);
  }
}
