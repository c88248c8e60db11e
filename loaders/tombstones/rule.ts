import type { Apartment } from '../landing/apartment.ts';
import { foldedId, partsOf, squeezed, wordsOf } from './names.ts';

/** Somebody whose data are exported or erased: an apartment and the owner as in the names of its files. */
export type Subject = Apartment;

/** What belongs to a subject, or to any of several. */
export interface SubjectRule {
  /** Whether an owner, as a file name has it, is one of them. */
  hasOwner(owner: string): boolean;
  /** Whether an apartment's id is one of theirs. */
  hasApartment(id: string): boolean;
  /**
   * Whether a building is theirs by the name of the house: it has the name of an owner in it, and not that of another
   * configured owner that {@link outranks} it: `Chez JimmyLoup` is not Jimmy's.
   */
  ownsBuilding(houseName: string): boolean;
  /** Whether a building is by the name of the house that of somebody else who is configured. */
  isOthersBuilding(houseName: string): boolean;
  /** Whether an owner's name stands in a text as words of its own. */
  isNamedIn(text: string): boolean;
}

/**
 * The rule for a subject whose name is known.
 * @param apartments all that are configured.
 */
export function ruleOf(subject: Subject, apartments: readonly Apartment[] = []): SubjectRule {
  const owner = squeezed(subject.owner);
  const name = owner.join('');
  const others = apartments.map((other) => squeezed(other.owner).join('')).filter((other) => other !== name);
  const ownsBuilding = (houseName: string) =>
    has(partsOf(houseName, owner.length), name) && !ownersIn(houseName, others).some((other) => outranks(other, name));
  return {
    hasOwner: (other) => squeezed(other).join('') === name,
    hasApartment: (id) => foldedId(id) === foldedId(subject.id),
    ownsBuilding,
    isOthersBuilding: (houseName) => ownersIn(houseName, others).length > 0 && !ownsBuilding(houseName),
    isNamedIn: (text) => has(wordsOf(text, owner.length), name),
  };
}

/**
 * Of two squeezed owners in the name of one house, whether it is the first one's: the longer name's, else that of the
 * first in the alphabet. The macro `apartment_of_house` has it alike.
 */
export function outranks(owner: string, other: string): boolean {
  const [length, otherLength] = [[...owner].length, [...other].length];
  return length > otherLength || (length === otherLength && owner < other);
}

/** Which of these squeezed owners are in the name of a house. */
export function ownersIn(houseName: string, owners: readonly string[]): readonly string[] {
  if (owners.length === 0) return [];
  const squeezedName = squeezed(houseName).join('');
  return owners.filter((owner) => squeezedName.includes(owner));
}

function has(parts: Iterable<string>, name: string): boolean {
  for (const part of parts) if (part === name) return true;
  return false;
}
