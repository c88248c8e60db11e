import type { Place } from '../text/place.ts';
import type { SqlText } from '../text/sql-text.ts';

/** A value in one of the user's files, as plain data: with its place and that of each of its parts. */
export interface Written {
  readonly place: Place;
  /** A text as SQL whose characters know their places. */
  readonly sql?: SqlText | undefined;
  /** By key, or by number. */
  readonly parts?: Readonly<Record<string, Written>> | undefined;
}
