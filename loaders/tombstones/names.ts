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
