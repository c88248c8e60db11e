// The database port: all that the other layers use of a database. They query, stream COPY, open transactions and take
// advisory locks through the interfaces of this file.
//
//   open.ts      chooses the adapter by DB_URL
//   postgres.ts  PostgreSQL 15 or newer, by node-postgres
//   pglite.ts    the embedded PostgreSQL, one connection, in a folder or in memory
//   guests.ts    lets other processes read an embedded database that this one holds; guest.ts: one of them
//   quote.ts     quotes identifiers and literals; every name in generated SQL passes through it
//   migrate.ts   applies the numbered migrations of a schema, and refuses a schema that is newer than the program
//
// Both adapters return the same values and errors for the same SQL. No message of theirs holds a password.
/** One row as the driver returns it: column name to value. */
export type Row = Readonly<Record<string, unknown>>;

/** Rows of a statement and how many rows it touched (as PostgreSQL's command tag counts them). */
export interface Result<R extends Row = Row> {
  readonly rows: readonly R[];
  readonly rowCount: number;
  /** Column names in order, also for an empty result. */
  readonly columns: readonly string[];
}

/**
 * `parsed`: as values of JavaScript, for the program. `text`: each as PostgreSQL's own text, the same as a cast to text gives, for people;
 * such a query holds one statement, or the database refuses it. `prepared`: as `parsed`, by a prepared statement, so that PostgreSQL plans
 * once for a connection what is asked many times with other `params`; for the catalog and the bookkeeping, whose columns stay. `prepared text`: as
 * `text`, by a prepared statement; where the type of a column has changed since, it fails once (SQLSTATE 0A000) and is prepared anew.
 */
export type Values = 'parsed' | 'text' | 'prepared' | 'prepared text';

/** What can run statements: the warehouse itself (any connection) or one session. */
export interface Queryable {
  /**
   * Runs one statement. Values go in `params` ($1, $2, ...), never into `sql`.
   * int8 and numeric come back as strings (no precision is lost), timestamps as ISO text, json parsed.
   * @param values how the values of rows come back.
   * @throws StatementError with PostgreSQL's code and position.
   */
  query<R extends Row = Row>(sql: string, params?: readonly unknown[], values?: Values): Promise<Result<R>>;
}

/** One connection, held for as long as the callback that received it runs. */
export interface Session extends Queryable {
  /** Its process on the server; undefined in the embedded database. */
  readonly process: number | undefined;
  /**
   * Streams `COPY ... FROM STDIN` in PostgreSQL's text or CSV format and returns the number of rows.
   * @param sql the whole COPY statement.
   * @param chunks any split of the input; a chunk need not end at a line.
   * @throws StatementError, its `context` naming the line; the transaction is then aborted.
   */
  copyIn(sql: string, chunks: AsyncIterable<string | Uint8Array>): Promise<number>;
  /**
   * Streams `COPY ... TO STDOUT` in PostgreSQL's text or CSV format, as fast as it is read; the embedded database makes it
   * whole in memory first. Ask the session for nothing else until it is read; leaving it early waits for its end.
   * @param sql the whole COPY statement; it takes no parameters.
   * @returns the bytes, UTF-8; a chunk need not end at a line.
   * @throws StatementError while it is read, maybe after some chunks.
   * @example for await (const chunk of session.copyOut('copy (select 1) to stdout (format csv)')) ...
   */
  copyOut(sql: string): AsyncIterable<Uint8Array>;
}

/** The database port. Two adapters implement it with the same semantics: postgres and pglite. */
export interface Warehouse extends Queryable {
  readonly kind: 'postgres' | 'pglite';
  /** How many sessions can work at the same time. */
  readonly concurrency: number;
  /** Where it is, without secrets, for messages. */
  readonly address: string;
  /** Runs `work` in one transaction: commits its success, rolls back its failure (a broken connection included). */
  transaction<T>(work: (session: Session) => Promise<T>, isolation?: Isolation): Promise<T>;
  /** Runs `work` on one connection without a transaction, for what must outlive one or cannot run inside one. */
  session<T>(work: (session: Session) => Promise<T>): Promise<T>;
  /**
   * Runs `work` while holding the named lock of this database; at most one holder in the whole database.
   * @param work learns by `lost` that the connection that holds the lock broke: from then on another session may take it.
   * @returns what `work` returned, or who holds the lock if it is taken.
   */
  exclusive<T>(name: string, work: (lost: AbortSignal) => Promise<T>): Promise<Exclusive<T>>;
  /** The holder of the named lock, in words (application name, server process, user, since when); undefined if it is free. */
  holder(name: string): Promise<string | undefined>;
  /** Makes running statements fail soon with SQLSTATE 57014; used when the user interrupts. */
  cancel(): Promise<void>;
  close(): Promise<void>;
}

export type Isolation = 'read committed' | 'repeatable read';

export type Exclusive<T> =
  | { readonly held: true; readonly value: T }
  | { readonly held: false; readonly holder: string };
