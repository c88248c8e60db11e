import { StatementError } from '../../warehouse/errors.ts';

/**
 * Whether an object could not be created since another session has created it in the meantime. That may be one of an
 * init that was killed: its server process finishes the statement. Objects of the whole server are then refused by the
 * unique index of the catalog (23505), others by their name (42P04: database, 42710: role).
 */
export function wasCreatedMeanwhile(error: unknown): boolean {
  if (!(error instanceof StatementError)) return false;
  if (error.code === '23505') return /\bpg_(database|authid)_/.test(error.message);
  return error.code === '42P04' || error.code === '42710';
}

/** What init did and what was there already, for its report. */
export class Changes {
  readonly done: string[] = [];
  readonly present: string[] = [];
  /** What a person should look at. */
  readonly notices: string[] = [];

  /** Does something unless it is there, and records which. Outside a transaction another session may be quicker. */
  async ensure(what: string, there: boolean, create: () => Promise<unknown>): Promise<void> {
    if (there) {
      this.present.push(what);
      return;
    }
    try {
      await create();
    } catch (error) {
      if (!wasCreatedMeanwhile(error)) throw error;
      this.present.push(what);
      return;
    }
    this.done.push(what);
  }
}
