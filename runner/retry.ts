import { StatementError } from '../warehouse/errors.ts';
import { NodeError } from './errors.ts';

/** How often work is tried again after losing against another session, as PostgreSQL advises for these codes. */
const attempts = 4;

/** Does `work` again, in a new transaction of its own, where it lost against another session. */
export async function retrying<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (attempt >= attempts || !isTransient(error)) throw error;
    }
  }
}

/** Deadlock, serialisation failure, two sessions changing one catalog row, and two making one policy. */
function isTransient(thrown: unknown): boolean {
  const error = thrown instanceof NodeError ? thrown.cause : thrown;
  if (!(error instanceof StatementError)) return false;
  if (error.code === '42710') return error.message.includes('policy');
  return error.code === '40P01' || error.code === '40001' || /tuple concurrently (updated|deleted)/.test(error.message);
}
