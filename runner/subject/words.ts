import { literal } from '../../warehouse/quote.ts';

/** What a subject is called: the id in the database, the owner in file names, and names that people read. */
export interface SubjectNames {
  readonly id: string;
  readonly owner: string;
  readonly names: readonly string[];
}

/** What ends a word, in one of the two languages of patterns. */
interface Bounds {
  readonly before: string;
  readonly after: string;
}

const sqlBounds: Bounds = { before: '(?<![[:alnum:]])', after: '(?![[:alnum:]])' };
const jsBounds: Bounds = { before: '(?<![\\p{L}\\p{N}])', after: '(?![\\p{L}\\p{N}])' };

interface Name {
  readonly text: string;
  /** Whether it counts only between characters that are neither letters nor digits. */
  readonly isWord: boolean;
}

/**
 * Finds a subject's names in text, whatever their letter case: the owner anywhere, the id and the names as words
 * (`jimmy_Kitchen_plug` has one, `jimmys` has none). A name that is only a part of another subject's name does not count:
 * `jimmy-2` contains no `jimmy` if there is an apartment of that id.
 */
export class SubjectWords {
  readonly #own: readonly Name[];
  /** Names of the subject, and longer ones of others that have one of these in them. */
  readonly #all: readonly Name[];
  readonly #find: RegExp;
  readonly #findAll: RegExp;

  /** @param others all others who are configured. */
  constructor(subject: SubjectNames, others: readonly SubjectNames[] = []) {
    this.#own = namesOf(subject);
    const isLonger = (other: Name) => this.#own.some((name) => has(other, name));
    this.#all = [...this.#own, ...others.flatMap(namesOf).filter(isLonger)];
    this.#find = new RegExp(pattern(this.#own, jsBounds, []), 'u');
    this.#findAll = new RegExp(pattern(this.#all, jsBounds, this.#own), 'gu');
  }

  /** Whether a text contains one of them. */
  areIn(text: string): boolean {
    if (!this.#find.test(text)) return false;
    return [...text.matchAll(this.#findAll)].some(([, ...own]) => own.some((name) => name !== undefined));
  }

  /** As {@link areIn}, as a condition in SQL on the text that an expression gives. */
  sql(text: string): string {
    const found = `${text} ~ ${literal(pattern(this.#own, sqlBounds, []))}`;
    if (this.#all.length === this.#own.length) return found;
    const all = literal(pattern(this.#all, sqlBounds, this.#own));
    return `(${found} and exists (select from regexp_matches(${text}, ${all}, 'g') as m where array_remove(m, null) <> '{}'))`;
  }
}

function namesOf({ id, owner, names }: SubjectNames): readonly Name[] {
  return [{ text: owner, isWord: false }, ...[id, ...names].map((text) => ({ text, isWord: true }))];
}

/** Whether a name is longer than another and has it in it, letter case aside. */
function has({ text }: Name, part: Name): boolean {
  return text.length > part.text.length && text.toLowerCase().includes(part.text.toLowerCase());
}

/** Names as a pattern, the longest first, since one may begin with another; a match of one of `own` is captured. */
function pattern(names: readonly Name[], { before, after }: Bounds, own: readonly Name[]): string {
  return [...names]
    .sort((a, b) => b.text.length - a.text.length)
    .map((name) => {
      const letters = [...name.text].map(anyCase).join('');
      const bounded = name.isWord ? `${before}${letters}${after}` : letters;
      return own.includes(name) ? `(${bounded})` : bounded;
    })
    .join('|');
}

/** One character in either case, since a database may know that of ASCII only. */
function anyCase(character: string): string {
  if (/[\^\\\]]/.test(character)) return `\\${character}`;
  const cases = [character, character.toLowerCase(), character.toUpperCase()];
  // Some letters become two when their case changes.
  return `[${[...new Set(cases)].filter((one) => [...one].length === 1).join('')}]`;
}
