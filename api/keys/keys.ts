// Whose rows a request reads: each key is a login of the database, and the database says what it sees.
//
//   header.ts  the key in the header Authorization
//   logins.ts  PostgreSQL: a pool of read-only sessions for each login, which the server itself lets in
//   token.ts   the embedded database, which has no logins: one key for everything
//
// Nothing of a key is kept but a hash. What is not let in learns no more than that.
import type { Result, Row, Values } from '../../warehouse/warehouse.ts';

/** What a request brings. */
export interface Key {
  /** Empty where only a token was sent. */
  readonly login: string;
  readonly password: string;
}

/** One who is let in. */
export interface Reader {
  /** The login. */
  readonly name: string;
  /**
   * Runs one statement that only reads.
   * @param values how the values of rows come back; as PostgreSQL's text unless it says otherwise.
   * @throws StatementError | ConnectionError
   */
  query<R extends Row = Row>(sql: string, params: readonly unknown[], values?: Values): Promise<Result<R>>;
}

/** Lets requests in. */
export interface KeyRing {
  /** The reader of a key that was let in a short while ago; undefined where the database has to be asked. */
  known(key: Key): Reader | undefined;
  /**
   * Asks the database. @throws Refused for a key that is none; ConnectionError while the database is away.
   */
  letIn(key: Key): Promise<Reader>;
  close(): Promise<void>;
}

/** A key that is not let in. `status` 401: it is none; 403: it is one that must not be used here. */
export class Refused extends Error {
  readonly status: 401 | 403;

  constructor(status: 401 | 403, what: string) {
    super(what);
    this.status = status;
  }
}
