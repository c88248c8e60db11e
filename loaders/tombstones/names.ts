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

/**
 * As {@link partsOf}, but only parts that begin and end where words do: in `of_Jim Loup.json` there is `jimloup`, but
 * no `imloup`.
 */
export function* wordsOf(text: string, length: number): Generator<string> {
  const characters: { readonly lower: string; readonly isStart: boolean }[] = [];
  let inWord = false;
  for (const character of text.normalize('NFC')) {
    const isOfWord = /[\p{L}\p{N}\p{M}]/u.test(character);
    if (!/\s/.test(character))
      for (const [index, lower] of [...character.toLowerCase()].entries())
        characters.push({ lower, isStart: index === 0 && !(inWord && isOfWord) });
    inWord = isOfWord;
  }
  for (let at = 0; at + length <= characters.length; at += 1) {
    if (characters[at]?.isStart !== true || characters[at + length]?.isStart === false) continue;
    const part = characters.slice(at, at + length).map(({ lower }) => lower);
    yield part.join('');
  }
}
