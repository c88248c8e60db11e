import { StatementError } from '../../warehouse/errors.ts';
import { NodeError } from '../text/errors.ts';
import { Turns } from './turns.ts';

/** How often work is tried after losing against other sessions, as PostgreSQL advises for these codes. */
const attempts = 8;
/** How often of these beside others of the same run: where all of them change one row, each commit makes the rest lose. */
const attemptsBeside = 4;

/**
 * Does `work` again, in a new transaction of its own, where it lost against another session.
 * @param turns of all that may lose against each other.
 */
export async function retrying<T>(work: () => Promise<T>, turns = new Turns()): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await (attempt <= attemptsBeside ? turns.beside(work) : turns.alone(work));
    } catch (error) {
      if (attempt >= attempts || !isTransient(error)) throw error;
    }
  }
}

/**
 * Whether work may succeed when tried again: deadlock, serialisation failure, two sessions changing one catalog row, one
 * looking at a view that the other has just made again, two making one policy, and two making names in the catalog:
 * PostgreSQL derives one of 63 bytes (that of a table's array type) for tables whose long names begin alike.
 */
export function isTransient(thrown: unknown): boolean {
  const error = thrown instanceof NodeError ? thrown.cause : thrown;
  if (!(error instanceof StatementError)) return false;
  if (error.code === '42710') return error.message.includes('policy');
  if (error.code === '23505') return /["«„“]pg_\w+_index["»“”]/.test(error.message);
  return error.code === '40P01' || error.code === '40001' || (error.code === 'XX000' && ofCatalog.test(error.message));
}

/** PostgreSQL translates none of these. */
const ofCatalog = /tuple concurrently (updated|deleted)|could not open relation with OID|cache lookup failed/;
