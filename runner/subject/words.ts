import type { Bind } from './predicate.ts';

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

/** A name as it is looked for, and longer names of others that it is a part of. */
interface Wanted {
  readonly name: Named;
  readonly others: readonly Named[];
}

interface Named {
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
  readonly #wanted: readonly Wanted[];
  readonly #patterns: readonly { readonly name: RegExp; readonly others: RegExp | undefined }[];

  /** @param others all others who are configured. */
  constructor(subject: SubjectNames, others: readonly SubjectNames[] = []) {
    const foreign = others.flatMap(namesOf);
    this.#wanted = namesOf(subject).map((name) => ({ name, others: foreign.filter((other) => has(other, name)) }));
    this.#patterns = this.#wanted.map((wanted) => ({
      name: new RegExp(pattern([wanted.name], jsBounds), 'u'),
      others: wanted.others.length === 0 ? undefined : new RegExp(pattern(wanted.others, jsBounds), 'gu'),
    }));
  }

  /** Whether a text contains one of them. */
  areIn(text: string): boolean {
    return this.#patterns.some(
      ({ name, others }) => name.test(text) && (others === undefined || name.test(text.replace(others, ' '))),
    );
  }

  /** As {@link areIn}, as a condition in SQL on the text that an expression gives; the parameters are the same for all texts. */
  sql(bind: Bind): (text: string) => string {
    const plain = this.#wanted.filter(({ others }) => others.length === 0).map(({ name }) => name);
    const parts = plain.length === 0 ? [] : [{ own: bind(pattern(plain, sqlBounds)), rest: undefined }];
    const hidden = this.#wanted
      .filter(({ others }) => others.length > 0)
      .map(({ name, others }) => ({ own: bind(pattern([name], sqlBounds)), rest: bind(pattern(others, sqlBounds)) }));
    return (text) => {
      const conditions = [...parts, ...hidden].map(({ own, rest }) =>
        rest === undefined
          ? `${text} ~ ${own}`
          : `(${text} ~ ${own} and regexp_replace(${text}, ${rest}, ' ', 'g') ~ ${own})`,
      );
      return `(${conditions.join(' or ')})`;
    };
  }
}

function namesOf({ id, owner, names }: SubjectNames): readonly Named[] {
  return [{ text: owner, isWord: false }, ...[id, ...names].map((text) => ({ text, isWord: true }))];
}

/** Whether a name is longer than another and has it in it, letter case aside. */
function has({ text }: Named, part: Named): boolean {
  return text.length > part.text.length && text.toLowerCase().includes(part.text.toLowerCase());
}

/** Names as a pattern, the longest first, since one may begin with another. */
function pattern(names: readonly Named[], { before, after }: Bounds): string {
  return [...names]
    .sort((a, b) => b.text.length - a.text.length)
    .map(({ text, isWord }) => {
      const letters = [...text].map(anyCase).join('');
      return isWord ? `${before}${letters}${after}` : letters;
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
