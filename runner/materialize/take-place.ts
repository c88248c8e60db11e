import { identifier, relation } from '../../warehouse/quote.ts';
import type { ExistingRelation } from '../catalog.ts';
import { SqlText } from '../sql-text.ts';
import { restoreGrants } from './grants.ts';
import { remakeViews, type StandingView, stillNeeded } from './remake-views.ts';
import { run, type Step } from './step.ts';
import { besideName, objectNames, type Structure } from './structure.ts';

/**
 * Replaces what stands by something that PostgreSQL cannot change it into. The new relation is made under another name,
 * with its rows and indexes, while readers read the old one; then the old one goes and the new one gets its name. Views that
 * read the old one come back, and so do the privileges that others had.
 * @param structure of the new one.
 * @param make the steps that make it; `standsAs` is the name that it has meanwhile.
 */
export function takePlace<S extends Structure>(
  structure: S,
  kind: 'table' | 'materialized view',
  existing: ExistingRelation,
  columns: readonly string[],
  views: readonly StandingView[],
  make: (structure: S) => readonly Step[],
): Step[] {
  const { relation: name } = structure;
  const at = relation(name.schema, name.name);
  const standsAs = besideName(name);
  return [
    ...clearNames(structure, existing),
    ...make({ ...structure, standsAs }),
    ...remakeViews(views, [
      {
        kind: 'run',
        sql: new SqlText(`drop ${existing.kind} ${at}`),
        explain: stillNeeded(`the ${existing.kind} ${name.schema}.${name.name}`),
      },
      run(`alter ${kind} ${relation(name.schema, standsAs)} rename to ${identifier(name.name)}`),
      ...restoreGrants(name, existing, columns),
    ]),
  ];
}

/** The names of indexes are a schema's: the old ones make room. Nobody who reads is held up by that. */
function clearNames(structure: Structure, existing: ExistingRelation): Step[] {
  const wanted = new Set(objectNames(structure));
  return existing.objects
    .filter((name) => wanted.has(name))
    .map((name) =>
      run(
        `alter index if exists ${relation(structure.relation.schema, name)} rename to ${identifier(besideName({ ...structure.relation, name }))}`,
      ),
    );
}
