import type { Queryable } from '../warehouse/warehouse.ts';
import type { RelationName } from './manifest.ts';
import { ownPolicy, policySeal } from './materialize/row-security.ts';

export interface Column {
  readonly name: string;
  /** As PostgreSQL spells it, e.g. `timestamp with time zone`. */
  readonly type: string;
}

/** Whether columns have the same names and types, in whatever order. */
export function sameColumns(some: readonly Column[], others: readonly Column[]): boolean {
  const types = new Map(others.map((column) => [column.name, column.type]));
  return types.size === some.length && some.every((column) => types.get(column.name) === column.type);
}

/** What can stand in a model's place, in the words of PostgreSQL's statements. */
export type RelationKind = 'table' | 'view' | 'materialized view';

/** A relation as it stands in the database. */
export interface ExistingRelation {
  readonly kind: RelationKind | 'other';
  /** False for a materialized view that was left without rows, so that it cannot be read. */
  readonly populated: boolean;
  /** The planner's guess; -1 if the table was never analysed. */
  readonly estimatedRows: number;
  readonly columns: readonly (Column & { readonly notNull: boolean })[];
  /** Names of constraints and of indexes. */
  readonly objects: readonly string[];
  /** Column sets that a valid unique index without a condition keeps unique. */
  readonly unique: readonly (readonly string[])[];
  /** Validated foreign keys of this relation. */
  readonly foreignKeys: readonly ForeignKey[];
  /** Foreign keys of others that point here. */
  readonly referencedBy: readonly ForeignKey[];
  /** Privileges of others than the owner. */
  readonly grants: readonly Grant[];
  /** Those for single columns. */
  readonly columnGrants: readonly ColumnGrant[];
  /** Whether a view reads with the rights of whoever asks; false for a table. */
  readonly securityInvoker: boolean;
  /** Null or absent for a table that is in one piece. */
  readonly partitions?: StandingPartitions | null | undefined;
  /** What hangs on it that the runner never makes and could not make again, in words. */
  readonly extras: readonly string[];
  readonly rowSecurity: {
    readonly enabled: boolean;
    /** The owner, too, sees only what the policies let it see. */
    readonly forced: boolean;
    /** `intact`: it is as the runner made it. */
    readonly policies: readonly { readonly name: string; readonly intact: boolean }[];
  };
}

/** How a table is partitioned as it stands. */
export interface StandingPartitions {
  /** The only column of a range; null for any other way. */
  readonly column: string | null;
  /** Whether row security of any partition is off, or anybody but the owner has a privilege on one. */
  readonly open: boolean;
  /** The different ways in which partitions are guarded, policies of the runner only. */
  readonly guards: readonly { readonly forced: boolean; readonly policies: readonly string[] }[];
}

export interface Grant {
  /** Null: everybody. */
  readonly grantee: string | null;
  /** As PostgreSQL spells it, e.g. `SELECT`. */
  readonly privilege: string;
  readonly grantable: boolean;
}

export interface ColumnGrant extends Grant {
  readonly column: string;
}

export interface ForeignKey {
  readonly from: RelationName;
  readonly columns: readonly string[];
  readonly to: RelationName;
  readonly toColumns: readonly string[];
}

const foreignKeyJson = `jsonb_build_object(
        'from', jsonb_build_object('schema', fn.nspname, 'name', fc.relname),
        'columns', (select jsonb_agg(a.attname order by k.place) from unnest(f.conkey) with ordinality as k (number, place)
            join pg_attribute a on a.attrelid = f.conrelid and a.attnum = k.number),
        'to', jsonb_build_object('schema', tn.nspname, 'name', tc.relname),
        'toColumns', (select jsonb_agg(a.attname order by k.place) from unnest(f.confkey) with ordinality as k (number, place)
            join pg_attribute a on a.attrelid = f.confrelid and a.attnum = k.number))`;

