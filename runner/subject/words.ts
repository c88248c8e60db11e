/** What a subject is called: the id in the database, the owner in file names, and names that people read. */
export interface SubjectNames {
  readonly id: string;
  readonly owner: string;
  readonly names: readonly string[];
}

/** What stands in the place of a name that was taken out of a text. */
export const erasedMark = '[erased]';

/** What ends a word, in one of the two languages of patterns. */
interface Bounds {
  readonly before: string;
  readonly after: string;
}

/** A character as JSON escapes it. */
const escaped = String.raw`\\[bfnrt]|\\u[0-9a-fA-F]{4}`;

/** White space between the characters of a name, also as JSON escapes it. */
const gap = String.raw`(?:[\t-\r \u00a0\u2000-\u200a\u202f\u3000]|\\[bfnrt])*`;

const posixBounds: Bounds = { before: `(?:^|[^[:alnum:]]|${escaped})`, after: '(?:$|[^[:alnum:]])' };
const jsBounds: Bounds = { before: `(?:(?<![\\p{L}\\p{N}])|(?<=${escaped}))`, after: '(?![\\p{L}\\p{N}])' };

/** A name in a pattern. */
interface Word {
  readonly name: string;
  /** What may stand between its characters. */
  readonly gap: string;
}

/**
 * Finds a subject's names in text, whatever their letter case, also as JSON escapes them: the owner anywhere, the id, the
 * names and the owner with white space in it as words (`jimmy_Kitchen_plug` and `Jimmy Loup` have one, `Jimmys` has none). A name that is but a part of what another subject is
 * called is not the subject's there: `jimmy-2` has no `jimmy` where there is an apartment of that id.
 */
export class SubjectWords {
  /** For PostgreSQL's `~`. The classes of letters stand in it one by one, since a database may know ASCII only. */
  readonly posix: string;
  /** The owner alone, for `~`. */
  readonly ownerPosix: string;
  /** The id and the names with what stands before them in a group, for regexp_replace. */
  readonly wordsPosix: string;
  /** No name is longer in a text, and what stands further from a match than this does not change it. */
  readonly longest: number;
  readonly #owner: RegExp;
  readonly #words: RegExp;

  /** @param others all others who are configured. */
  constructor(subject: SubjectNames, others: readonly SubjectNames[] = []) {
    const { id, owner, names } = subject;
    const patterns = (bounds: Bounds) => ({
      whole: either([written(owner)], (word) => unlessPartOf(others, word, bounds)),
      words: either([spaced(owner), ...[id, ...names].map(exactly)], (word) => unlessPartOf(others, word, bounds)),
    });
    const posix = patterns(posixBounds);
    this.posix = `${posixBounds.before}(?:${posix.words})${posixBounds.after}|${posix.whole}`;
    this.ownerPosix = posix.whole;
    this.wordsPosix = `(${posixBounds.before})(?:${posix.words})(?=$|[^[:alnum:]])`;
    const js = patterns(jsBounds);
    this.#owner = new RegExp(js.whole, 'gu');
    this.#words = new RegExp(`${jsBounds.before}(?:${js.words})${jsBounds.after}`, 'gu');
    const all = [subject, ...others].flatMap((one) => [one.id, one.owner, ...one.names]);
    // An escaped character takes six, and there may be some white space after it.
    this.longest = 10 * Math.max(...all.map((name) => name.normalize('NFD').length)) + 8;
  }

  /** How often they stand in a text. */
  count(text: string): number {
    const owners = text.match(this.#owner)?.length ?? 0;
    return owners + (text.replace(this.#owner, erasedMark).match(this.#words)?.length ?? 0);
  }

  /** Whether one of them stands between two places of a text. What is beyond these is looked at, too. */
  isBetween(text: string, start: number, end: number): boolean {
    return [this.#owner, this.#words].some((pattern) =>
      [...text.matchAll(pattern)].some(({ index, 0: { length } }) => index >= start && index + length <= end),
    );
  }

  /** The text without them. The owner goes first: what it leaves may have become a word. */
  erase(text: string): string {
    return text.replace(this.#owner, erasedMark).replace(this.#words, erasedMark);
  }
}

const exactly = (name: string): Word => ({ name, gap: '' });
/** An owner as files have it: white space in project.yml does not count. */
const written = (owner: string): Word => exactly(owner.replace(/\s/g, ''));
/** An owner as people write it. */
const spaced = (owner: string): Word => ({ ...written(owner), gap });

/**
 * Nothing, where a word is no part of a longer name of others; there no match. Written so that the conditions follow each
 * other, as PostgreSQL has it.
 */
function unlessPartOf(others: readonly SubjectNames[], word: string, bounds: Bounds): string {
  const named = others.flatMap(({ id, owner, names }) => [
    { ...written(owner), before: '', after: '' },
    ...[spaced(owner), ...[id, ...names].map(exactly)].map((name) => ({ ...name, ...bounds })),
  ]);
  const conditions = named.flatMap(({ name, gap: between, before, after }) =>
    partsAround(name, word).map(([start, end]) => {
      const preceded = before + (start === '' ? '' : `(?:${either([{ name: start, gap: between }])})${between}`);
      const notFollowed = `(?!(?:${either([{ name: word + end, gap: between }])})${after})`;
      return preceded === '' ? notFollowed : `(?:(?<!${preceded})|${notFollowed})`;
    }),
  );
  return [...new Set(conditions)].join('');
}

/** What stands before and after a word in a name that is longer, letter case aside, for each place where it does. */
function partsAround(name: string, word: string): [string, string][] {
  const characters = [...name.normalize('NFC')];
  const wanted = [...word.normalize('NFC')].map((character) => character.toLowerCase());
  const places = Array.from({ length: Math.max(characters.length - wanted.length + 1, 0) }, (_, at) => at);
  if (wanted.length === characters.length) return [];
  return places
    .filter((at) => wanted.every((character, index) => characters[at + index]?.toLowerCase() === character))
    .map((at) => [characters.slice(0, at).join(''), characters.slice(at + wanted.length).join('')]);
}

/** @param condition what has to hold where a word begins. */
function either(words: readonly Word[], condition: (word: string) => string = () => ''): string {
  const forms = words.flatMap(({ name, gap: between }) =>
    [name.normalize('NFC'), name.normalize('NFD')].map((form) => ({ name: form, gap: between })),
  );
  // The longest first, since one may begin with another. What differs by letter case alone becomes the same.
  const patterns = forms
    .filter(({ name }) => name !== '')
    .sort((a, b) => b.name.length - a.name.length)
    .map(({ name, gap: between }) => condition(name) + [...name].map(anyCase).join(between));
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
