import type { Apartment } from '../sensors/name.ts';
import { foldedId, partsOf, squeezed, wordsOf } from './subject-text.ts';

/** Somebody whose data are exported or erased: an apartment and the owner as in the names of its files. */
export type Subject = Apartment;

/** What belongs to a subject, or to any of several. */
export interface SubjectRule {
  /** Whether an owner, as a file name has it, is one of them. */
  hasOwner(owner: string): boolean;
  /** Whether an apartment's id is one of theirs. */
  hasApartment(id: string): boolean;
  /**
   * Whether the name of a house has the name of an owner in it: the building is that apartment's then. Unless it is that
   * of another apartment's owner, of which this one's is a part: `Chez JimmyLoup` is not Jimmy's.
   */
  ownsBuilding(houseName: string): boolean;
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
  const longer = apartments
    .map((other) => squeezed(other.owner).join(''))
    .filter((other) => other !== name && other.includes(name));
  return {
    hasOwner: (other) => squeezed(other).join('') === name,
    hasApartment: (id) => foldedId(id) === foldedId(subject.id),
    ownsBuilding: (houseName) => has(partsOf(houseName, owner.length), name) && !hasAny(houseName, longer),
    isNamedIn: (text) => has(wordsOf(text, owner.length), name),
  };
}

/** Whether one of these squeezed names is in the name of a house. */
export function hasAny(houseName: string, names: readonly string[]): boolean {
  if (names.length === 0) return false;
  const squeezedName = squeezed(houseName).join('');
  return names.some((name) => squeezedName.includes(name));
}

function has(parts: Iterable<string>, name: string): boolean {
  for (const part of parts) if (part === name) return true;
  return false;
}
