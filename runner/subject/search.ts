import { identifier, relation } from '../../warehouse/quote.ts';
import type { Queryable } from '../../warehouse/warehouse.ts';
import { hasRelation, isBuilt, type Manifest } from '../manifest/manifest.ts';
import { bookkeepingOf } from '../state/own-bookkeeping.ts';
import { isSubjectNode, type KnownSubject, subjectPredicate } from './predicate.ts';
import type { SubjectWords } from './words.ts';

/** A place that holds something of a subject, or may. */
export interface Finding {
  /** `silver.dim_devices`, `silver.dim_devices.device_name`, `Bronze`. */
  readonly place: string;
  /** What `count` counts: `its rows`. */
  readonly what: string;
  readonly count: number;
  /** The first of them: keys of rows that are not its own (`error_id 7`; none of a table without a key), or paths. */
  readonly first: readonly string[];
  /** Whether there are more than `first` lists. */
  readonly more: boolean;
}

/** How many keys or paths are told of each place. */
export const mostFirst = 3;

/** A table of the schemas, its columns of text and its primary key. */
interface SearchedTable {
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly string[];
  readonly key: readonly string[];
}

/**
 * Searches the subject's names in every column that can contain text (JSON and arrays of texts included) of every table in the
 * schemas of the project; views are left out, since tables have what they show. It reads all rows, which takes minutes for many
 * millions. A table in the schemas of models that no model makes is told in any case, since nobody can say whose its rows are.
 * @param onTable called with the table that is searched next.
 */
export async function searchDatabase(
  on: Queryable,
  manifest: Manifest,
  subject: KnownSubject,
  words: SubjectWords,
  onTable: (name: string) => void,
): Promise<readonly Finding[]> {
  const nodes = [...manifest.nodes.values()];
  const modelSchemas = new Set(nodes.filter(isBuilt).map((node) => node.relation.schema));
  const schemas = nodes.flatMap((node) => (hasRelation(node) ? [node.relation.schema] : []));
  const named: Finding[] = [];
  const unknown: Finding[] = [];
  for (const table of await textTables(on, [...schemas, 'staging', bookkeepingOf(on).schema])) {
    const place = `${table.schema}.${table.name}`;
    onTable(place);
    const makers = manifest.index.atRelation.get(relation(table)) ?? [];
    const node = makers.find(isSubjectNode);
    const isTheirs = node === undefined ? 'false' : subjectPredicate(node, manifest, subject);
    const total = await searchTable(on, table, words, isTheirs, named);
    if (makers.length > 0 || !modelSchemas.has(table.schema) || total === 0) continue;
    const what = 'rows that may be its: no model makes this table';
    unknown.push({ place, what, count: total, first: [], more: false });
  }
  return [...named, ...unknown];
}

async function textTables(on: Queryable, schemas: readonly string[]): Promise<readonly SearchedTable[]> {
  const { rows } = await on.query<{ schema: string; name: string; columns: string[]; key: string[] }>(
    `select n.nspname as schema, c.relname as name,
         array(
             select a.attname::text
             from pg_attribute as a
             join pg_type as t on t.oid = a.atttypid
             left join pg_type as e on e.oid = t.typelem and t.typcategory = 'A'
             where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
                 and (coalesce(e.typcategory, t.typcategory) = 'S' or coalesce(e.typname, t.typname) in ('json', 'jsonb', 'xml'))
             order by a.attnum
         ) as columns,
         array(
             select k.attname::text
             from pg_index as i
             join pg_attribute as k on k.attrelid = c.oid and k.attnum = any(i.indkey)
             where i.indrelid = c.oid and i.indisprimary
             order by k.attnum
         ) as key
     from pg_class as c
     join pg_namespace as n on n.oid = c.relnamespace
     where n.nspname = any($1::text[]) and c.relkind in ('r', 'p', 'm', 'f') and not c.relispartition
         and c.relispopulated
     order by 1, 2`,
    [[...new Set(schemas)]],
  );
  return rows;
}

/**
 * Adds to `found` each column that names the subject.
 * @param isTheirs the condition that a row, as `t`, is the subject's own: its key is not told.
 * @returns how many rows the table has.
 */
async function searchTable(
  on: Queryable,
  { schema, name, columns, key }: SearchedTable,
  words: SubjectWords,
  isTheirs: string,
  found: Finding[],
): Promise<number> {
  const table = `${relation(schema, name)} as t`;
  const names = (column: string) => words.sql(`t.${identifier(column)}::text`);
  const ofOthers = (column: string) => `${names(column)} and (${isTheirs}) is not true`;
  const counts = (condition: (column: string) => string) =>
    `array[${columns.map((column) => `count(*) filter (where ${condition(column)})`).join(', ')}]::text[]`;
  const { rows } = await on.query<{ total: string; all: string[]; others: string[] }>(
    `select count(*)::text as total, ${counts(names)} as "all", ${counts(ofOthers)} as others from ${table}`,
  );
  for (const [index, column] of columns.entries()) {
    const count = Number(rows[0]?.all[index] ?? 0);
    if (count === 0) continue;
    const others = Number(rows[0]?.others[index] ?? 0);
    const first: string[] = [];
    if (key.length > 0 && others > 0) {
      const parts = key.map((one) => `t.${identifier(one)}::text`).join(', ');
      const { rows: keys } = await on.query<{ key: string[] }>(
        `select array[${parts}] as key from ${table} where ${ofOthers(column)} limit ${mostFirst}`,
      );
      first.push(...keys.map((one) => one.key.map((value, at) => `${key[at]} ${value}`).join(' ')));
    }
    const place = `${schema}.${name}.${column}`;
    found.push({ place, what: 'rows that name it', count, first, more: others > first.length });
  }
  return Number(rows[0]?.total ?? 0);
}
