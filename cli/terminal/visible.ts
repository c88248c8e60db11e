/**
 * Text as a terminal may print it: control characters and those that turn the direction of writing are spelt out (`\u001b`),
 * since data and names of files must not move the cursor, colour the screen or hide other text. Line breaks and tabs stay.
 */
export function visible(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .replace(
      /(?![\n\t])[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu,
      (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );
}
