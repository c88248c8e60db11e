// The registry's server: how it is reached, what is read of it, and what its values and errors mean.
//
//   1. address.ts, tls.ts  read MYSQL_URL
//   2. login.ts            gives no password away to a server that has not shown who it is
//   3. tables.ts, columns.ts  say what is read; everything else stays at the server
//   4. value.ts            a value as JSON, without loss
//   5. fault.ts            errors in words: of the server, which may pass or not, or of one table
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type { Connection, FieldPacket, RowDataPacket } from 'mysql2';
import type { RegistryAddress } from './address.ts';
import type { AllowedColumns } from './columns.ts';
import { isMissingTable, RegistryFault, TableFault, tableFault } from './fault.ts';
import { carefulPlugins } from './login.ts';
import { type RegistryTable, registryTable, registryTables } from './tables.ts';
import { maxCellBytes, type RegistryColumn } from './value.ts';

/** After so long without traffic the machine itself asks whether the server is still there. */
const keepAliveMs = 10_000;

export interface RegistryTimeouts {
  /** Until the connection is ready to use. */
  readonly connectMs: number;
  /** Without a single byte of an answer or the next row. */
  readonly silentMs: number;
}

/** Types whose values may be larger. */
const longTypes = ['text', 'mediumtext', 'longtext', 'blob', 'mediumblob', 'longblob', 'json', 'varchar', 'varbinary'];

/** A table as it is spelt at the server. */
export interface SpeltTable {
  readonly name: string;
  /** The columns that are read, in their order. */
  readonly columns: readonly { readonly name: string; readonly isLong: boolean }[];
}

