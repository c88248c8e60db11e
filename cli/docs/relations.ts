import type { RelationName } from '../../warehouse/quote.ts';
import { relation } from '../../warehouse/quote.ts';
import type { Queryable } from '../../warehouse/warehouse.ts';
import { countOrEstimate } from '../status/tables.ts';

/** A relation that the catalog is to describe. */
export interface Wanted {
  /** dbt's unique id of the node. */
  readonly id: string;
  readonly name: string;
  readonly isSource: boolean;
  readonly relation: RelationName;
}

export interface DescribedColumn {
  readonly name: string;
  /** As PostgreSQL spells it. */
  readonly type: string;
  readonly comment: string | null;
}

/** A relation as PostgreSQL's catalog describes it. */
export interface Described {
  readonly wanted: Wanted;
  readonly database: string;
  readonly kind: 'table' | 'view' | 'materialized view';
  readonly owner: string;
  readonly comment: string | null;
  readonly columns: readonly DescribedColumn[];
  /** Null for a view, and where the user of the session may not read it. */
  readonly rows: number | null;
  /** True where `rows` is the planner's estimate. */
  readonly isEstimate: boolean;
  /** With indexes and partitions; null for a view. */
  readonly bytes: number | null;
}

interface CatalogRow extends Record<string, unknown> {
  readonly place: number;
  readonly database: string;
  readonly kind: Described['kind'];
  readonly owner: string;
  readonly comment: string | null;
  readonly columns: readonly DescribedColumn[];
  readonly estimate: number;
  readonly countable: boolean;
  readonly bytes: number | null;
}

/** What the database has of the wanted relations, in their order; those that are not there are left out. */
export async function readRelations(on: Queryable, wanted: readonly Wanted[]): Promise<readonly Described[]> {
  const { rows } = await on.query<CatalogRow>(
    `select
    w.place::int as place,
    current_database()::text as database,
    case c.relkind when 'v' then 'view' when 'm' then 'materialized view' else 'table' end as kind,
    pg_get_userbyid(c.relowner)::text as owner,
    obj_description(c.oid, 'pg_class') as comment,
    (select coalesce(jsonb_agg(jsonb_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod),
            'comment', col_description(c.oid, a.attnum)) order by a.attnum), '[]')
        from pg_attribute as a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns,
    c.reltuples::float8 as estimate,
    c.relkind <> 'v' and c.relispopulated and has_table_privilege(c.oid, 'select')
        and has_schema_privilege(n.oid, 'usage') as countable,
    case when c.relkind in ('v', 'f') then null else coalesce(
        (select sum(pg_total_relation_size(p.relid)) from pg_partition_tree(c.oid) as p),
        pg_total_relation_size(c.oid)
    )::bigint end as bytes
from unnest($1::text[], $2::text[]) with ordinality as w (schema, name, place)
join pg_namespace as n on n.nspname = w.schema
join pg_class as c on c.relnamespace = n.oid and c.relname = w.name and c.relkind in ('r', 'p', 'v', 'm', 'f')
order by w.place`,
    [wanted.map((one) => one.relation.schema), wanted.map((one) => one.relation.name)],
  );
  const found: Described[] = [];
  for (const { place, estimate, countable, bytes, ...row } of rows) {
    const one = wanted[place - 1];
    if (one === undefined) continue;
    const counted = countable ? await countOrEstimate(on, relation(one.relation), estimate) : undefined;
    found.push({
      wanted: one,
      database: row.database,
      kind: row.kind,
      owner: row.owner,
      comment: row.comment,
      columns: row.columns,
      rows: counted?.rows ?? null,
      isEstimate: counted?.estimated ?? false,
      bytes: bytes === null ? null : Number(bytes),
    });
  }
  return found;
}
