/** A project with one fault. The sign ‸ stands right before what the error must point at, if it can be known. */
export interface Fault {
  readonly name: string;
  readonly files: Readonly<Record<string, string>>;
  /** The error only happens in an increment. */
  readonly after?: 'a full build' | undefined;
  /** A query for `show --inline`, instead of a build. */
  readonly inline?: string;
  /** What the error must name where nothing is marked. */
  readonly file?: string;
  /** A part of what the error says. */
  readonly message: string;
  /** The quoted line and its caret, where it is not the whole line. */
  readonly quoted?: string;
  /** What the error says besides. */
  readonly also?: readonly string[];
}

export const noColumn = 'column "nme" does not exist';

export const source = 'sources: [{ name: staging, tables: [{ name: event }] }]\n';
export const event = '{{source "staging" "event"}}';
export const table = '{{config materialized="table"}}\n';
export const ephemeral = '{{config materialized="ephemeral"}}\n';

/** A project whose model `m` has the fault. */
export const model = (name: string, text: string, message = noColumn, more: Partial<Fault> = {}): Fault => ({
  name: `a model: ${name}`,
  message,
  ...more,
  files: { 'models/m.sql': text, ...more.files },
});
