import { identifier } from '../../warehouse/quote.ts';
import type {
  Exclusive,
  Isolation,
  Queryable,
  Result,
  Row,
  Session,
  Values,
  Warehouse,
} from '../../warehouse/warehouse.ts';

/** Where the bookkeeping is unless a target has a schema of its own. */
export const sharedBookkeeping = 'datacycle';

/** The schema of a target's bookkeeping. @param schema of the target. */
export function bookkeepingSchema(schema: string | undefined): string {
  return schema === undefined ? sharedBookkeeping : `${schema}_${sharedBookkeeping}`;
}

/**
 * The names of tables and sequences of the bookkeeping in SQL of the runner. What was pruned of sources, and the function that
 * policies call, are the database's: every target shares them.
 */
const ownNames = /\bdatacycle\.(?!(?:pruned|session_of|secret_\w+|prediction_load)\b)(?=[a-z_])/g;

/**
 * A warehouse for a target with a schema of its own: what the runner records of it is in `<schema>_datacycle`, and a run of it is no run
 * of another target. The SQL of the bookkeeping is written for the schema `datacycle` and renamed here, where it leaves the program.
 * @param schema of the target; undefined: the bookkeeping that targets without one share.
 */
export function forTarget(warehouse: Warehouse, schema: string | undefined): Warehouse {
  return schema === undefined ? warehouse : new OwnBookkeeping(warehouse, schema);
}

/**
 * The schema of the bookkeeping, and the warehouse without it where a target has its own. A session does not know its schema: in its
 * SQL, `to_regclass($1)` with the value `datacycle.model` finds it.
 */
export function bookkeepingOf(on: Pick<Warehouse, 'query' | 'transaction'>): {
  readonly schema: string;
  readonly shared: Warehouse | undefined;
} {
  return on instanceof OwnBookkeeping
    ? { schema: on.bookkeeping, shared: on.shared }
    : { schema: sharedBookkeeping, shared: undefined };
}

/** The schemas of the targets that have bookkeeping in this database besides the one at hand. */
export async function otherTargets(on: Pick<Warehouse, 'query' | 'transaction'>): Promise<readonly string[]> {
  const { rows } = await on.query<{ schema: string }>(
    `select n.nspname::text as schema
     from pg_class as c
     join pg_namespace as n on n.oid = c.relnamespace
     where c.relname = 'test_pass' and (n.nspname = $1 or right(n.nspname, 10) = '_' || $1) and n.nspname <> $2
     order by 1`,
    [sharedBookkeeping, bookkeepingOf(on).schema],
  );
  return rows.map(({ schema }) => schema);
}

class OwnBookkeeping implements Warehouse {
  readonly shared: Warehouse;
  readonly bookkeeping: string;
  readonly #schema: string;

  constructor(shared: Warehouse, schema: string) {
    this.shared = shared;
    this.bookkeeping = bookkeepingSchema(schema);
    this.#schema = schema;
  }

  get kind() {
    return this.shared.kind;
  }

  get concurrency() {
    return this.shared.concurrency;
  }

  get address() {
    return this.shared.address;
  }

  query<R extends Row = Row>(sql: string, params?: readonly unknown[], values?: Values): Promise<Result<R>> {
    return this.#query(this.shared, sql, params, values);
  }

  transaction<T>(work: (session: Session) => Promise<T>, isolation?: Isolation): Promise<T> {
    return this.shared.transaction((session) => work(this.#session(session)), isolation);
  }

  session<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return this.shared.session((session) => work(this.#session(session)));
  }

  exclusive<T>(name: string, work: (lost: AbortSignal) => Promise<T>): Promise<Exclusive<T>> {
    return this.shared.exclusive(this.#lock(name), work);
  }

  holder(name: string): Promise<string | undefined> {
    return this.shared.holder(this.#lock(name));
  }

  cancel(): Promise<void> {
    return this.shared.cancel();
  }

  close(): Promise<void> {
    return this.shared.close();
  }

  /** Runs of different targets change different tables; whatever else is locked, they share. */
  #lock(name: string): string {
    return name === 'run' ? `run in ${this.#schema}` : name;
  }

  #session(session: Session): Session {
    return {
      process: session.process,
      query: (sql, params, values) => this.#query(session, sql, params, values),
      copyIn: (sql, chunks) => session.copyIn(this.#own(sql), chunks),
      copyOut: (sql) => session.copyOut(this.#own(sql)),
    };
  }

  #query<R extends Row>(on: Queryable, sql: string, params?: readonly unknown[], values?: Values): Promise<Result<R>> {
    // A value that is the name of a table of the bookkeeping is looked for in the catalog.
    const own = params?.map((value) =>
      typeof value === 'string' && /^datacycle\.[a-z_]+$/.test(value) ? this.#own(value) : value,
    );
    return on.query<R>(this.#own(sql), own, values);
  }

  #own(sql: string): string {
    return sql.replace(ownNames, `${identifier(this.bookkeeping)}.`);
  }
}
