/**
 * How names are compared: in Unicode's composed form, letter case and white space aside, as a list of characters. Lower
 * case is taken character by character, so that a part of a name is the same whatever stands around it.
 */
export function squeezed(text: string): string[] {
  return [...text.normalize('NFC').replace(/\s/g, '')].flatMap((character) => [...character.toLowerCase()]);
}

/** How an apartment's id is compared; `staging.is_erased` does the same, in every database alike. */
export function foldedId(id: string): string {
  return id.replace(/[ \t\n\v\f\r]/g, '').replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** Every part of a text that is `length` characters long once squeezed. */
export function* partsOf(text: string, length: number): Generator<string> {
  const characters = squeezed(text);
  for (let at = 0; at + length <= characters.length; at += 1) yield characters.slice(at, at + length).join('');
}

/** A part of a text that begins and ends where words do, and its place in the text in Unicode's composed form. */
interface Words {
  readonly squeezed: string;
  readonly start: number;
  readonly end: number;
}

/**
 * As {@link partsOf}, but only parts that begin and end where words do: in `of_Jim Loup.json` there is `jimloup`, but
 * no `imloup`.
 */
export function* wordsOf(text: string, length: number): Generator<string> {
  for (const words of placedWordsOf(text.normalize('NFC'), length)) yield words.squeezed;
}

function* placedWordsOf(text: string, length: number): Generator<Words> {
  const characters: {
    readonly lower: string;
    readonly isStart: boolean;
    readonly start: number;
    readonly end: number;
  }[] = [];
  let inWord = false;
  let start = 0;
  for (const character of text) {
    const isOfWord = /[\p{L}\p{N}\p{M}]/u.test(character);
    const end = start + character.length;
    if (!/\s/.test(character)) {
      for (const [index, lower] of [...character.toLowerCase()].entries())
        characters.push({ lower, isStart: index === 0 && !(inWord && isOfWord), start, end });
    }
    inWord = isOfWord;
    start = end;
  }
  for (let at = 0; at + length <= characters.length; at += 1) {
    const [first, last, next] = [characters[at], characters[at + length - 1], characters[at + length]];
    if (first?.isStart !== true || last === undefined || next?.isStart === false) continue;
    const lower = characters.slice(at, at + length).map((one) => one.lower);
    yield { squeezed: lower.join(''), start: first.start, end: last.end };
  }
}

/** What stands in the place of a name that was taken out of a text. */
const erasedMark = '[erased]';

/** Names of one length, in characters once squeezed, that cannot be listed but known when met. */
export interface UnknownNames {
  readonly length: number;
  readonly isName: (squeezed: string) => boolean;
}

/**
 * A text with `[erased]` in the place of names that stand in it as words of their own; the same text if there are none.
 * @param kept squeezed names of others: what is part of one of these stays.
 */
export function withoutWords(text: string, names: readonly UnknownNames[], kept: readonly string[]): string {
  const composed = text.normalize('NFC');
  const found = names.flatMap(({ length, isName }) =>
    [...placedWordsOf(composed, length)].filter((words) => isName(words.squeezed)),
  );
  if (found.length === 0) return text;
  const others = kept.flatMap((name) =>
    [...placedWordsOf(composed, [...name].length)].filter((words) => words.squeezed === name),
  );
  const isPart = ({ start, end }: Words) =>
    others.some((other) => other.start <= start && end <= other.end && other.end - other.start > end - start);
  let clean = '';
  let done = 0;
  for (const words of found.filter((one) => !isPart(one)).sort((a, b) => a.start - b.start || b.end - a.end)) {
    if (words.start < done) continue;
    clean += composed.slice(done, words.start) + erasedMark;
    done = words.end;
  }
  return done === 0 ? text : clean + composed.slice(done);
}

/** A JSON text with each string in it changed, but for the names of members; all else stays as it is written. */
export function withStrings(json: string, change: (text: string) => string): string {
  return json.replace(/("[^"\\]*(?:\\.[^"\\]*)*")(\s*:)?/g, (written, literal: string, colon: string | undefined) => {
    if (colon !== undefined) return written;
    const text = String(JSON.parse(literal));
    const changed = change(text);
    return changed === text ? written : JSON.stringify(changed);
  });
}
