import { createHash } from 'node:crypto';
import type { Apartment } from '../landing/apartment.ts';
import { foldedId, partsOf, squeezed } from './names.ts';

/** A subject as salted hashes: no name, but enough to tell whether a name is the subject's. Salt and hashes are hexadecimal. */
export type NameHashes = {
  readonly salt: string;
  /** SHA-256 of salt and {@link foldedId}. */
  readonly apartmentHash: string;
  /** SHA-256 of salt and {@link squeezed} owner. */
  readonly ownerHash: string;
  /** Characters of the squeezed owner. */
  readonly ownerLength: number;
};

/** The names of a subject as hashes. */
export function hashesOf({ id, owner }: Apartment, salt: string): NameHashes {
  const name = squeezed(owner);
  const ownerHash = hashOf(salt, name.join(''));
  return { salt, apartmentHash: hashOf(salt, foldedId(id)), ownerHash, ownerLength: name.length };
}

function hashOf(salt: string, text: string): string {
  return createHash('sha256').update(salt, 'hex').update(text, 'utf8').digest('hex');
}

/** Of so many texts the answer is kept; the names of a share say a few owners again and again. */
const mostKept = 10_000;

/** A question about a text that is asked for each of many files; the answer is found once, since hashing takes most of the time. */
function askedOnce(ask: (text: string) => boolean): (text: string) => boolean {
  const answers = new Map<string, boolean>();
  return (text) => {
    const known = answers.get(text);
    if (known !== undefined) return known;
    if (answers.size >= mostKept) answers.clear();
    const answer = ask(text);
    answers.set(text, answer);
    return answer;
  };
}

/** What belongs to a subject, or to any of several. */
export class SubjectRule {
  readonly #subjects: readonly NameHashes[];
  /** The squeezed owners of all configured apartments. */
  readonly #configured: readonly string[];

  /** @param apartments all that are configured; what bears the name of one is that one's. */
  constructor(subjects: readonly NameHashes[], apartments: readonly Apartment[] = []) {
    this.#subjects = subjects;
    this.#configured = apartments.map(({ owner }) => squeezed(owner).join(''));
  }

  /** How many subjects there are. */
  get size(): number {
    return this.#subjects.length;
  }

  /** Whether an owner, as a file name has it, is one of them. */
  readonly hasOwner = askedOnce((owner) => {
    const name = squeezed(owner).join('');
    return this.#subjects.some(({ salt, ownerHash }) => hashOf(salt, name) === ownerHash);
  });

  /** Whether an apartment's id is one of theirs. */
  readonly hasApartment = askedOnce((id) =>
    this.#subjects.some(({ salt, apartmentHash }) => hashOf(salt, foldedId(id)) === apartmentHash),
  );

  /**
   * Whether a building is theirs by the name of the house: it has the name of an owner in it, and not that of another
   * configured owner that {@link outranks} it: `Chez JimmyLoup` is not Jimmy's.
   */
  ownsBuilding(houseName: string): boolean {
    return this.#subjects.some(({ salt, ownerHash, ownerLength }) => {
      const owner = [...partsOf(houseName, ownerLength)].find((part) => hashOf(salt, part) === ownerHash);
      if (owner === undefined) return false;
      return !this.#ownersIn(houseName).some((other) => other !== owner && outranks(other, owner));
    });
  }

  /** Whether the name of a house assigns the building to another configured apartment. */
  isOthersBuilding(houseName: string): boolean {
    return this.#ownersIn(houseName).length > 0 && !this.ownsBuilding(houseName);
  }

  #ownersIn(houseName: string): readonly string[] {
    const name = squeezed(houseName).join('');
    return this.#configured.filter((owner) => name.includes(owner));
  }
}

/**
 * The rule for a subject whose name is known.
 * @param apartments all that are configured.
 */
export function ruleOf(subject: Apartment, apartments: readonly Apartment[] = []): SubjectRule {
  return new SubjectRule([hashesOf(subject, '')], apartments);
}

/**
 * Of two squeezed owners in the name of one house, whether it is the first one's: the longer name's, else that of the
 * first in the alphabet. The macro `apartment_of_house` has it alike.
 */
function outranks(owner: string, other: string): boolean {
  const [length, otherLength] = [[...owner].length, [...other].length];
  return length > otherLength || (length === otherLength && owner < other);
}
