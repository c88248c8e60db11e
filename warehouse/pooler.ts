import { ConnectionError } from './errors.ts';

/** The two connections that are compared: what asks each for its server process. */
export type AskPid = () => Promise<number>;

/** How long a pooler may let a connection wait for a server of its own, in milliseconds. */
const ownServerMs = 3000;

/**
 * Refuses a pooler that shares server processes among connections (pool_mode transaction or statement): there a lock, a
 * setting and a temporary table are whose turn it is. Two connections are open at once and ask in turn.
 * @param limitMs how long the second may wait for a server of its own.
 * @throws ConnectionError with the way out.
 */
export async function refuseSharedServers(first: AskPid, second: AskPid, limitMs = ownServerMs): Promise<void> {
  const seen: [number, number][] = [];
  for (let round = 0; round < 2; round += 1) {
    const one = await first();
    const other = await answerWithin(second(), limitMs);
    // It waits, since the first has the only server for itself.
    if (other === undefined) return;
    seen.push([one, other]);
  }
  const isShared = seen.some(([one, other]) => one === other || one !== seen[0]?.[0] || other !== seen[0]?.[1]);
  if (isShared) throw sharedServers();
}

/** That the session's server process is another from one statement to the next. */
export function sharedServers(): ConnectionError {
  return new ConnectionError({
    what: 'DB_URL leads to a connection pooler in transaction mode: the statements of one session are run by several server processes, so locks and settings do not hold',
    hint: 'Give DB_URL the address of PostgreSQL itself, or of a pool with pool_mode = session (PgBouncer: another entry in [databases]).',
  });
}

async function answerWithin(answer: Promise<number>, limitMs: number): Promise<number | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), limitMs);
  });
  answer.catch(() => undefined);
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
