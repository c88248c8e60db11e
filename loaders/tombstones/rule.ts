import type { Apartment } from '../landing/apartment.ts';
import { foldedId, partsOf, squeezed, wordsOf } from './names.ts';

/** How one subject's names are known when they are met: by themselves, or by their hashes. */
export interface KnownNames {
  /** Characters of the squeezed owner. */
  readonly ownerLength: number;
  readonly isOwner: (squeezed: string) => boolean;
  readonly isApartment: (folded: string) => boolean;
}

/** What belongs to a subject, or to any of several. */
export class SubjectRule {
  readonly #subjects: readonly KnownNames[];
  /** The squeezed owners of all configured apartments. */
  readonly #configured: readonly string[];

  /** @param apartments all that are configured; what bears the name of one is that one's. */
  constructor(subjects: readonly KnownNames[], apartments: readonly Apartment[]) {
    this.#subjects = subjects;
    this.#configured = apartments.map(({ owner }) => squeezed(owner).join(''));
  }

  /** Whether an owner, as a file name has it, is one of them. */
  hasOwner(owner: string): boolean {
    const name = squeezed(owner).join('');
    return this.#subjects.some(({ isOwner }) => isOwner(name));
  }

  /** Whether an apartment's id is one of theirs. */
  hasApartment(id: string): boolean {
    const folded = foldedId(id);
    return this.#subjects.some(({ isApartment }) => isApartment(folded));
  }

  /**
   * Whether a building is theirs by the name of the house: it has the name of an owner in it, and not that of another
   * configured owner that {@link outranks} it: `Chez JimmyLoup` is not Jimmy's.
   */
  ownsBuilding(houseName: string): boolean {
    return this.#subjects.some(({ ownerLength, isOwner }) => {
      const owner = [...partsOf(houseName, ownerLength)].find(isOwner);
      if (owner === undefined) return false;
      return !this.#ownersIn(houseName).some((other) => other !== owner && outranks(other, owner));
    });
  }

  /** Whether the name of a house assigns the building to another configured apartment. */
  isOthersBuilding(houseName: string): boolean {
    return this.#ownersIn(houseName).length > 0 && !this.ownsBuilding(houseName);
  }

  /** Whether a text contains an owner's name as whole words. */
  isNamedIn(text: string): boolean {
    return this.#subjects.some(({ ownerLength, isOwner }) => [...wordsOf(text, ownerLength)].some(isOwner));
  }

  #ownersIn(houseName: string): readonly string[] {
    if (this.#configured.length === 0) return [];
    const name = squeezed(houseName).join('');
    return this.#configured.filter((owner) => name.includes(owner));
  }
}

/**
 * The rule for a subject whose name is known.
 * @param apartments all that are configured.
 */
export function ruleOf({ id, owner }: Apartment, apartments: readonly Apartment[] = []): SubjectRule {
  const name = squeezed(owner);
  const known: KnownNames = {
    ownerLength: name.length,
    isOwner: (other) => other === name.join(''),
    isApartment: (other) => other === foldedId(id),
  };
  return new SubjectRule([known], apartments);
}

/**
 * Of two squeezed owners in the name of one house, whether it is the first one's: the longer name's, else that of the
 * first in the alphabet. The macro `apartment_of_house` has it alike.
 */
function outranks(owner: string, other: string): boolean {
  const [length, otherLength] = [[...owner].length, [...other].length];
  return length > otherLength || (length === otherLength && owner < other);
}
