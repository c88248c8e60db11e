import type { SourceNode } from '../manifest/manifest.ts';
import { formatPlace } from '../text/place.ts';

/** What to do where a source is not there: only those of schema staging are made by this program. */
export function missingSource({ relation: { schema }, place }: SourceNode): string {
  return schema === 'staging'
    ? 'Run `datacycle load` first: it creates the tables of schema staging.'
    : `Something else than this program creates it: see whether it has run, and whether its name and schema are right in ${formatPlace(place)}.`;
}
