import { identifier, relation } from '../../warehouse/quote.ts';
import type { Given, StandingIndex } from '../belongings.ts';
import type { ExistingRelation } from '../catalog.ts';
import { SqlText } from '../sql-text.ts';
import { restoreGrants } from './grants.ts';
import { remakeViews, type StandingView, stillNeeded } from './remake-views.ts';
import { run, type Step } from './step.ts';
import { besideName } from './structure.ts';
import type { TableTarget } from './table.ts';

/** What takes the place of what. */
export interface Replacement {
  readonly kind: 'table' | 'materialized view';
  readonly existing: ExistingRelation;
  /** What somebody made on what stands. */
  readonly given: Given;
  /** The names of the new one's columns. */
  readonly columns: readonly string[];
  /** The names of the new one's constraints and indexes. */
  readonly objects: readonly string[];
  /** The views that read what stands. */
  readonly views: readonly StandingView[];
}

/**
 * Replaces what stands by something that PostgreSQL cannot change it into. The new relation is made under another name,
 * with its rows and indexes, while readers read the old one; then the old one goes and the new one gets its name. Views that
 * read the old one come back, and so do the privileges that others had and the indexes that somebody made, except on a column that is
 * gone.
 * @param target the new one.
 * @param make the steps that make it; `standsAs` is the name that it has meanwhile.
 */
export function takePlace(
  target: TableTarget,
  { kind, existing, given, columns, objects, views }: Replacement,
  make: (target: TableTarget) => readonly Step[],
): Step[] {
  const { relation: name } = target;
  const at = relation(name.schema, name.name);
  const standsAs = besideName(name);
  const again = given.indexes.filter(
    (index) => !objects.includes(index.name) && index.columns.every((column) => columns.includes(column)),
  );
  return [
    ...clearNames(name.schema, existing, objects),
    ...make({ ...target, standsAs }),
    ...remakeViews(views, [
      {
        kind: 'run',
        sql: new SqlText(`drop ${existing.kind} ${at}`),
        explain: stillNeeded(`the ${existing.kind} ${name.schema}.${name.name}`),
      },
      run(`alter ${kind} ${relation(name.schema, standsAs)} rename to ${identifier(name.name)}`),
      ...restoreGrants(name, given, columns),
      ...again.map(makeAgain),
    ]),
  ];
}

function makeAgain({ name, definition }: StandingIndex): Step {
  return {
    kind: 'run',
    sql: new SqlText(definition),
    explain: ({ message, detail }) => ({
      what: `the index ${name}, which is not declared, cannot be made again: ${message}`,
      detail,
      hint: 'Nothing was touched. Drop the index, run again, and make another one.',
    }),
  };
}

/** The names of indexes are a schema's: the old ones make room. Nobody who reads is held up by that. */
function clearNames(schema: string, existing: ExistingRelation, wanted: readonly string[]): Step[] {
  return existing.objects
    .filter((name) => wanted.includes(name))
    .map((name) =>
      run(`alter index if exists ${relation(schema, name)} rename to ${identifier(besideName({ schema, name }))}`),
    );
}
