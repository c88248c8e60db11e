import { DatacycleError } from '../warehouse/errors.ts';

/** A source cannot be read as configured: a folder is missing or an apartment makes no sense. Nothing was landed. */
export class SourceError extends DatacycleError {
  override readonly exitCode = 2;
}

/** Another process loads the same source into the same database. */
export class LoadBusyError extends DatacycleError {}

/** A batch could not be landed. It was rolled back; batches before it stay. Never quotes the content of a file. */
export class LoadFailedError extends DatacycleError {}

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

/** The `code` of a system error, e.g. `ENOENT`; empty for anything else. */
export function systemCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
