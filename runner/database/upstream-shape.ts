import type { RelationName } from '../../warehouse/quote.ts';
import { digest } from '../manifest/digest.ts';
import { type Question, question } from './question.ts';

/**
 * The shape of what a node reads: a hash of the identity and the columns of its upstream relations, and of those that its view reads
 * without naming them as upstreams. PostgreSQL expands `select *` when a view is made; with another shape it would yield other columns.
 * @param own the node's relation, which need not exist.
 * @param looksAt `identity`: of a node whose own columns are looked at by every build.
 */
export function upstreamShape(
  own: RelationName,
  reads: readonly RelationName[],
  looksAt: 'columns' | 'identity',
): Question<string> {
  return question(
    `select c.oid::bigint as oid,
    (select coalesce(jsonb_agg(jsonb_build_array(a.attname, format_type(a.atttypid, a.atttypmod)) order by a.attnum), '[]')
        from pg_attribute as a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns
from (
    select r.oid
    from unnest($1::text[], $2::text[]) as n (schema, name)
    join pg_namespace as s on s.nspname = n.schema
    join pg_class as r on r.relnamespace = s.oid and r.relname = n.name
    union
    select d.refobjid
    from pg_namespace as s
    join pg_class as v on v.relnamespace = s.oid and v.relkind in ('v', 'm')
    join pg_rewrite as w on w.ev_class = v.oid
    join pg_depend as d on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid
        and d.refclassid = 'pg_class'::regclass and d.refobjid <> v.oid
    where s.nspname = $3 and v.relname = $4
) as upstream
join pg_class as c on c.oid = upstream.oid
order by c.oid`,
    [reads.map(({ schema }) => schema), reads.map(({ name }) => name), own.schema, own.name],
    (rows: readonly { oid: number; columns: unknown }[]) =>
      digest(rows.map(({ oid, columns }) => (looksAt === 'columns' ? [oid, columns] : oid))),
  );
}
