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

/** Names that are looked for, and longer names of others that these are a part of. */
interface Wanted {
  readonly names: readonly Name[];
  readonly others: readonly Name[];
}

/**
 * Finds a subject's names in text, whatever their letter case: the owner anywhere, the id and the names as words
 * (`jimmy_Kitchen_plug` has one, `jimmys` has none). A name that is only a part of another subject's name does not count:
 * `jimmy-2` contains no `jimmy` if there is an apartment of that id.
 */
export class SubjectWords {
  readonly #wanted: readonly Wanted[];
  readonly #patterns: readonly { readonly name: RegExp; readonly others: RegExp }[];

  /** @param others all others who are configured. */
  constructor(subject: SubjectNames, others: readonly SubjectNames[] = []) {
    const foreign = others.flatMap(namesOf);
    const each = namesOf(subject).map((name) => ({
      names: [name],
      others: foreign.filter((other) => has(other, name)),
    }));
    const isPlain = ({ others }: Wanted) => others.length === 0;
    const plain = { names: each.filter(isPlain).flatMap(({ names }) => names), others: [] };
    this.#wanted = [plain, ...each.filter((one) => !isPlain(one))].filter(({ names }) => names.length > 0);
    this.#patterns = this.#wanted.map(({ names, others }) => ({
      name: new RegExp(pattern(names, jsBounds), 'u'),
      others: new RegExp(pattern(others, jsBounds), 'gu'),
    }));
  }

  /** Whether a text contains one of them. */
  areIn(text: string): boolean {
    return this.#patterns.some(({ name, others }) => name.test(text) && name.test(text.replace(others, ' ')));
  }

  /** As {@link areIn}, as a condition in SQL on the text that an expression gives. */
  sql(text: string): string {
    const conditions = this.#wanted.map(({ names, others }) => {
      const [own, rest] = [names, others].map((some) => literal(pattern(some, sqlBounds)));
      const found = `${text} ~ ${own}`;
      return others.length === 0 ? found : `(${found} and regexp_replace(${text}, ${rest}, ' ', 'g') ~ ${own})`;
    });
    return `(${conditions.join(' or ')})`;
  }
}

function namesOf({ id, owner, names }: SubjectNames): readonly Name[] {
  return [{ text: owner, isWord: false }, ...[id, ...names].map((text) => ({ text, isWord: true }))];
}

/** Whether a name is longer than another and has it in it, letter case aside. */
function has({ text }: Name, part: Name): boolean {
  return text.length > part.text.length && text.toLowerCase().includes(part.text.toLowerCase());
}

/** Names as a pattern, the longest first, since one may begin with another. No name matches nothing. */
function pattern(names: readonly Name[], { before, after }: Bounds): string {
  if (names.length === 0) return '(?!)';
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
