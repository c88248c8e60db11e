import { connect, type Socket } from 'node:net';
import { DatacycleError, StatementError } from './errors.ts';
import { linesOf, parsedLine, type Question, type Reply, write } from './guest-lines.ts';
import { type Door, doorOf } from './guests.ts';
import type { Result, Row, Session, Values, Warehouse } from './warehouse.ts';

/** How long the holder may take to answer the door, in milliseconds: a statement of its database holds its one thread up. */
const knockMs = 30_000;

/** Answers of the holder may be as long as its tables. */
const longestAnswer = 512_000_000;

/** The process that held the database is not there any more, or does not answer. */
export class HolderGone extends DatacycleError {}

/** An embedded database that is read through the process that holds it. */
export interface Visited {
  readonly warehouse: Warehouse;
  /** That process, in words. */
  readonly holder: string;
  /**
   * Has it do something that reading is not (guest-lines.ts), and waits for the end of that, also after `signal`, which asks it to stop.
   * @param heard is told how it goes.
   * @returns undefined where that process does nothing for others.
   * @throws HolderGone if it ended before it had done it; DatacycleError if it could not do it.
   */
  errand(
    errand: unknown,
    heard: (value: unknown) => void,
    signal: AbortSignal,
  ): Promise<{ readonly outcome: unknown } | undefined>;
}

/**
 * An embedded database that another process of this user holds, read through that process (guests.ts). It only reads, and waits for
 * whatever the holder does; each transaction is a visit of its own.
 * @param onGone called once when the holder is not there any more.
 * @returns undefined where nobody answers.
 */
export async function visitEmbedded(folder: string, onGone: () => void): Promise<Visited | undefined> {
  const door = doorOf(folder);
  if (door === undefined) return undefined;
  let isGone = false;
  const visits = new Set<Visit>();
  const gone = (): HolderGone => {
    if (!isGone) onGone();
    isGone = true;
    return new HolderGone({
      what: `${door.name}, which holds the embedded database in ${folder}, does not answer any more`,
      hint: 'Ask again.',
    });
  };
  async function visiting<T>(work: (visit: Visit) => Promise<T>): Promise<T> {
    const visit = await Visit.begin(door as Door, gone);
    visits.add(visit);
    try {
      return await work(visit);
    } finally {
      visits.delete(visit);
      visit.leave();
    }
  }
  async function inTransaction<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return visiting(async (visit) => {
      await visit.ask({ kind: 'begin' });
      const value = await work(sessionOf(visit));
      await visit.say({ kind: 'end' });
      return value;
    });
  }
  try {
    await visiting(async () => undefined);
  } catch {
    return undefined;
  }
  const warehouse: Warehouse = {
    kind: 'pglite',
    concurrency: 1,
    address: `read through ${door.name}: the embedded database in ${folder}`,
    query: (sql, params = [], values) => visiting((visit) => visit.query(sql, params, values)),
    session: inTransaction,
    transaction: inTransaction,
    exclusive: async () => {
      throw onlyReads(door.name);
    },
    holder: (name) =>
      visiting(async (visit) => ((await visit.ask({ kind: 'holder', name })) as { holder?: string }).holder),
    cancel: async () => undefined,
    close: async () => {
      for (const visit of visits) visit.leave();
    },
  };
  return {
    warehouse,
    holder: door.name,
    errand: (errand, heard, signal) =>
      visiting(async (visit) => {
        const { isTaken } = (await visit.ask({ kind: 'errand', errand })) as { readonly isTaken: boolean };
        if (!isTaken) return undefined;
        const stop = () => void visit.say({ kind: 'end' }).catch(() => undefined);
        signal.addEventListener('abort', stop, { once: true });
        if (signal.aborted) stop();
        try {
          return { outcome: await visit.listen(heard) };
        } finally {
          signal.removeEventListener('abort', stop);
        }
      }),
  };
}

function sessionOf(visit: Visit): Session {
  const refuse = () => {
    throw onlyReads('the process that holds it');
  };
  return {
    process: undefined,
    query: (sql, params = [], values) => visit.query(sql, params, values),
    copyIn: async () => refuse(),
    copyOut: refuse,
  };
}

function onlyReads(name: string): DatacycleError {
  return new DatacycleError({
    what: `the embedded database is in use by ${name}: here it can be read, and no more`,
    hint: 'Wait until that is done; for several users at once set DB_URL to a PostgreSQL server.',
  });
}

/** One connection to the holder. */
class Visit {
  readonly #socket: Socket;
  readonly #lines: AsyncIterator<string>;
  readonly #gone: () => HolderGone;

  private constructor(socket: Socket, gone: () => HolderGone) {
    this.#socket = socket;
    this.#lines = linesOf(socket, longestAnswer);
    this.#gone = gone;
  }

  /** @throws DatacycleError if the holder does not answer. */
  static async begin({ port, token }: Door, gone: () => HolderGone): Promise<Visit> {
    const socket = connect({ host: '127.0.0.1', port });
    socket.setNoDelay(true);
    socket.setTimeout(knockMs, () => socket.destroy());
    const visit = new Visit(socket, gone);
    try {
      await new Promise<void>((done, fail) => {
        socket.once('error', fail);
        socket.write(`${token}\n`, (error) => (error ? fail(error) : done()));
      });
      // Whoever listens there now may be another program.
      await visit.ask({ kind: 'holder', name: '' });
    } catch (error) {
      socket.destroy();
      throw error instanceof DatacycleError ? error : gone();
    }
    // From here on a statement may take as long as it takes.
    socket.setTimeout(0);
    socket.on('error', () => socket.destroy());
    return visit;
  }

  async query<R extends Row>(sql: string, params: readonly unknown[], values?: Values): Promise<Result<R>> {
    return (await this.ask({ kind: 'query', sql, params, values })) as Result<R>;
  }

  async say(question: Question): Promise<void> {
    await write(this.#socket, question).catch(() => {
      throw this.#gone();
    });
  }

  async ask(question: Question): Promise<unknown> {
    await this.say(question);
    return this.listen(() => undefined);
  }

  /** The answer to what was asked; before it, `heard` is told whatever is said. */
  async listen(heard: (value: unknown) => void): Promise<unknown> {
    for (;;) {
      const reply = await this.#reply();
      switch (reply.kind) {
        case 'done':
          return reply.value;
        case 'said':
          heard(reply.value);
          break;
        case 'failed':
          if (reply.fault.code === undefined) throw new DatacycleError({ what: reply.fault.message });
          throw StatementError.from(reply.fault, reply.sql, (text) => text);
        default:
          return reply satisfies never;
      }
    }
  }

  async #reply(): Promise<Reply> {
    const line = await this.#lines.next().catch(() => undefined);
    if (line?.done !== false) throw this.#gone();
    return parsedLine(line.value) as Reply;
  }

  leave(): void {
    this.#socket.destroy();
  }
}
