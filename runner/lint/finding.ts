import type { LintRule } from '../project/lint-schema.ts';
import type { Place } from '../text/place.ts';

/** Something that a rule has found. */
export interface Finding {
  readonly rule: LintRule;
  /** The name of the model, macro, variable or seed that it is about. */
  readonly name: string;
  readonly what: string;
  /** What to do about it. */
  readonly hint: string;
  readonly place: Place;
}
