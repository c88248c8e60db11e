import { relation } from '../../warehouse/quote.ts';
import type { ModelNode } from '../manifest/manifest.ts';
import type { Project } from '../project/project.ts';
import { SqlText } from '../text/sql-text.ts';

/** Yields the time of a model's newest row, as `newest` of project.yml's freshness has it, in ms since 1970. */
export function newestSql({ settingsFile }: Project, model: ModelNode, newest: string): SqlText {
  const from = relation(model.relation);
  const text = `select (extract(epoch from (${newest})::timestamptz) * 1000)::float8 as newest from ${from}`;
  // Whatever is wrong with it, also that it yields no time, is to be corrected there.
  const place = settingsFile.place(['freshness', model.name, 'newest']);
  return new SqlText(text, [{ start: 0, origin: { place, verbatim: false } }]);
}
