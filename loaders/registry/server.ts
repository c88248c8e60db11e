import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type { Connection, FieldPacket, RowDataPacket } from 'mysql2';
import type { RegistryAddress } from './address.ts';
import { isMissingTable, RegistryFault } from './fault.ts';
import { type RegistryTable, registryTable, registryTables } from './tables.ts';
import type { RegistryColumn } from './value.ts';

export interface RegistryTimeouts {
  /** Until the connection is ready to use. */
  readonly connectMs: number;
  /** Without a single byte of an answer or the next row. */
  readonly silentMs: number;
}

/** A table as it is being read. */
export interface OpenTable {
  readonly columns: readonly RegistryColumn[];
  /** Values as the server wrote them; null is NULL. Read it to its end before anything else is asked. */
  readonly rows: AsyncIterable<readonly (Buffer | null)[]>;
}

/**
 * One connection to the registry, in one read-only transaction: all tables are of one moment. Everything it throws is a
 * {@link RegistryFault}.
 */
export class RegistryServer {
  readonly #connection: Connection;
  readonly #socket: Socket;
  readonly #address: RegistryAddress;
  readonly #timeouts: RegistryTimeouts;
  readonly #closing = new AbortController();

  private constructor(connection: Connection, socket: Socket, address: RegistryAddress, timeouts: RegistryTimeouts) {
    this.#connection = connection;
    this.#socket = socket;
    this.#address = address;
    this.#timeouts = timeouts;
  }

  /** Connects and takes the snapshot. `signal` breaks the connection off, then and later. */
  static async open(
    address: RegistryAddress,
    timeouts: RegistryTimeouts,
    signal?: AbortSignal | undefined,
  ): Promise<RegistryServer> {
    // Loaded only here: who loads something else need not wait for it.
    const { createConnection } = await import('mysql2');
    const { host = 'localhost', port = 3306, socketPath } = address.connection;
    // A socket of our own: the driver's destroy() only says goodbye and would wait for ever for a server that is stuck.
    const socket = connect(socketPath === undefined ? { host, port } : { path: socketPath });
    socket.on('error', () => undefined);
    socket.setKeepAlive(true);
    socket.setNoDelay(true);
    const connection = createConnection({
      ...address.connection,
      stream: socket,
      connectTimeout: timeouts.connectMs,
      charset: 'utf8mb4',
      // A server must not be able to ask for files of this machine.
      flags: ['-LOCAL_FILES'],
    });
    const server = new RegistryServer(connection, socket, address, timeouts);
    // The driver tells the connection of a loss, but not a statement whose rows are streamed.
    connection.on('error', (error) => server.#breakOff(server.#fault(error)));
    const onAbort = () => server.close();
    if (signal?.aborted === true) onAbort();
    signal?.addEventListener('abort', onAbort, { once: true });
    server.#closing.signal.addEventListener('abort', () => signal?.removeEventListener('abort', onAbort));
    try {
      await server.#answer(
        timeouts.connectMs,
        new Promise<void>((resolve, reject) =>
          connection.connect((error: Error | null) => (error === null ? resolve() : reject(error))),
        ),
      );
      // An instant (TIMESTAMP) comes as UTC. A slow reader must not be cut off by the server.
      await server.#rows(`set session time_zone = '+00:00', net_write_timeout = 600`);
      await server.#rows('set session transaction isolation level repeatable read');
      await server.#rows('start transaction with consistent snapshot, read only');
      return server;
    } catch (error) {
      server.close();
      throw server.#fault(error);
    }
  }

  /** How the tables to be read are spelt here. Of two that differ in letter case only, the one in lower case or else the first. */
  async tables(): Promise<ReadonlyMap<RegistryTable, string>> {
    const rows = await this.#rows(
      `select table_name as name from information_schema.tables
       where table_schema = database() and lower(table_name) in (${registryTables.map(() => '?').join(', ')})`,
      registryTables,
    ).catch((error: unknown) => {
      throw this.#fault(error);
    });
    const found = new Map<RegistryTable, string>();
    for (const name of rows.map((row) => String(row.name)).sort()) {
      const table = registryTable(name);
      if (table !== undefined && (!found.has(table) || name === table)) found.set(table, name);
    }
    return found;
  }

  /** Starts to read a table; undefined if it is missing or this user may not read it. */
  async open(name: string): Promise<OpenTable | undefined> {
    const query = this.#connection.query({
      sql: `select * from \`${name.replaceAll('`', '``')}\``,
      rowsAsArray: true,
      typeCast: false,
    });
    const stream = query.stream({ highWaterMark: 256 });
    // Told when the rows are read; without a listener it would end the process.
    stream.on('error', () => undefined);
    try {
      const [fields] = (await this.#answer(this.#timeouts.silentMs, once(stream, 'fields'))) as [FieldPacket[]];
      const columns = fields.map((field) => ({
        name: field.name,
        type: field.columnType ?? -1,
        characterSet: field.characterSet ?? -1,
      }));
      return { columns, rows: this.#watched(stream) };
    } catch (error) {
      if (isMissingTable(error)) return undefined;
      throw this.#fault(error);
    }
  }

  /** Closes the connection at once, also during a query. */
  close(): void {
    this.#breakOff(new RegistryFault(this.#address, 'the connection was broken off', true));
  }

  #breakOff(why: RegistryFault): void {
    this.#closing.abort(why);
    this.#connection.destroy();
    this.#socket.destroy();
  }

  /** The rows, with an eye on the time that the server takes for the next one. */
  async *#watched(stream: Readable): AsyncGenerator<readonly (Buffer | null)[]> {
    let waiting = true;
    const timer = setTimeout(() => {
      if (!waiting) {
        timer.refresh();
        return;
      }
      this.#breakOff(this.#silence(this.#timeouts.silentMs));
    }, this.#timeouts.silentMs);
    const onClose = () => stream.destroy(this.#fault(this.#closing.signal.reason));
    if (this.#closing.signal.aborted) onClose();
    this.#closing.signal.addEventListener('abort', onClose);
    try {
      for await (const row of stream) {
        waiting = false;
        yield row as (Buffer | null)[];
        waiting = true;
        timer.refresh();
      }
    } catch (error) {
      throw this.#fault(error);
    } finally {
      clearTimeout(timer);
      this.#closing.signal.removeEventListener('abort', onClose);
    }
  }

  async #rows(sql: string, values: readonly string[] = []): Promise<readonly RowDataPacket[]> {
    return this.#answer(
      this.#timeouts.silentMs,
      new Promise<readonly RowDataPacket[]>((resolve, reject) =>
        this.#connection.query<RowDataPacket[]>(sql, [...values], (error, rows) =>
          error === null ? resolve(rows) : reject(error),
        ),
      ),
    );
  }

  async #answer<T>(milliseconds: number, answer: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    let onClose: (() => void) | undefined;
    const late = new Promise<never>((_, reject) => {
      onClose = () => reject(this.#closing.signal.reason);
      timer = setTimeout(() => {
        this.#breakOff(this.#silence(milliseconds));
      }, milliseconds);
      if (this.#closing.signal.aborted) onClose();
      this.#closing.signal.addEventListener('abort', onClose);
    });
    try {
      return await Promise.race([answer, late]);
    } finally {
      clearTimeout(timer);
      if (onClose !== undefined) this.#closing.signal.removeEventListener('abort', onClose);
    }
  }

  #silence(milliseconds: number): RegistryFault {
    return new RegistryFault(this.#address, `the server has not answered for ${milliseconds / 1000} s`, true);
  }

  #fault(error: unknown): RegistryFault {
    return RegistryFault.from(error, this.#address);
  }
}
