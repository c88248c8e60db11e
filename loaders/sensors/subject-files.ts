import { ledgerName } from '../landing/ledger-name.ts';
import type { SubjectRule } from '../tombstones/rule.ts';
import { ownerIn } from './name.ts';

/**
 * Whether a file is the subject's: by the owner in its name or, in Bronze, by the folder of the apartment. A file in whose name no
 * owner can be read is nobody's.
 * @param path with forward slashes, relative to the share or to Bronze.
 */
export function isSubjectsPath(rule: SubjectRule, path: string): boolean {
  const owner = ownerIn(ledgerName(path.slice(path.lastIndexOf('/') + 1)));
  if (owner !== undefined && rule.hasOwner(owner)) return true;
  const folder = path.indexOf('/');
  return folder > 0 && rule.hasApartment(path.slice(0, folder));
}
