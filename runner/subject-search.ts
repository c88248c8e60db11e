import { identifier, relation } from '../warehouse/quote.ts';
import type { Queryable } from '../warehouse/warehouse.ts';
import type { Manifest } from './manifest.ts';
import type { SubjectWords } from './subject-words.ts';

/** A column that names the subject, and in how many rows. */
export interface NamedIn {
  readonly schema: string;
  readonly table: string;
  readonly column: string;
  readonly rows: number;
}

/** Every schema that the project keeps something in. */
export function schemasOf({ nodes }: Manifest): readonly string[] {
  const named = [...nodes.values()].flatMap((node) => (node.kind === 'test' ? [] : [node.relation.schema]));
  return [...new Set([...named, 'staging', 'datacycle'])].sort();
}

/**
 * Looks for the subject's names in every column of every table that can hold text (JSON and lists of texts included), also
 * of tables that the project does not know. Reads everything: minutes where there are many millions of rows. Views are left
 * out: what they show stands in tables.
 * @param onTable told what is searched next.
 */
export async function searchDatabase(
  on: Queryable,
  schemas: readonly string[],
  words: SubjectWords,
  onTable: (name: string) => void,
): Promise<readonly NamedIn[]> {
  const { rows: tables } = await on.query<{ schema: string; table: string; columns: string[] }>(
    `select n.nspname as schema, c.relname as table, array_agg(a.attname::text order by a.attnum) as columns
     from pg_class as c
     join pg_namespace as n on n.oid = c.relnamespace
     join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     join pg_type as t on t.oid = a.atttypid
     left join pg_type as e on e.oid = t.typelem and t.typcategory = 'A'
     where n.nspname = any($1::text[])
         and c.relkind in ('r', 'p', 'm')
         and not c.relispartition
         and (coalesce(e.typcategory, t.typcategory) = 'S' or coalesce(e.typname, t.typname) in ('json', 'jsonb', 'xml'))
     group by n.nspname, c.relname
     order by n.nspname, c.relname`,
    [[...schemas]],
  );
  const found: NamedIn[] = [];
  for (const { schema, table, columns } of tables) {
    onTable(`${schema}.${table}`);
    const counts = columns.map((column) => `count(*) filter (where t.${identifier(column)}::text ~ $1)`);
    const { rows } = await on.query<{ counts: string[] }>(
      `select array[${counts.join(', ')}]::text[] as counts from ${relation(schema, table)} as t`,
      [words.posix],
    );
    for (const [index, column] of columns.entries()) {
      const count = Number(rows[0]?.counts[index] ?? 0);
      if (count > 0) found.push({ schema, table, column, rows: count });
    }
  }
  return found;
}

/** A table that no node of the project stands for. */
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
  const made = [...nodes.values()].flatMap((node) =>
    node.kind === 'model' || node.kind === 'seed' ? [node.relation] : [],
  );
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
