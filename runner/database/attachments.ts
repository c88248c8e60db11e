import type { RelationName } from '../../warehouse/quote.ts';
import type { Queryable } from '../../warehouse/warehouse.ts';
import { partitionsOf, type RelationKind } from './catalog.ts';
import { ownPolicy } from './policies.ts';
import { type Question, question } from './question.ts';
import type { Recreatable } from './recreatable.ts';

/** What a relation has besides its rows, and what is dropped with it. */
export interface Attachments extends Privileges {
  readonly comments: Comments;
  /** Those that belong to no constraint. */
  readonly indexes: readonly ExistingIndex[];
  /** Names of constraints, NOT NULL aside. */
  readonly constraints: readonly string[];
  /** What the runner never makes and could not make again, in words. */
  readonly extras: readonly string[];
}

export interface ExistingIndex {
  readonly name: string;
  /** The statement that makes it. */
  readonly definition: string;
  /** The columns of the relation that it names, in expressions and conditions, too. */
  readonly columns: readonly string[];
}

/** What was created by hand on a relation, and what the runner restores on the relation that replaces it. */
export interface Preserved extends Privileges {
  readonly indexes: readonly ExistingIndex[];
  /** Of a table that another one of the same columns replaces. */
  readonly others?: readonly Recreatable[];
}

export interface Privileges {
  /** Privileges of others than the owner. */
  readonly grants: readonly Grant[];
  /** Those for single columns. */
  readonly columnGrants: readonly ColumnGrant[];
}

export const nothingPreserved: Preserved = { grants: [], columnGrants: [], indexes: [] };

/** What is written about a relation in the database. */
export interface Comments {
  readonly kind: RelationKind;
  readonly relation: string | null;
  /** By column; every column is there. */
  readonly columns: ReadonlyMap<string, string | null>;
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

/** What depends on the row `c` of pg_class or its partitions and would be dropped with it, in words. */
export const extrasJson = `(select coalesce(jsonb_agg(extra order by extra), '[]') from (
        with parts as (
            select c.oid
            union all
            (${partitionsOf('c.oid').replaceAll('\n', '\n            ')})
        )
        select 'the trigger ' || tgname as extra from pg_trigger
        where tgrelid in (select oid from parts) and not tgisinternal and tgparentid = 0
        union all select 'the rule ' || rulename from pg_rewrite where ev_class in (select oid from parts) and rulename <> '_RETURN'
        union all select 'the constraint ' || conname || ' of a partition' from pg_constraint
            where conrelid in (select oid from parts where parts.oid <> c.oid) and contype in ('c', 'f', 'p', 'u', 'x')
                and conparentid = 0 and coninhcount = 0
        union all select 'the index ' || i.relname || ' of a partition' from pg_index as x join pg_class as i on i.oid = x.indexrelid
            where x.indrelid in (select oid from parts where parts.oid <> c.oid) and not i.relispartition
                and not exists (select from pg_constraint where conindid = i.oid and conrelid = x.indrelid)
        union all select 'the statistics ' || stxname from pg_statistic_ext where stxrelid in (select oid from parts)
        union all select 'the policy ' || polname from pg_policy
            where polrelid in (select oid from parts) and polname !~ '${ownPolicy.source}'
        union all select 'row security created by hand' where c.relrowsecurity
            and not exists (select from pg_policy where polrelid = c.oid)
        union all select 'a security label' from pg_seclabel where classoid = 'pg_class'::regclass and objoid = c.oid) as e)`;

/** The valid indexes of the row `c` of pg_class that belong to no constraint. */
export const indexesJson = `(select coalesce(jsonb_agg(jsonb_build_object('name', i.relname, 'definition', pg_get_indexdef(i.oid), 'columns', (
            select coalesce(jsonb_agg(distinct a.attname), '[]') from pg_depend as d
            join pg_attribute as a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
            where d.classid = 'pg_class'::regclass and d.objid = i.oid
                and d.refclassid = 'pg_class'::regclass and d.refobjid = c.oid)) order by i.relname), '[]')
        from pg_index as x join pg_class as i on i.oid = x.indexrelid
        where x.indrelid = c.oid and x.indisvalid
            and not exists (select from pg_constraint as k where k.conindid = i.oid and k.conrelid = c.oid))`;

/** A function of PostgreSQL for each comment would take three times as long. */
const commentColumns = `case c.relkind when 'v' then 'view' when 'm' then 'materialized view' else 'table' end as kind,
         (select d.description from pg_description as d
             where d.objoid = c.oid and d.classoid = 'pg_class'::regclass and d.objsubid = 0) as comment,
         coalesce((select jsonb_agg(jsonb_build_array(a.attname, d.description))
             from pg_attribute as a
             left join pg_description as d
                 on d.objoid = a.attrelid and d.classoid = 'pg_class'::regclass and d.objsubid = a.attnum
             where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped), '[]') as column_comments`;

const relationNamed = `from pg_class c
     join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = $1 and c.relname = $2 and c.relkind in ('r', 'p', 'v', 'm')`;

/** What depends on a table, view or materialized view; undefined if there is none of that name. */
export async function readAttachments(session: Queryable, name: RelationName): Promise<Attachments | undefined> {
  const { rows } = await session.query<WrittenAttachments>(
    `select ${commentColumns},
         ${grantsJson} as grants,
         ${columnGrantsJson} as "columnGrants",
         ${extrasJson} as extras,
         (select coalesce(jsonb_agg(k.conname order by k.conname), '[]') from pg_constraint as k
             where k.conrelid = c.oid and k.contype in ('c', 'f', 'p', 'u', 'x') and k.conparentid = 0) as constraints,
         ${indexesJson} as indexes
     ${relationNamed}`,
    [name.schema, name.name],
  );
  const [row] = rows;
  if (row === undefined) return undefined;
  const { grants, columnGrants, extras, constraints, indexes } = row;
  return { comments: commentsOf(row), grants, columnGrants, extras, constraints, indexes };
}

/** The comments on a table, view or materialized view and its columns; undefined if there is none of that name. */
export function commentsOn({ schema, name }: RelationName): Question<Comments | undefined> {
  return question(
    `select ${commentColumns}\n     ${relationNamed}`,
    [schema, name],
    ([row]: readonly WrittenComments[]) => row && commentsOf(row),
  );
}

type WrittenComments = Readonly<{
  kind: RelationKind;
  comment: string | null;
  column_comments: readonly (readonly [string, string | null])[];
}>;

type WrittenAttachments = WrittenComments &
  Pick<Attachments, 'grants' | 'columnGrants' | 'extras' | 'constraints' | 'indexes'>;

function commentsOf({ kind, comment, column_comments }: WrittenComments): Comments {
  return { kind, relation: comment, columns: new Map(column_comments) };
}
