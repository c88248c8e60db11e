import { identifier } from '../../warehouse/quote.ts';
import type { Queryable } from '../../warehouse/warehouse.ts';
import { isBuilt, type Manifest } from '../manifest/manifest.ts';
import { isSubjectNode, type KnownSubject, subjectPredicate } from './predicate.ts';
import { storedTables } from './stored-tables.ts';
import type { SubjectWords } from './words.ts';

/** A place that holds something of a subject, or may. */
export interface Finding {
  /** `silver.dim_devices`, `Bronze`. */
  readonly place: string;
  /** What `count` counts: `its rows`. */
  readonly what: string;
  readonly count: number;
  /** The first {@link mostFirst} of them: keys of rows (`error_id 7`; none of a table without a key), or paths. */
  readonly first: readonly string[];
}

/** How many keys or paths are reported for each place. */
export const mostFirst = 3;

/**
 * Searches the subject's names in the columns that can contain text (JSON and arrays of texts included) of every table in the schemas
 * of the project, in rows that are not its own; views are left out, since tables have what they show. It reads all rows, which takes
 * minutes for many millions. A table in the schemas of models that belongs to no model is reported in any case, since nothing says whose its rows are.
 * @param onTable called with the table that is searched next.
 */
export async function searchDatabase(
  on: Queryable,
  manifest: Manifest,
  subject: KnownSubject,
  words: SubjectWords,
  onTable: (name: string) => void,
): Promise<readonly Finding[]> {
  const built = [...manifest.nodes.values()].filter(isBuilt);
  const modelSchemas = new Set(built.map((node) => node.relation.schema));
  const findings: Finding[] = [];
  for (const [table, { schema, name, columns, key }] of await storedTables(on, manifest)) {
    const place = `${schema}.${name}`;
    onTable(place);
    const makers = manifest.index.atRelation.get(table) ?? [];
    const node = makers.find(isSubjectNode);
    const isTheirs = node === undefined ? 'false' : subjectPredicate(node, manifest, subject);
    const isNamed = columns.map((column) => words.sql(`t.${identifier(column)}::text`)).join(' or ') || 'false';
    const named = `${table} as t where (${isNamed}) and (${isTheirs}) is not true`;
    const count = await countOf(on, named);
    const parts = key.map((one) => `t.${identifier(one)}::text`).join(', ');
    const { rows } = await on.query<{ key: string[] }>(
      `select array[${parts}]::text[] as key from ${named} limit ${count > 0 && key.length > 0 ? mostFirst : 0}`,
    );
    const first = rows.map((row) => row.key.map((value, at) => `${key[at]} ${value}`).join(' '));
    if (count > 0) findings.push({ place, what: 'rows that name it', count, first });
    if (makers.length > 0 || !modelSchemas.has(schema)) continue;
    const all = await countOf(on, table);
    if (all > 0)
      findings.push({ place, what: 'rows that may be its: no model makes this table', count: all, first: [] });
  }
  return findings;
}

async function countOf(on: Queryable, from: string): Promise<number> {
  const { rows } = await on.query<{ count: string }>(`select count(*)::text as count from ${from}`);
  return Number(rows[0]?.count ?? 0);
}
