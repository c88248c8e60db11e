import { dirname } from 'node:path';
import { DatacycleError } from './errors.ts';
import { freeBytesNow } from './free-space.ts';

/** With less than this, in bytes, the embedded database can neither be made nor recover: it writes files of 16 MB ahead. */
const leastBytes = 64 * 1024 * 1024;

/** The error of an embedded database whose disk is full; undefined if there is room. @param reason what failed, in words. */
export function fullDisk(folder: string, reason: string, cause: unknown): DatacycleError | undefined {
  if (folder.startsWith('memory://')) return undefined;
  const free = freeBytesNow(folder) ?? freeBytesNow(dirname(folder));
  const isFull = /no space left|disk full|quota exceeded/i.test(reason) || (free !== undefined && free < leastBytes);
  if (!isFull) return undefined;
  const left = free === undefined ? '' : ` (${Math.floor(free / 1024 / 1024)} MB are free)`;
  return new DatacycleError({
    what: `the disk of the embedded database in ${folder} is full${left}`,
    detail: reason === '' ? undefined : reason,
    hint: 'Make room there, then run it again: it goes on where it was. Nothing of the folder is to be deleted.',
    cause,
  });
}
