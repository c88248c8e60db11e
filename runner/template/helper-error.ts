import type { Place } from '../text/place.ts';
import { didYouMean } from '../text/suggest.ts';
import { otherForms } from './counterparts.ts';
import { translate } from './jinja.ts';

/** An error a helper raises about its own call; the template adds the excerpt. */
export class HelperError extends Error {
  readonly hint: string | undefined;
  /** Where the fault is, if not in the call as a whole. */
  readonly place: Place | undefined;

  constructor(what: string, hint?: string, place?: Place) {
    super(what);
    this.hint = hint;
    this.place = place;
  }
}

/** @param part what of the name is unknown, where that is not all of it. */
export function unknownName(name: string, known: Iterable<string>, part = name.replace(/^#/, '')): HelperError {
  // To Handlebars, text in square brackets is a name.
  if (/["',\s]/.test(name))
    return new HelperError(
      `a list is not written in square brackets: [${name}]`,
      `Write ${translate(`[${name}]`) ?? '(list "a" "b")'}.`,
    );
  return new HelperError(`{{${name}}} is not defined`, habits.get(name) ?? didYouMean(part, known) ?? asText(name));
}

/** A name that is a text was perhaps meant as one. */
function asText(name: string): string | undefined {
  return /^[\p{L}_][\p{L}\p{N}_.]*$/u.test(name) ? `If it is a text, it needs quotes: "${name}".` : undefined;
}

/** The error of a call of a macro that does not exist. */
export function noMacro(name: string, known: Iterable<string>): HelperError {
  const write = `Write it as macros/${name}.sql: a macro is a file there.`;
  return new HelperError(`there is no macro "${name}"`, didYouMean(name, known) ?? write);
}

/** Names by which dbt users know what is called otherwise here. */
const habits: ReadonlyMap<string, string> = new Map([
  ['env_var', otherForms.env_var],
  ['is_incremental', otherForms.is_incremental],
  ['#is_incremental', otherForms.is_incremental],
  ['#for', 'Write {{#each list as |one|}} ... {{/each}}.'],
  ['elif', 'Write {{else if ...}}.'],
  ['endif', 'Write {{/if}}.'],
  ['endfor', 'Write {{/each}}.'],
  ['#elif', 'Write {{else if ...}}.'],
  ['#else', 'Write {{else}}.'],
  ['*inline', 'A macro is a file of its own: macros/<name>.sql.'],
  ['print', 'Write {{log "..." info=true}}.'],
  ['execute', 'Compiling needs no database, and nothing is executed by it: take the condition out.'],
  ['run_query', otherForms.run_query],
]);
