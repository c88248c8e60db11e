/** A request that cannot be answered as it is. @param hint what to write in its place. */
export class BadRequest extends Error {
  readonly hint: string | undefined;

  constructor(what: string, hint?: string | undefined) {
    super(what);
    this.hint = hint;
  }
}
