import type { Socket } from 'node:net';
import pg from 'pg';
import type { Line } from './dial.ts';
import { ConnectionError } from './errors.ts';

/** How a client gets its connection, and what it may do on it. */
export interface Route {
  /** Host and port for messages. */
  readonly name: string;
  /** Whether the URL says `sslmode=disable` in so many words. */
  readonly isPlainAllowed: boolean;
  dial(): Promise<Line>;
  /** How long the server may take to answer anything at all, in milliseconds. */
  limitMs(): number;
  /** Aborted once the connection is given up. */
  signal(): AbortSignal;
  /** The error of a server that has not answered in time. */
  unanswered(): Error;
  /** Called where a password is proven without TLS to another machine. */
  warn(text: string): void;
}

/**
 * A client of node-postgres over a connection that this program has made and encrypted itself. It never sends a password in
 * clear without TLS to another machine.
 */
export class PostgresClient extends pg.Client {
  readonly #route: Route;
  #line: Line | undefined;

  /** @param config passed on as it is: a copy would lose the password, which the pool hides. */
  constructor(config: pg.ClientConfig, route: Route) {
    super(config);
    this.#route = route;
  }

  /** Undefined before the connection is made. */
  get line(): Line | undefined {
    return this.#line;
  }

  /** Whether what is sent can be read by nobody in between, or the URL allows it. */
  get isProtected(): boolean {
    return this.#line !== undefined && (this.#line.isEncrypted || this.#line.isLocal || this.#route.isPlainAllowed);
  }

  /** The process number that the server has sent: of its own process, or any number where a pooler answers for it. */
  get toldPid(): number {
    return (this as unknown as { processID: number }).processID;
  }

  /** Breaks the connection: whatever waits for it fails with this error. */
  break(error: Error): void {
    this.#line?.socket.destroy(error);
    this.#line?.raw.destroy();
  }

  // biome-ignore format: overloads of the driver
  override connect(): Promise<pg.Client>;
  override connect(callback: (error: Error) => void): void;
  override connect(callback?: (error: Error) => void): Promise<pg.Client> | undefined {
    const opened = this.#open();
    if (callback === undefined) return opened;
    opened.then(
      () => callback(null as unknown as Error),
      (error: Error) => callback(error),
    );
    return undefined;
  }

  async #open(): Promise<pg.Client> {
    this.#line = await this.#route.dial();
    const { socket } = this.#line;
    // The driver connects the stream that it is given; this one is.
    Object.assign(socket, {
      connect: () => {
        process.nextTick(() => socket.resume().emit('connect'));
        return socket;
      },
    });
    const connection = this.connection as unknown as { stream: Socket; password(text: string): void };
    connection.stream = socket;
    const send = connection.password.bind(connection);
    let isClear = false;
    this.connection.on('authenticationCleartextPassword', () => {
      isClear = true;
    });
    this.connection.on('authenticationMD5Password', () => this.#warn('md5'));
    this.connection.on('authenticationSASL', () => this.#warn('SCRAM'));
    connection.password = (text) => {
      if (!isClear || this.isProtected) send(text);
      else socket.destroy(this.#refusal());
    };
    const limit = setTimeout(() => {
      if (this.#line?.raw.bytesRead === 0) socket.destroy(this.#route.unanswered());
    }, this.#route.limitMs());
    const signal = this.#route.signal();
    const giveUp = () => socket.destroy(signal.reason);
    signal.addEventListener('abort', giveUp, { once: true });
    try {
      await super.connect();
      return this;
    } finally {
      clearTimeout(limit);
      signal.removeEventListener('abort', giveUp);
    }
  }

  #warn(method: string): void {
    if (this.isProtected) return;
    this.#route.warn(
      `the connection to ${this.#route.name} is not encrypted: the password is only proven (${method}), but all data can be read on the way. Add sslmode=require to DB_URL, or sslmode=disable if that is as it should be.`,
    );
  }

  #refusal(): ConnectionError {
    return new ConnectionError({
      what: `the server at ${this.#route.name} asks for the password in clear over a connection without TLS; it was not sent`,
      hint: 'Turn on TLS at the server, or let pg_hba.conf ask for scram-sha-256. If everybody on the way may read the password, add sslmode=disable to DB_URL.',
    });
  }
}
