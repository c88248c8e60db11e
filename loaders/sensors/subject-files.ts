import { gunzipSync } from 'node:zlib';
import { isCompressed, ledgerName } from '../landing/ledger-name.ts';
import type { SubjectRule } from '../tombstones/rule.ts';
import { ownerIn } from './name.ts';
import { maxFileBytes } from './payload.ts';

/** Whether a sensor file is the subject's by its name: the owner in it or, where it cannot be read, a word of it. */
export function isSubjectsName(rule: SubjectRule, fileName: string): boolean {
  const owner = ownerIn(ledgerName(fileName));
  return owner === undefined ? rule.isNamedIn(fileName) : rule.hasOwner(owner);
}

/** Whether a path in Bronze, with forward slashes, is the subject's: by its folder or by the name of the file. */
export function isSubjectsPath(rule: SubjectRule, path: string): boolean {
  if (isSubjectsName(rule, path.slice(path.lastIndexOf('/') + 1))) return true;
  const folder = path.indexOf('/');
  return folder > 0 && rule.hasApartment(path.slice(0, folder));
}

/** Whether a file whose name names no owner is the subject's by what it holds: it names the owner as its `user`. */
export function isSubjectsContent(rule: SubjectRule, fileName: string, bytes: Buffer): boolean {
  if (ownerIn(ledgerName(fileName)) !== undefined) return false;
  const text = unpacked(bytes, isCompressed(fileName)).toString('utf8');
  return [...text.matchAll(/"user"\s*:\s*("(?:[^"\\]|\\.)*")/g)].some(([, user = '""']) =>
    rule.hasOwner(decoded(user)),
  );
}

function unpacked(bytes: Buffer, compressed: boolean): Buffer {
  if (!compressed) return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: maxFileBytes });
  } catch {
    // Not a gzip file, or an incomplete one: its content cannot be read.
    return bytes;
  }
}

function decoded(text: string): string {
  try {
    return String(JSON.parse(text));
  } catch {
    return text.slice(1, -1);
  }
}
