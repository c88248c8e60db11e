import { relation } from '../../warehouse/quote.ts';
import type { Queryable } from '../../warehouse/warehouse.ts';
import { hasRelation, type Manifest } from '../manifest/manifest.ts';

/** A table or populated materialized view. */
export interface StoredTable {
  readonly schema: string;
  readonly name: string;
  /** Columns that can contain text: JSON and arrays of texts, too. */
  readonly columns: readonly string[];
  /** Columns of the primary key. */
  readonly key: readonly string[];
}

/**
 * What stores rows in the schemas of the project and of its bookkeeping, by its quoted name, in the order of names. Partitions are
 * parts of their table.
 */
export async function storedTables(on: Queryable, { nodes }: Manifest): Promise<ReadonlyMap<string, StoredTable>> {
  // The bad rows that tests have stored are copies of rows.
  const schemas = [...nodes.values()].flatMap((node) =>
    hasRelation(node) ? node.relation.schema : node.kind === 'test' ? (node.stored?.relation.schema ?? []) : [],
  );
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
     where (n.nspname = any($1::text[]) or n.oid = (select relnamespace from pg_class where oid = to_regclass($2)))
         and c.relkind in ('r', 'p', 'm', 'f') and not c.relispartition
         and c.relispopulated
     order by 1, 2`,
    // The name leads to the schema of the target's own bookkeeping, too.
    [[...new Set([...schemas, 'staging'])], 'datacycle.model'],
  );
  return new Map(rows.map((table) => [relation(table.schema, table.name), table]));
}
