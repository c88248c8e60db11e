import type { Place } from '../text/place.ts';
import { didYouMean } from '../text/suggest.ts';

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
      `there are no lists in templates: [${name}]`,
      'Put the setting into the .yml file, as a list.',
    );
  return new HelperError(`{{${name}}} is not defined`, didYouMean(part, known));
}

/** What a call of a macro that is not there is told. */
export function noMacro(name: string, known: Iterable<string>): HelperError {
  return new HelperError(`there is no macro "${name}"`, didYouMean(name, known) ?? 'Macros are the files in macros/.');
}
