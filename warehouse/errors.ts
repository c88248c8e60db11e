/** What a {@link DatacycleError} tells its reader. Every field is plain text without secrets. */
export interface ErrorParts {
  /** What went wrong, one sentence. */
  readonly what: string;
  /** Where, as `file:line:column` of the user's own file, when there is such a place. */
  readonly where?: string | undefined;
  /** The quoted line or further facts, printed as they are. */
  readonly detail?: string | undefined;
  /** What to do about it. */
  readonly hint?: string | undefined;
  readonly cause?: unknown;
}

/** The root of every error this program raises on purpose. `exitCode` 1: the work failed; 2: wrong use or configuration. */
export class DatacycleError extends Error {
  readonly where: string | undefined;
  readonly detail: string | undefined;
  readonly hint: string | undefined;
  readonly exitCode: 1 | 2 = 1;

  constructor(parts: ErrorParts) {
    super(parts.what, parts.cause === undefined ? undefined : { cause: parts.cause });
    this.name = new.target.name;
    this.where = parts.where;
    this.detail = parts.detail;
    this.hint = parts.hint;
  }
}

/** The database cannot be reached, refuses the login, or the address makes no sense. */
export class ConnectionError extends DatacycleError {
  override readonly exitCode = 2;
}

/** What PostgreSQL's drivers tell of an error, all optional but the message. */
export interface Fault {
  readonly message: string;
  readonly code?: string | undefined;
  readonly detail?: string | undefined;
  readonly hint?: string | undefined;
  readonly position?: string | undefined;
  readonly where?: string | undefined;
}

/** An error PostgreSQL reported for one statement. */
export class StatementError extends DatacycleError {
  /** SQLSTATE, five characters. */
  readonly code: string;
  /** 1-based character offset in `sql` where PostgreSQL saw the problem, if it said. */
  readonly position: number | undefined;
  readonly sql: string;
  /** PostgreSQL's CONTEXT, e.g. the line of a COPY. */
  readonly context: string | undefined;

  constructor(
    parts: ErrorParts & { code: string; position?: number | undefined; sql: string; context?: string | undefined },
  ) {
    super(parts);
    this.code = parts.code;
    this.position = parts.position;
    this.sql = parts.sql;
    this.context = parts.context;
  }

  /** From a driver's error; `conceal` removes secrets from what the server quotes. */
  static from(fault: Fault, sql: string, conceal: (text: string) => string): StatementError {
    const clean = (text: string | undefined) => (text === undefined ? undefined : conceal(text));
    return new StatementError({
      what: conceal(fault.message),
      detail: clean(fault.detail),
      hint: clean(fault.hint),
      code: fault.code ?? '',
      position: fault.position === undefined ? undefined : Number(fault.position),
      context: clean(fault.where),
      sql,
      // The driver's own error would show, under --debug, what was concealed.
      cause: conceal(fault.message + (fault.detail ?? '')) === fault.message + (fault.detail ?? '') ? fault : undefined,
    });
  }
}
