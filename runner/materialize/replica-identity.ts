import { dollarQuoted, literal, type RelationName, relation } from '../../warehouse/quote.ts';
import { SqlText } from '../text/sql-text.ts';
import { run, type Step } from './parts/step.ts';
import { placeOf } from './parts/structure.ts';
import type { TableTarget } from './parts/target.ts';

/**
 * {@link replicaIdentity} for a table of which a publication may publish updates or deletes. Before rows change, after its keys do.
 * ```sql
 * alter table t replica identity using index t_id_key;
 * ```
 */
export function identifyRows(target: TableTarget): Step[] {
  return target.isPublished === true ? [run(replicaIdentity(placeOf(target)))] : [];
}

/**
 * Gives a table the replica identity without which PostgreSQL refuses to update or delete rows of a published table, even if no
 * row is affected: the index of a unique key, else all columns. Each partition has its own. Nothing is done where there is one
 * (a primary key is), or where no publication publishes updates or deletes of the table.
 * ```sql
 * alter table t replica identity using index t_id_key;   -- or: replica identity full
 * ```
 */
export function replicaIdentity(name: RelationName): SqlText {
  const table = `to_regclass(${literal(relation(name))})`;
  return new SqlText(
    `do ${dollarQuoted(`declare
    one text;
begin
    for one in
        select format('alter table %s replica identity %s', c.oid::regclass, coalesce('using index ' || quote_ident((
            select i.relname
            from pg_index as x
            join pg_class as i on i.oid = x.indexrelid
            where x.indrelid = c.oid and x.indisunique and x.indimmediate and x.indisvalid
                and x.indpred is null and x.indexprs is null
                and not exists (
                    select
                    from pg_attribute as a
                    where a.attrelid = c.oid and a.attnum = any(x.indkey) and not a.attnotnull
                )
            order by x.indnkeyatts, i.relname
            limit 1
        )), 'full'))
        from pg_class as c
        where c.relkind = 'r'
            and (c.oid = ${table} or c.oid in (select relid from pg_partition_tree(${table})))
            and c.relreplident <> 'f'
            and not exists (
                select
                from pg_index as x
                where x.indrelid = c.oid and x.indisvalid
                    and case c.relreplident when 'd' then x.indisprimary when 'i' then x.indisreplident end
            )
            and exists (
                select
                from pg_publication as p
                cross join (
                    select c.oid, c.relnamespace
                    union
                    select r.oid, r.relnamespace
                    from pg_partition_ancestors(c.oid) as a
                    join pg_class as r on r.oid = a.relid
                ) as r
                where (p.pubupdate or p.pubdelete) and (
                    p.puballtables
                    or exists (select from pg_publication_rel where prpubid = p.oid and prrelid = r.oid)
                    or exists (select from pg_publication_namespace where pnpubid = p.oid and pnnspid = r.relnamespace)
                )
            )
    loop
        execute one;
    end loop;
end`)}`,
  );
}