const foreignKeyFrom = `pg_constraint f
        join pg_class fc on fc.oid = f.conrelid
        join pg_namespace fn on fn.oid = fc.relnamespace
        join pg_class tc on tc.oid = f.confrelid
        join pg_namespace tn on tn.oid = tc.relnamespace`;

/** The privileges of others on the row `c` of pg_class. */
export const grantsJson = `(select coalesce(jsonb_agg(jsonb_build_object('grantee', r.rolname, 'privilege', g.privilege_type,
            'grantable', g.is_grantable) order by r.rolname, g.privilege_type), '[]')
        from aclexplode(c.relacl) g left join pg_roles r on r.oid = g.grantee
        where g.grantee <> c.relowner and (g.grantee = 0 or r.oid is not null))`;

/** The privileges of others on single columns of the row `c` of pg_class. */
export const columnGrantsJson = `(select coalesce(jsonb_agg(jsonb_build_object('column', a.attname, 'grantee', r.rolname,
            'privilege', g.privilege_type, 'grantable', g.is_grantable) order by a.attnum, r.rolname, g.privilege_type), '[]')
        from pg_attribute a, aclexplode(a.attacl) g left join pg_roles r on r.oid = g.grantee
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
            and g.grantee <> c.relowner and (g.grantee = 0 or r.oid is not null))`;

/** What hangs on the row `c` of pg_class and would go with it, in words. */
export const extrasJson = `(select coalesce(jsonb_agg(extra order by extra), '[]') from (
        select 'the trigger ' || tgname as extra from pg_trigger where tgrelid = c.oid and not tgisinternal
        union all select 'the rule ' || rulename from pg_rewrite where ev_class = c.oid and rulename <> '_RETURN'
        union all select 'the statistics ' || stxname from pg_statistic_ext where stxrelid = c.oid
        union all select 'the policy ' || polname from pg_policy where polrelid = c.oid and polname !~ '${ownPolicy.source}'
        union all select 'row security made by hand' where c.relrowsecurity
            and not exists (select from pg_policy where polrelid = c.oid)
        union all select 'a security label' from pg_seclabel where classoid = 'pg_class'::regclass and objoid = c.oid) as e)`;

