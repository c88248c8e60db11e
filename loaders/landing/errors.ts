import { DatacycleError } from '../../warehouse/errors.ts';

/** A source cannot be read as configured: a folder is missing or an apartment makes no sense. Nothing was landed. */
export class SourceError extends DatacycleError {
  override readonly exitCode = 2;
}

/** Another process loads the same source into the same database. */
export class LoadBusyError extends DatacycleError {}

/** A batch could not be landed. It was rolled back; batches before it stay. Never quotes the content of a file. */
export class LoadFailedError extends DatacycleError {}

/** Whoever has the data could not be reached, stayed silent or was lost on the way: another try may find it back at any moment. */
export class SourceLostError extends LoadFailedError {}

/** The load was asked to stop. The batch at hand was rolled back; `loads` are the load_ids of those that stay. */
export class LoadInterruptedError extends DatacycleError {
  readonly loads: readonly number[];

  constructor(loads: readonly number[]) {
    super({
      what: `the load was interrupted after ${loads.length} batches; what they landed stays`,
      hint: 'Start it again: it goes on where it stopped.',
    });
    this.loads = loads;
  }
}

/** The `code` of a system error, e.g. `ENOENT`; empty for anything else: an SQLSTATE is none. */
export function systemCode(error: unknown): string {
  if (error instanceof DatacycleError) return '';
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** A name from a source as part of a message: without line breaks and other control characters, which would forge or hide lines. */
export function printable(name: string): string {
  return name.replace(/\p{Cc}/gu, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

const reasons: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EACCES: 'no permission',
  EPERM: 'no permission',
  EROFS: 'the file system is read-only',
  EMFILE: 'too many files are open',
  ENFILE: 'too many files are open',
  EFBIG: 'the file is too large for the file system',
  ENAMETOOLONG: 'the path is too long',
  ENOTDIR: 'a part of the path is a file, not a folder',
};

/** A file was asked for by its name, and Bronze has no copy of it. */
export function notInBronze(source: string, name: string): SourceError {
  return new SourceError({
    what: `Bronze has no file ${printable(name)} of ${source}`,
    hint: 'Its name is as in staging.file: `datacycle status` names files that were rejected. BRONZE_ROOT must be the folder into which it was landed.',
  });
}

/** What a system error's code means, with the code in brackets; the bare code where there is no better word. */
export function systemReason(code: string): string {
  const reason = reasons[code];
  return reason === undefined ? code : `${reason} (${code})`;
}
