/** What a subject is called: the id in the database, the owner in file names, and names that people read. */
export interface SubjectNames {
  readonly id: string;
  readonly owner: string;
  readonly names: readonly string[];
}

/** What stands in the place of a name that was taken out of a text. */
export const erasedMark = '[erased]';

/**
 * Finds a subject's names in text, whatever their letter case, also as JSON escapes them: the owner anywhere, the id and the
 * names as words (`jimmy_Kitchen_plug` has one, `Jimmys` has none).
 */
export class SubjectWords {
  /** For PostgreSQL's `~`. The classes of letters stand in it one by one, since a database may know ASCII only. */
  readonly posix: string;
  /** The owner alone, for `~`. */
  readonly ownerPosix: string;
  /** The id and the names with what stands before them in a group, for regexp_replace. */
  readonly wordsPosix: string;
  /** No text shorter than this can be told apart from the beginning of a match. */
  readonly longest: number;
  readonly #owner: RegExp;
  readonly #words: RegExp;

  constructor({ id, owner, names }: SubjectNames) {
    const words = either([id, ...names]);
    const whole = either([owner]);
    const escaped = String.raw`\\[bfnrt]|\\u[0-9a-fA-F]{4}`;
    const before = `^|[^[:alnum:]]|${escaped}`;
    this.posix = `(?:${before})(?:${words})(?:$|[^[:alnum:]])|${whole}`;
    this.ownerPosix = whole;
    this.wordsPosix = `(${before})(?:${words})(?=$|[^[:alnum:]])`;
    const jsBefore = `(?:(?<![\\p{L}\\p{N}])|(?<=${escaped}))`;
    this.#owner = new RegExp(whole, 'gu');
    this.#words = new RegExp(`${jsBefore}(?:${words})(?![\\p{L}\\p{N}])`, 'gu');
    // An escaped character takes six.
    this.longest = 6 * Math.max(...[id, owner, ...names].map((name) => name.normalize('NFD').length)) + 8;
  }

  /** How often they stand in a text. */
  count(text: string): number {
    const owners = text.match(this.#owner)?.length ?? 0;
    return owners + (text.replace(this.#owner, erasedMark).match(this.#words)?.length ?? 0);
  }

  /** The text without them. The owner goes first: what it leaves may have become a word. */
  erase(text: string): string {
    return text.replace(this.#owner, erasedMark).replace(this.#words, erasedMark);
  }
}

function either(words: readonly string[]): string {
  const forms = words.flatMap((word) => [word.normalize('NFC'), word.normalize('NFD')]).filter((word) => word !== '');
  // The longest first, since one may begin with another. What differs by letter case alone becomes the same.
  const patterns = forms.sort((a, b) => b.length - a.length).map((word) => [...word].map(anyCase).join(''));
  return [...new Set(patterns)].join('|');
}

/** One character in every way it may be written; in the part of the language that JavaScript and PostgreSQL share. */
function anyCase(character: string): string {
  if (character.charCodeAt(0) < 128) {
    if (/[a-z]/i.test(character)) return `[${character.toLowerCase()}${character.toUpperCase()}]`;
    return /[\^\\\]]/.test(character) ? `\\${character}` : `[${character}]`;
  }
  // Some letters become two when their case changes: those are not taken for the same.
  const cases = [character.toLowerCase(), character.toUpperCase()].filter((one) => [...one].length === 1);
  const forms = new Set([...cases, character].flatMap((one) => [one, escapeOf(one)]));
  return `(?:${[...forms].sort().join('|')})`;
}

/** As JSON may write it: `é` as backslash, u and its number, once for each half of a character beyond the first 65,536. */
function escapeOf(character: string): string {
  return character
    .split('')
    .map((unit) => {
      const digits = unit.charCodeAt(0).toString(16).padStart(4, '0');
      return String.raw`\\u` + digits.replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);
    })
    .join('');
}
