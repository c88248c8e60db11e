import type { Place } from '../text/place.ts';
import { SqlText } from '../text/sql-text.ts';

/** The escape before a character of a scalar that makes it part of the value: in double quotes, in single quotes, nowhere else. */
export type Escape = '\\' | "'" | undefined;

/**
 * The value of a YAML scalar as SQL whose characters know their places in the file, although YAML removes indentation, line breaks
 * and escapes.
 * @param written the scalar as the file has it, without its opening quote or indicator.
 * @param placeOf the place of a character of `written`.
 */
export function alignedText(
  value: string,
  written: string,
  escaping: Escape,
  placeOf: (offset: number) => Place,
): SqlText {
  const segments: { start: number; origin: { place: Place; verbatim: true } }[] = [];
  let next: number | undefined;
  let from = 0;
  for (const [index, character] of value.split('').entries()) {
    const at = find(character, written, from, escaping);
    // An escape like \n or \u00e9 is no character of the value: all of it has one place.
    if (at === undefined) return SqlText.from(placeOf(0), value);
    if (at !== next) segments.push({ start: index, origin: { place: placeOf(at), verbatim: true } });
    from = at + 1;
    next = written.charAt(at) === character ? from : undefined;
  }
  return new SqlText(value, segments);
}

/** The offset of `character` from `from` on, if only white space comes before it; otherwise undefined. */
function find(character: string, written: string, from: number, escaping: Escape): number | undefined {
  for (let at = from; at < written.length; at += 1) {
    const sign = written.charAt(at);
    if (sign === escaping) return written.charAt(at + 1) === character ? at + 1 : undefined;
    // A line break that was folded is a blank in the value.
    if (sign === character || (character === ' ' && sign === '\n')) return at;
    if (!/\s/.test(sign)) return undefined;
  }
  return undefined;
}
