import type { Socket } from 'node:net';
import type { Fault } from './errors.ts';
import type { Values } from './warehouse.ts';

/** What a guest of an embedded database asks, one JSON text a line (guests.ts answers, guest.ts asks). */
export type Question =
  | {
      readonly kind: 'query';
      readonly sql: string;
      readonly params: readonly unknown[];
      readonly values?: Values | undefined;
    }
  /** Begins a read-only transaction, for the queries that follow. */
  | { readonly kind: 'begin' }
  /** Ends the transaction; without one, the visit. */
  | { readonly kind: 'end' }
  | { readonly kind: 'holder'; readonly name: string }
  /** Asks the holder to do something that reading is not; what, its program knows. The first answer is whether it will. */
  | { readonly kind: 'errand'; readonly errand: unknown };

export type Reply =
  | { readonly kind: 'done'; readonly value: unknown }
  /** Of an errand, before it is done. */
  | { readonly kind: 'said'; readonly value: unknown }
  | { readonly kind: 'failed'; readonly fault: Fault; readonly sql: string };

/**
 * Does what a guest asks for besides reading. @param say tells the guest how it goes. @param left aborted when the guest wants it no more.
 * @returns what became of it, as JSON. @throws Error for what is no errand.
 */
export type DoErrand = (errand: unknown, say: (value: unknown) => void, left: AbortSignal) => Promise<unknown>;

/** JSON has no such numbers; an object with this key alone is one. */
const numberKey = '$number';

/** Sends one value as a line, and waits until there is room for more. @throws Error if the other side has left. */
export function write(socket: Socket, value: unknown): Promise<void> {
  const text = JSON.stringify(value, (_key, one: unknown) =>
    typeof one === 'bigint'
      ? String(one)
      : typeof one === 'number' && !Number.isFinite(one)
        ? { [numberKey]: String(one) }
        : one,
  );
  return new Promise((done, fail) => {
    socket.write(`${text}\n`, (error) => (error ? fail(error) : done()));
  });
}

/** The value of a line. */
export function parsedLine(line: string): unknown {
  return JSON.parse(line, (_key, one: unknown) =>
    typeof one === 'object' && one !== null && numberKey in one && Object.keys(one).length === 1
      ? Number(one[numberKey])
      : one,
  );
}

/** The lines of a connection. @param longest characters of one. @throws Error for a longer line, and where the connection breaks. */
export async function* linesOf(socket: Socket, longest: number): AsyncGenerator<string, undefined> {
  socket.setEncoding('utf8');
  // In pieces until its end comes: a long line is not searched again with each of them.
  let rest: string[] = [];
  let length = 0;
  for await (const chunk of socket as AsyncIterable<string>) {
    const [first = '', ...others] = chunk.split('\n');
    const last = others.pop();
    rest.push(first);
    length += first.length;
    if (last !== undefined) {
      yield rest.join('');
      yield* others;
      rest = [last];
      length = last.length;
    }
    if (length > longest) throw new Error('a line is too long');
  }
  return undefined;
}
