import { literal } from '../../warehouse/quote.ts';

/** What a subject is called: the id in the database, the owner in file names, and maybe a name that people read. */
export interface SubjectNames {
  readonly id: string;
  readonly owner: string;
  readonly name?: string | undefined;
}

/** What comes before and after a word, in the patterns of PostgreSQL and of this program. */
const sqlBounds = ['(?<![[:alnum:]])', '(?![[:alnum:]])'] as const;
const jsBounds = ['(?<![\\p{L}\\p{N}])', '(?![\\p{L}\\p{N}])'] as const;

/**
 * Finds a subject's names in text, whatever their letter case: the owner anywhere, the id and the name as words
 * (`jimmy_Kitchen_plug` has one, `jimmys` has none). Another person's name that contains one of these counts, too.
 */
export class SubjectWords {
  readonly #names: SubjectNames;
  readonly #find: RegExp;

  constructor(names: SubjectNames) {
    this.#names = names;
    this.#find = new RegExp(patternOf(names, jsBounds), 'u');
  }

  /** Whether a text contains one of them. */
  areIn(text: string): boolean {
    return this.#find.test(text);
  }

  /** As {@link areIn}, as a condition in SQL on the text that an expression gives. */
  sql(text: string): string {
    return `${text} ~ ${literal(patternOf(this.#names, sqlBounds))}`;
  }
}

function patternOf({ id, owner, name = id }: SubjectNames, [before, after]: readonly [string, string]): string {
  return `${anyCase(owner)}|${before}(?:${anyCase(id)}|${anyCase(name)})${after}`;
}

/** A text in either case, character by character, since a database may know that of ASCII only. */
function anyCase(text: string): string {
  return [...text]
    .map((character) => {
      if (/[\^\\\]]/.test(character)) return `\\${character}`;
      const cases = [character, character.toLowerCase(), character.toUpperCase()];
      // Some letters become two when their case changes.
      return `[${[...new Set(cases)].filter((one) => [...one].length === 1).join('')}]`;
    })
    .join('');
}
