import type { Session } from './warehouse.ts';

const name = 'datacycle_savepoint';

/**
 * Runs `work` within a savepoint of the transaction: if it fails, what it did is undone, and the transaction can go on. The savepoint
 * is released in either case, since rows that are written within one carry another number than the transaction.
 * @throws what `work` throws.
 */
export async function inSavepoint<T>(session: Session, work: () => Promise<T>): Promise<T> {
  await session.query(`savepoint ${name}`);
  let value: T;
  try {
    value = await work();
  } catch (error) {
    // Where even that fails the transaction is over, and the first error says why.
    await session.query(`rollback to savepoint ${name}`).then(
      () => session.query(`release savepoint ${name}`),
      () => undefined,
    );
    throw error;
  }
  await session.query(`release savepoint ${name}`);
  return value;
}