/** A table as it is being read. */
export interface OpenTable {
  readonly columns: readonly RegistryColumn[];
  /**
   * Values as the server wrote them; null is NULL. Read it to its end before anything else is asked. Throws TableFault, at its end,
   * if it holds a value of more than {@link maxCellBytes}.
   */
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
    try {
      return await RegistryServer.#open(address, timeouts, signal);
    } catch (error) {
      const mayDoWithout = address.tls.optional && RegistryFault.isWithoutTls(error);
      if (!mayDoWithout) throw error;
      const { ssl: _, ...connection } = address.connection;
      return RegistryServer.#open({ ...address, connection }, timeouts, signal);
    }
  }

  static async #open(
    address: RegistryAddress,
    timeouts: RegistryTimeouts,
    signal: AbortSignal | undefined,
  ): Promise<RegistryServer> {
    // Loaded only here: who loads something else need not wait for it.
    const { authPlugins, createConnection } = await import('mysql2');
    const { host = 'localhost', port = 3306, socketPath } = address.connection;
    // A socket of our own: the driver's destroy() asks the server to end the connection and would wait for ever for a server that is stuck.
    const socket = connect(socketPath === undefined ? { host, port } : { path: socketPath });
    socket.on('error', () => undefined);
    socket.setKeepAlive(true, keepAliveMs);
    socket.setNoDelay(true);
    const connection = createConnection({
      ...address.connection,
      stream: socket,
      connectTimeout: timeouts.connectMs,
      charset: 'utf8mb4',
      authPlugins: carefulPlugins(address, socket, authPlugins),
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

  /**
   * How the tables to be read and their columns are spelt here. Of two tables that differ in letter case only, the one in lower case or
   * else the first.
   */
  async tables(allowed: AllowedColumns): Promise<ReadonlyMap<RegistryTable, SpeltTable>> {
    const among = `table_schema = database() and lower(table_name) in (${registryTables.map(() => '?').join(', ')})`;
    const names = await this.#rows(
      `select table_name as name from information_schema.tables where ${among} order by 1`,
      registryTables,
    );
    const columns = await this.#rows(
      `select table_name as name, column_name as column_name, data_type as type from information_schema.columns
       where ${among} order by ordinal_position`,
      registryTables,
    );
    const found = new Map<RegistryTable, SpeltTable>();
    for (const name of names.map((row) => String(row.name))) {
      const table = registryTable(name);
      if (table === undefined || (found.has(table) && name !== table)) continue;
      const own = columns.filter((row) => row.name === name && allowed.has(table, String(row.column_name)));
      found.set(table, {
        name,
        columns: own.map((row) => ({
          name: String(row.column_name),
          isLong: longTypes.includes(String(row.type).toLowerCase()),
        })),
      });
    }
    return found;
  }

  /**
   * Starts to read a table; undefined if it is missing or this user may not read it.
   * @throws TableFault if it cannot be read although others may.
   */
  async open({ name, columns: read }: SpeltTable): Promise<OpenTable | undefined> {
    const query = this.#connection.query({ sql: selectOf(name, read), rowsAsArray: true, typeCast: false });
    const stream = query.stream({ highWaterMark: 256 });
    // Told when the rows are read; without a listener it would end the process.
    stream.on('error', () => undefined);
    try {
      const [fields] = (await this.#answer(this.#timeouts.silentMs, once(stream, 'fields'))) as [FieldPacket[]];
      if (read.length === 0) {
        for await (const _ of this.#watched(stream));
        throw new TableFault('it has none of the columns that are read');
      }
      const columns = fields.slice(0, read.length).map((field) => ({
        name: field.name,
        type: field.columnType ?? -1,
        characterSet: field.characterSet ?? -1,
      }));
      return { columns, rows: this.#checked(stream, columns) };
    } catch (error) {
      if (isMissingTable(error)) return undefined;
      throw this.#faultOfTable(error);
    }
  }

  /** The rows without their last value, the place of a column in which a value is too large. */
  async *#checked(stream: Readable, columns: readonly RegistryColumn[]): AsyncGenerator<readonly (Buffer | null)[]> {
    let large: string | undefined;
    for await (const row of this.#watched(stream)) {
      const at = Number(row[columns.length]?.toString('latin1') ?? 0);
      if (at > 0) large ??= columns[at - 1]?.name;
      if (large === undefined) yield row.slice(0, columns.length);
    }
    if (large !== undefined)
      throw new TableFault(`column ${large} holds a value of more than ${maxCellBytes.toLocaleString('en')} bytes`);
  }

  /** Closes the connection at once, also during a query. */
  close(): void {
    this.#breakOff(new RegistryFault(this.#address, { reason: 'the connection was broken off' }, true));
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
      throw this.#faultOfTable(error);
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
    ).catch((error: unknown) => {
      throw this.#fault(error);
    });
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
    const reason = `the server has not answered for ${milliseconds / 1000} s`;
    return new RegistryFault(this.#address, { reason }, true);
  }

  #fault(error: unknown): RegistryFault {
    return RegistryFault.from(error, this.#address);
  }

  /** As {@link #fault}, for what is asked of one table. */
  #faultOfTable(error: unknown): RegistryFault | TableFault {
    return error instanceof TableFault ? error : (tableFault(error) ?? this.#fault(error));
  }
}

/** Values that are too large stay at the server, which says in the last column where there was one. */
function selectOf(table: string, columns: SpeltTable['columns']): string {
  // Of a table that shows none of its columns the server says why.
  if (columns.length === 0) return `select * from ${quoted(table)} limit 0`;
  const isLarge = (name: string) => `octet_length(${quoted(name)}) > ${maxCellBytes}`;
  const values = columns.map(({ name, isLong }) =>
    isLong ? `if(${isLarge(name)}, null, ${quoted(name)}) as ${quoted(name)}` : quoted(name),
  );
  const cases = columns.flatMap(({ name, isLong }, at) => (isLong ? [`when ${isLarge(name)} then ${at + 1}`] : []));
  const place = cases.length === 0 ? '0' : `case ${cases.join(' ')} else 0 end`;
  return `select ${values.join(', ')}, ${place} from ${quoted(table)}`;
}

function quoted(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}
