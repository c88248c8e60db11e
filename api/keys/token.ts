import { createHash, timingSafeEqual } from 'node:crypto';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { type Key, type KeyRing, type Reader, Refused } from './keys.ts';

/** One key for all of a database without logins. It is sent as `Bearer <token>`, or as the password of any user. */
export function tokenRing(warehouse: Warehouse, token: string): KeyRing {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  const reader: Reader = {
    name: 'token',
    query: (sql, params, values = 'text') =>
      warehouse.transaction(async (session) => {
        await session.query('set transaction read only');
        return session.query(sql, params, values);
      }),
  };
  const known = ({ password }: Key) => (timingSafeEqual(digest(password), digest(token)) ? reader : undefined);
  return {
    known,
    async letIn(key) {
      const found = known(key);
      if (found === undefined) throw new Refused(401, 'The key is not known.');
      return found;
    },
    close: async () => undefined,
  };
}
