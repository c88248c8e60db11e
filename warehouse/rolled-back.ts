import type { Isolation, Session, Warehouse } from './warehouse.ts';

/** Runs `work` in a transaction of which nothing is left: it is rolled back, whether `work` succeeds or fails. */
export async function rolledBack<T>(
  warehouse: Warehouse,
  work: (session: Session) => Promise<T>,
  isolation: Isolation = 'read committed',
): Promise<T> {
  return warehouse.session(async (session) => {
    await session.query(`begin isolation level ${isolation}`);
    try {
      return await work(session);
    } finally {
      await session.query('rollback');
    }
  });
}
