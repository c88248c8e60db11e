import { randomBytes, timingSafeEqual } from 'node:crypto';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { resolve } from 'node:path';
import { StatementError } from './errors.ts';
import { type DoErrand, linesOf, parsedLine, type Question, type Reply, write } from './guest-lines.ts';
import type { Session, Warehouse } from './warehouse.ts';

/** Where guests knock, and by what they are let in. */
export interface Door {
  readonly port: number;
  readonly token: string;
  /** The process, in words. */
  readonly name: string;
}

/** The file of the door, beside the lock of the folder. */
function doorFile(folder: string): string {
  return resolve(`${folder}.door`);
}

/** How the process that holds an embedded database is asked; undefined where none has said so. */
export function doorOf(folder: string): Door | undefined {
  try {
    const read: unknown = JSON.parse(readFileSync(doorFile(folder), 'utf8'));
    return typeof read === 'object' && read !== null && 'port' in read && 'token' in read ? (read as Door) : undefined;
  } catch {
    return undefined;
  }
}

/** A guest that says nothing for so long within a transaction loses it: whoever holds the database waits for it, in milliseconds. */
const silentMs = 10_000;

/** More guests at once are turned away. */
const mostGuests = 8;

/** As a query, after which the transaction cannot be made to write any more. */
const onlyRead = "select set_config('transaction_read_only', 'on', true)";

/** A question that is longer is none. */
const longestLine = 4_000_000;

/**
 * Answers other processes of this user that want to read an embedded database while this one holds it: on 127.0.0.1, by a token in a
 * file that only the user may read (`<folder>.door`). Transactions of guests are read-only, and each waits for its turn like everything
 * else of the one connection. Keeps no process alive. A machine that lets nothing listen has no guests.
 * @param doErrand does what guests ask for besides; undefined: it is refused.
 * @returns what ends it.
 */
export async function answerGuests(
  folder: string,
  name: string,
  warehouse: Warehouse,
  doErrand?: DoErrand,
): Promise<() => void> {
  const token = randomBytes(32).toString('base64url');
  const guests = new Set<Socket>();
  const server = createServer((socket) => {
    if (guests.size >= mostGuests) {
      socket.destroy();
      return;
    }
    guests.add(socket);
    socket.unref();
    socket.setNoDelay(true);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => guests.delete(socket));
    // What a guest says that is no question ends its visit, and nothing of ours.
    void serve(socket, token, warehouse, doErrand)
      .catch(() => undefined)
      .finally(() => socket.destroy());
  });
  server.unref();
  const port = await new Promise<number | undefined>((done) => {
    server.once('error', () => done(undefined));
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      done(typeof address === 'object' && address !== null ? address.port : undefined);
    });
  });
  const file = doorFile(folder);
  const isWritten = port !== undefined && writeDoor(file, { port, token, name });
  const remove = () => rmSync(file, { force: true });
  if (isWritten) process.once('exit', remove);
  return () => {
    process.removeListener('exit', remove);
    if (isWritten) remove();
    for (const guest of guests) guest.destroy();
    server.close();
  };
}

/** Whole, and never readable by others. @returns whether it could be written. */
function writeDoor(file: string, door: Door): boolean {
  const fresh = `${file}.${process.pid}`;
  try {
    rmSync(fresh, { force: true });
    writeFileSync(fresh, JSON.stringify(door), { mode: 0o600, flag: 'wx' });
    renameSync(fresh, file);
    return true;
  } catch {
    rmSync(fresh, { force: true });
    return false;
  }
}

/** Answers one guest until it leaves, or says what it may not. */
async function serve(
  socket: Socket,
  token: string,
  warehouse: Warehouse,
  doErrand: DoErrand | undefined,
): Promise<void> {
  const lines = linesOf(socket, longestLine);
  const first = await next(lines, silentMs);
  const given = Buffer.from(first ?? '');
  const wanted = Buffer.from(token);
  // No question is read of one who has not shown the token.
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return;
  for (;;) {
    const line = await next(lines);
    if (line === undefined) return;
    const question = parsedLine(line) as Question;
    switch (question.kind) {
      case 'query':
        await write(
          socket,
          await replyTo(() =>
            warehouse.transaction(async (session) => {
              await session.query(onlyRead);
              return session.query(question.sql, question.params, question.values);
            }),
          ),
        );
        break;
      case 'holder':
        await write(socket, await replyTo(async () => ({ holder: await warehouse.holder(question.name) })));
        break;
      case 'begin':
        await warehouse
          .transaction(async (session) => inTransaction(socket, lines, session))
          .catch((error: unknown) => {
            if (!(error instanceof GuestLeft)) throw error;
          });
        break;
      case 'errand':
        await write(socket, { kind: 'done', value: { isTaken: doErrand !== undefined } });
        if (doErrand === undefined) break;
        // Nothing else is asked meanwhile, so whatever comes means that the guest wants it no more.
        await runErrand(socket, lines, (say, left) => doErrand(question.errand, say, left));
        return;
      case 'end':
        return;
      default:
        return question satisfies never;
    }
  }
}

async function runErrand(
  socket: Socket,
  lines: AsyncIterator<string>,
  work: (say: (value: unknown) => void, left: AbortSignal) => Promise<unknown>,
): Promise<void> {
  const left = new AbortController();
  void next(lines).then(() => left.abort());
  const say = (value: unknown) => void write(socket, { kind: 'said', value }).catch(() => left.abort());
  await write(socket, await replyTo(() => work(say, left.signal)));
}

/** It rolls the transaction back, which has changed nothing. */
class GuestLeft extends Error {}

async function inTransaction(socket: Socket, lines: AsyncIterator<string>, session: Session): Promise<void> {
  await session.query(onlyRead);
  await write(socket, { kind: 'done', value: null });
  for (;;) {
    const line = await next(lines, silentMs);
    const question = line === undefined ? undefined : (parsedLine(line) as Question);
    if (question?.kind === 'end') throw new GuestLeft();
    if (question?.kind !== 'query') throw new Error('a guest left its transaction open');
    await write(socket, await replyTo(() => session.query(question.sql, question.params, question.values)));
  }
}

async function replyTo(work: () => Promise<unknown>): Promise<Reply> {
  try {
    return { kind: 'done', value: await work() };
  } catch (error) {
    if (error instanceof StatementError) {
      const { message, code, detail, hint, position, context, sql } = error;
      const fault = { message, code, detail, hint, position: position?.toString(), where: context };
      return { kind: 'failed', fault, sql };
    }
    return { kind: 'failed', fault: { message: error instanceof Error ? error.message : String(error) }, sql: '' };
  }
}

/** The next line; undefined at the end, and where none comes in time. */
async function next(lines: AsyncIterator<string>, withinMs?: number): Promise<string | undefined> {
  const line = lines.next().then(
    (one) => (one.done === true ? undefined : one.value),
    () => undefined,
  );
  if (withinMs === undefined) return line;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((done) => {
    timer = setTimeout(() => done(undefined), withinMs);
    timer.unref();
  });
  return Promise.race([line, late]).finally(() => clearTimeout(timer));
}
