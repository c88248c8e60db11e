import { glob, hasGlob } from './glob.ts';

/**
 * Whether a selector names a node: by its name, or by the folders and names that its fully qualified name begins with, with or
 * without the project. From the first wildcard on, it has to match all that follows; one without a dot may match the name alone.
 * @param fqn project, folders and name.
 * @example isNamed(['shop', 'gold', 'facts', 'sales'], 'gold.*')
 */
export function isNamed(fqn: readonly string[], selector: string): boolean {
  return matches(fqn, selector) || matches(fqn.slice(1), selector);
}

function matches(fqn: readonly string[], selector: string): boolean {
  const name = fqn.at(-1) ?? '';
  if (name === selector) return true;
  // A dot in the name of a model or folder is one between two names.
  const parts = fqn.flatMap((part) => part.split('.'));
  const wanted = selector.split('.');
  if (parts.length < wanted.length) return false;
  const wild = wanted.findIndex(hasGlob);
  const plain = wild === -1 ? wanted : wanted.slice(0, wild);
  if (plain.some((part, index) => parts[index] !== part)) return false;
  if (wild === -1) return true;
  if (glob(wanted.slice(wild).join('.')).test(parts.slice(wild).join('.'))) return true;
  return !selector.includes('.') && glob(selector).test(name);
}