/** What the database knows of a relation, in one query; undefined if there is none of that name. */
export async function readRelation(session: Queryable, name: RelationName): Promise<ExistingRelation | undefined> {
  const { rows } = await session.query<{
    relkind: string;
    relispartition: boolean;
    relation: Omit<ExistingRelation, 'kind'>;
  }>(
    `select c.relkind, c.relispartition, jsonb_build_object(
    'estimatedRows', c.reltuples,
    'populated', c.relispopulated,
    'columns', coalesce((select jsonb_agg(jsonb_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod),
            'notNull', a.attnotnull) order by a.attnum)
        from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped), '[]'),
    'objects', (select coalesce(jsonb_agg(name), '[]') from (
        select conname as name from pg_constraint where conrelid = c.oid and conparentid = 0
        union select i.relname from pg_index x join pg_class i on i.oid = x.indexrelid where x.indrelid = c.oid) as o),
    'unique', (select coalesce(jsonb_agg((select jsonb_agg(a.attname order by a.attnum) from pg_attribute a
            where a.attrelid = c.oid and a.attnum = any(x.indkey::int2[]))), '[]')
        from pg_index x where x.indrelid = c.oid and x.indisunique and x.indisvalid and x.indpred is null and x.indexprs is null),
    'foreignKeys', (select coalesce(jsonb_agg(${foreignKeyJson}), '[]') from ${foreignKeyFrom}
        where f.contype = 'f' and f.convalidated and f.conrelid = c.oid and f.conparentid = 0),
    'referencedBy', (select coalesce(jsonb_agg(${foreignKeyJson}), '[]') from ${foreignKeyFrom}
        where f.contype = 'f' and f.confrelid = c.oid and f.conrelid <> c.oid and f.conparentid = 0),
    'grants', ${grantsJson},
    'columnGrants', ${columnGrantsJson},
    'securityInvoker', coalesce((select o.option_value::boolean from pg_options_to_table(c.reloptions) as o
        where o.option_name = 'security_invoker'), false),
    'partitions', (select jsonb_build_object(
            'column', (select a.attname from pg_attribute a
                where a.attrelid = c.oid and pt.partstrat = 'r' and pt.partnatts = 1 and a.attnum = pt.partattrs[0]),
            'open', coalesce(bool_or(not p.relrowsecurity
                or exists (select from aclexplode(p.relacl) g where g.grantee <> p.relowner)), false),
            'guards', coalesce(jsonb_agg(distinct jsonb_build_object('forced', p.relforcerowsecurity,
                'policies', (select coalesce(jsonb_agg(y.polname order by y.polname), '[]')
                    from pg_policy y where y.polrelid = p.oid and y.polname ~ '^datacycle_'))) filter (where p.oid is not null), '[]'))
        from pg_partitioned_table pt
        left join pg_inherits h on h.inhparent = pt.partrelid
        left join pg_class p on p.oid = h.inhrelid
        where pt.partrelid = c.oid
        group by pt.partrelid),
    'extras', ${extrasJson},
    'rowSecurity', jsonb_build_object(
        'enabled', c.relrowsecurity,
        'forced', c.relforcerowsecurity,
        'policies', (select coalesce(jsonb_agg(jsonb_build_object('name', p.polname,
                'intact', coalesce(obj_description(p.oid, 'pg_policy') = ${policySeal}, false)) order by p.polname), '[]')
            from pg_policy as p where p.polrelid = c.oid))
) as relation
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
where n.nspname = $1 and c.relname = $2 and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S', 'i', 'I', 'c')`,
    [name.schema, name.name],
  );
  const row = rows[0];
  if (row === undefined) return undefined;
  return { kind: kindOf(row), ...row.relation };
}

/** A partition is part of a table, and no model's own. */
function kindOf({ relkind, relispartition }: { relkind: string; relispartition: boolean }): ExistingRelation['kind'] {
  return relispartition ? 'other' : (kinds[relkind] ?? 'other');
}

const kinds: Readonly<Record<string, RelationKind>> = {
  r: 'table',
  p: 'table',
  v: 'view',
  m: 'materialized view',
};

/** The names and types that a relation of this session's temporary schema has. */
export async function readTemporaryColumns(session: Queryable, name: string): Promise<readonly Column[]> {
  const { rows } = await session.query<{ name: string; type: string }>(
    `select a.attname as name, format_type(a.atttypid, a.atttypmod) as type
     from pg_attribute a
     where a.attrelid = to_regclass('pg_temp.' || quote_ident($1)) and a.attnum > 0 and not a.attisdropped
     order by a.attnum`,
    [name],
  );
  return rows;
}

/** What is written about a relation in the database. */
export interface Comments {
  readonly kind: RelationKind;
  readonly relation: string | null;
  /** By column; every column is there. */
  readonly columns: ReadonlyMap<string, string | null>;
}

/** The comments on a table, view or materialized view and its columns; undefined if there is none of that name. */
export async function readComments(session: Queryable, name: RelationName): Promise<Comments | undefined> {
  const { rows } = await session.query<{
    kind: Comments['kind'];
    comment: string | null;
    columns: [string, string | null][];
  }>(
    `select case c.relkind when 'v' then 'view' when 'm' then 'materialized view' else 'table' end as kind, obj_description(c.oid, 'pg_class') as comment,
         coalesce((select jsonb_agg(jsonb_build_array(a.attname, col_description(c.oid, a.attnum)))
             from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped), '[]') as columns
     from pg_class c
     join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = $1 and c.relname = $2 and c.relkind in ('r', 'p', 'v', 'm')`,
    [name.schema, name.name],
  );
  const row = rows[0];
  return row && { kind: row.kind, relation: row.comment, columns: new Map(row.columns) };
}
