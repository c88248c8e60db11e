import { StatementError } from '../../../warehouse/errors.ts';
import { NodeError } from '../../text/errors.ts';
import { SharedLock } from './shared-lock.ts';

/** How many times a transaction is tried that fails because of another session, as PostgreSQL's manual advises. */
const attempts = 8;
/** How many of these run beside others of the same run: where all of them update one row, each commit fails the rest. */
const attemptsBeside = 4;

/**
 * Runs `work`, which is one transaction, and runs it again if it failed because of another session.
 * @param lock shared by all work that may conflict.
 */
export async function retrying<T>(work: () => Promise<T>, lock = new SharedLock()): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await (attempt <= attemptsBeside ? lock.shared(work) : lock.exclusive(work));
    } catch (error) {
      if (attempt >= attempts || !isTransient(error)) throw error;
    }
  }
}

/**
 * Whether work may succeed when tried again: after a deadlock or a serialization failure, or if two sessions changed one row of
 * the catalog, one session read a view that the other had just recreated, or both created the same policy or name. The latter
 * happens because the array types of tables whose long names begin alike get the same name of 63 bytes. 26000: a hook has taken the
 * prepared statements of the connection away.
 */
export function isTransient(thrown: unknown): boolean {
  const error = thrown instanceof NodeError ? thrown.cause : thrown;
  if (!(error instanceof StatementError)) return false;
  if (error.code === '42710') return error.message.includes('policy');
  if (error.code === '23505') return /["«„“]pg_\w+_index["»“”]/.test(error.message);
  return ['26000', '40001', '40P01'].includes(error.code) || (error.code === 'XX000' && ofCatalog.test(error.message));
}

/** PostgreSQL translates none of these. */
const ofCatalog = /tuple concurrently (updated|deleted)|could not open relation with OID|cache lookup failed/;
