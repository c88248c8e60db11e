import { identifier, relation } from '../../warehouse/quote.ts';
import type { Queryable } from '../../warehouse/warehouse.ts';
import { isBuilt, type Manifest } from '../manifest/manifest.ts';
import type { SubjectCondition } from './keys.ts';
import { Parameters } from './predicate.ts';
import type { SubjectWords } from './words.ts';

/** A column that names the subject, and in how many rows. */
export interface NamedIn {
  readonly schema: string;
  readonly table: string;
  readonly column: string;
  readonly rows: number;
  /** The keys of the first of these rows that are not the subject's own: `error_id 7`. None of a table without a key. */
  readonly first: readonly string[];
  /** Whether there are more such rows. */
  readonly more: boolean;
}

/** How many keys are told of each column. */
const mostKeys = 3;

/** Every schema that the project keeps something in. */
export function schemasOf({ nodes }: Manifest): readonly string[] {
  const named = [...nodes.values()].flatMap((node) => (node.kind === 'test' ? [] : [node.relation.schema]));
  return [...new Set([...named, 'staging', 'datacycle'])].sort();
}

/**
 * Searches the subject's names in every column that can contain text (JSON and arrays of texts included) of every table, also of
 * tables that are not the project's. It reads all rows, which takes minutes for many millions. Views are left out, since tables
 * have what they show.
 * @param isTheirs the condition that a row of a table, as `t`, is the subject's own; undefined if there is none.
 * @param onTable called with the table that is searched next.
 */
export async function searchDatabase(
  on: Queryable,
  schemas: readonly string[],
  words: SubjectWords,
  isTheirs: (schema: string, table: string) => SubjectCondition | undefined,
  onTable: (name: string) => void,
): Promise<readonly NamedIn[]> {
  const { rows: tables } = await on.query<{ schema: string; table: string; columns: string[]; key: string[] | null }>(
    `select n.nspname as schema, c.relname as table, array_agg(a.attname::text order by a.attnum) as columns,
         (
             select array_agg(k.attname::text order by k.attnum)
             from pg_index as i
             join pg_attribute as k on k.attrelid = c.oid and k.attnum = any(i.indkey)
             where i.indrelid = c.oid and i.indisprimary
         ) as key
     from pg_class as c
     join pg_namespace as n on n.oid = c.relnamespace
     join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     join pg_type as t on t.oid = a.atttypid
     left join pg_type as e on e.oid = t.typelem and t.typcategory = 'A'
     where n.nspname = any($1::text[])
         and c.relkind in ('r', 'p', 'm')
         and not c.relispartition
         and (coalesce(e.typcategory, t.typcategory) = 'S' or coalesce(e.typname, t.typname) in ('json', 'jsonb', 'xml'))
     group by n.nspname, c.relname, c.oid
     order by n.nspname, c.relname`,
    [[...schemas]],
  );
  const found: NamedIn[] = [];
  for (const { schema, table, columns, key } of tables) {
    onTable(`${schema}.${table}`);
    const { bind, values } = new Parameters();
    const theirs = isTheirs(schema, table)?.(bind) ?? 'false';
    const isNaming = words.sql(bind);
    const names = (column: string) => isNaming(`t.${identifier(column)}::text`);
    const ofOthers = (column: string) => `${names(column)} and (${theirs}) is not true`;
    const counts = (condition: (column: string) => string) =>
      `array[${columns.map((column) => `count(*) filter (where ${condition(column)})`).join(', ')}]::text[]`;
    const { rows } = await on.query<{ all: string[]; others: string[] }>(
      `select ${counts(names)} as "all", ${counts(ofOthers)} as others from ${relation(schema, table)} as t`,
      values,
    );
    for (const [index, column] of columns.entries()) {
      const count = Number(rows[0]?.all[index] ?? 0);
      if (count === 0) continue;
      const others = Number(rows[0]?.others[index] ?? 0);
      const first: string[] = [];
      if (key !== null && others > 0) {
        const { rows: keys } = await on.query<{ key: string[] }>(
          `select array[${key.map((one) => `t.${identifier(one)}::text`).join(', ')}] as key
           from ${relation(schema, table)} as t where ${ofOthers(column)} limit ${mostKeys}`,
          values,
        );
        first.push(...keys.map((one) => one.key.map((value, at) => `${key[at]} ${value}`).join(' ')));
      }
      found.push({ schema, table, column, rows: count, first, more: others > first.length });
    }
  }
  return found;
}

/** A table that belongs to no node of the project. */
export interface UnknownTable {
  readonly schema: string;
  readonly table: string;
  readonly rows: number;
}

/**
 * Tables with rows in the schemas of models and seeds that no model or seed makes, e.g. of a model that has been deleted.
 * Nobody can say whose their rows are: they may be a subject's without naming it.
 */
export async function unknownTables(on: Queryable, { nodes }: Manifest): Promise<readonly UnknownTable[]> {
  const made = [...nodes.values()].flatMap((node) => (isBuilt(node) ? [node.relation] : []));
  const { rows: tables } = await on.query<{ schema: string; table: string }>(
    `select n.nspname as schema, c.relname as table
     from pg_class as c
     join pg_namespace as n on n.oid = c.relnamespace
     where n.nspname = any($1::text[])
         and c.relkind in ('r', 'p', 'm', 'f')
         and not c.relispartition
         and (n.nspname, c.relname) not in (select * from unnest($2::text[], $3::text[]))
     order by 1, 2`,
    [[...new Set(made.map(({ schema }) => schema))], made.map(({ schema }) => schema), made.map(({ name }) => name)],
  );
  const found: UnknownTable[] = [];
  for (const { schema, table } of tables) {
    const { rows } = await on.query<{ n: string }>(`select count(*)::text as n from ${relation(schema, table)}`);
    const count = Number(rows[0]?.n ?? 0);
    if (count > 0) found.push({ schema, table, rows: count });
  }
  return found;
}
