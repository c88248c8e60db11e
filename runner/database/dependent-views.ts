import { type RelationName, relation } from '../../warehouse/quote.ts';
import type { Queryable } from '../../warehouse/warehouse.ts';
import { columnGrantsJson, extrasJson, grantsJson, indexesJson, type Preserved } from './attachments.ts';

/** A view or materialized view that reads a relation, maybe through others, as the database keeps it. */
export interface Dependent extends Preserved {
  readonly schema: string;
  readonly name: string;
  readonly kind: 'view' | 'materialized view';
  readonly owner: string;
  /** The session's own role is the owner. */
  readonly isOwn: boolean;
  /** Its query, as PostgreSQL writes it. */
  readonly definition: string;
  readonly options: readonly string[];
  readonly columns: readonly string[];
  readonly defaults: readonly { readonly column: string; readonly expression: string }[];
  readonly populated: boolean;
  readonly comment: string | null;
  readonly columnComments: readonly (readonly [string, string | null])[];
  /** Its triggers that are enabled, as statements that create them and restore their comments. */
  readonly triggers: readonly { readonly name: string; readonly statements: readonly string[] }[];
  /** What it has that would not come back with it, in words. */
  readonly extras: readonly string[];
}

/** The views among what depends on the rows `d` of pg_depend. */
const views = `join pg_rewrite as r on r.oid = d.objid and d.classid = 'pg_rewrite'::regclass
    join pg_class as v on v.oid = r.ev_class and v.relkind in ('v', 'm') and v.oid <> d.refobjid`;

/**
 * The dependent views of a relation, direct and indirect, each after those that it reads.
 * @param columns only views that read one of these columns, and the views on those; undefined: all.
 */
export async function readDependents(
  on: Queryable,
  { schema, name }: RelationName,
  columns?: readonly string[],
): Promise<readonly Dependent[]> {
  const { rows } = await on.query<{ dependent: Dependent }>(
    `with recursive found as (
    select v.oid, 1 as depth
    from pg_depend as d
    ${views}
    where d.refclassid = 'pg_class'::regclass
        and d.refobjid = to_regclass($1)
        and ($2::text[] is null or exists (
            select from pg_attribute as a
            where a.attrelid = d.refobjid and a.attnum = d.refobjsubid and a.attname = any($2)
        ))
    union
    select v.oid, f.depth + 1
    from found as f
    join pg_depend as d on d.refclassid = 'pg_class'::regclass and d.refobjid = f.oid
    ${views}
)
select jsonb_build_object(
    'schema', n.nspname,
    'name', c.relname,
    'kind', case c.relkind when 'v' then 'view' else 'materialized view' end,
    'owner', pg_get_userbyid(c.relowner),
    'isOwn', pg_get_userbyid(c.relowner) = current_user,
    'definition', pg_get_viewdef(c.oid),
    'options', coalesce(to_jsonb(c.reloptions), '[]'),
    'columns', (select jsonb_agg(a.attname order by a.attnum)
        from pg_attribute as a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped),
    'defaults', (select coalesce(jsonb_agg(jsonb_build_object('column', a.attname, 'expression', pg_get_expr(x.adbin, x.adrelid))
            order by a.attnum), '[]')
        from pg_attrdef as x join pg_attribute as a on a.attrelid = x.adrelid and a.attnum = x.adnum where x.adrelid = c.oid),
    'populated', c.relispopulated,
    'indexes', ${indexesJson},
    'grants', ${grantsJson},
    'columnGrants', ${columnGrantsJson},
    'comment', obj_description(c.oid, 'pg_class'),
    'columnComments', (select coalesce(jsonb_agg(jsonb_build_array(a.attname, col_description(c.oid, a.attnum))), '[]')
        from pg_attribute as a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped),
    'triggers', (select coalesce(jsonb_agg(jsonb_build_object('name', g.tgname, 'statements', jsonb_build_array(pg_get_triggerdef(g.oid))
            || case when obj_description(g.oid, 'pg_trigger') is null then '[]'::jsonb else jsonb_build_array(format(
                'comment on trigger %I on %I.%I is %L', g.tgname, n.nspname, c.relname, obj_description(g.oid, 'pg_trigger'))) end)
            order by g.tgname), '[]')
        from pg_trigger as g where g.tgrelid = c.oid and not g.tgisinternal and g.tgenabled = 'O'),
    'extras', ${extrasJson}
) as dependent
from (select oid, max(depth) as depth from found group by oid) as f
join pg_class as c on c.oid = f.oid
join pg_namespace as n on n.oid = c.relnamespace
order by f.depth, n.nspname, c.relname`,
    [relation(schema, name), columns ?? null],
  );
  return rows.map(({ dependent }) => {
    const again = new Set(dependent.triggers.map((trigger) => `the trigger ${trigger.name}`));
    return { ...dependent, extras: dependent.extras.filter((extra) => !again.has(extra)) };
  });
}
