import { identifier, literal, type RelationName, relation } from '../../../warehouse/quote.ts';
import type { TimeType } from '../../manifest/column-type.ts';
import type { PartitionBy } from '../../manifest/manifest.ts';
import { SqlText } from '../../text/sql-text.ts';
import { describe } from './key-guard.ts';
import type { Step } from './step.ts';
import { placeOf } from './structure.ts';
import type { TableTarget } from './target.ts';

export function regclass(table: RelationName): string {
  return `${literal(relation(table))}::regclass`;
}

/** What a clock of the partitions' time zone shows at the time `at`. */
export function localTime(at: string, { timeZone }: PartitionBy, type: TimeType): string {
  return {
    date: `${at}::timestamp`,
    'timestamp without time zone': at,
    'timestamp with time zone': `${at} at time zone ${literal(timeZone)}`,
  }[type];
}

/**
 * The query for the existing partitions of a table, also those created by hand: `name`, `lower` and `upper` bound. A default
 * partition may hold any time; one that is being detached is left out.
 */
export function existingBounds(target: TableTarget, type: TimeType): string {
  const bound = (number: number, open: string, infinite: string) =>
    `coalesce(nullif(trim('''' from b.bounds[${number}]), '${open}'), '${infinite}')::${type}`;
  return `select
    c.oid::regclass::text as name,
    b.bounds is null as is_default,
    ${bound(1, 'MINVALUE', '-infinity')} as lower,
    ${bound(2, 'MAXVALUE', 'infinity')} as upper
from pg_inherits as i
join pg_class as c on c.oid = i.inhrelid
cross join lateral (select regexp_match(pg_get_expr(c.relpartbound, c.oid), '[(](.+)[)] TO [(](.+)[)]')) as b (bounds)
where i.inhparent = ${regclass(placeOf(target))}
    and not i.inhdetachpending`;
}

/**
 * Fails the model if a row has no time that belongs to a partition: no range contains NULL or infinity, and names of partitions
 * have the years 1 to 99999 only.
 * ```sql
 * select <unique_key> from r where "at" is null or "at" < '0001-01-01' or "at" >= '100000-01-01' limit 3;  -- must return no row
 * ```
 */
export function guardTimes(
  { model, uniqueKey }: TableTarget,
  partitionBy: PartitionBy,
  type: TimeType,
  from: string,
): Step {
  const { column } = partitionBy;
  const name = identifier(column);
  const local = type === 'date' ? name : `(${localTime(name, partitionBy, type)})`;
  const wrong = `${name} is null or ${local} < '0001-01-01' or ${local} >= '100000-01-01'`;
  const shown = uniqueKey.length > 0 ? uniqueKey : [column];
  const list = shown.map(identifier).join(', ');
  return {
    kind: 'guard',
    sql: new SqlText(
      uniqueKey.length > 0
        ? `select ${list}\nfrom ${from}\nwhere ${wrong}\nlimit 3`
        : `select ${list}, count(*) as row_count\nfrom ${from}\nwhere ${wrong}\ngroup by ${list}\nlimit 3`,
    ),
    setting: 'partition_by',
    complaint: (rows) => ({
      what: `partition_by of ${model}: "${column}" has values that belong to no partition: ${describe(rows, shown)}`,
      hint: 'It must be neither NULL nor infinite, and in the years 1 to 99999: leave such rows out, or give them a time.',
    }),
  };
}

/**
 * Fails the model if another relation has the name of a partition that is to be created, e.g. a detached partition:
 * ```sql
 * select p.name from <names> as p join pg_class as c on c.relname = p.name ...;  -- must return no row
 * ```
 * @param names a table or subquery with the column `name`.
 */
export function guardNames({ model, relation: { schema, name } }: TableTarget, names: string): Step {
  return {
    kind: 'guard',
    sql: new SqlText(`select p.name
from ${names} as p
join pg_class as c on c.relname = p.name
join pg_namespace as n on n.oid = c.relnamespace
where n.nspname = ${literal(schema)}
order by p.name
limit 3`),
    setting: 'partition_by',
    complaint: (rows) => ({
      what: `${model} needs a partition ${rows.map((row) => `${schema}.${String(row.name)}`).join(', ')}, and something else has that name`,
      hint: `Rename or drop it; if it was a partition of ${schema}.${name}, attach it again (where detaching was broken off, after detach partition ... finalize).`,
    }),
  };
}

/**
 * Fails the model if a partition that was created by hand holds a part of the time of a new one, or is the default partition,
 * which would be locked:
 * ```sql
 * select r.name, s.name from <ranges> as r join <existing partitions> as s on s.lower < r.upper and s.upper > r.lower;  -- no row
 * ```
 * @param ranges a table with the columns `name`, `lower` and `upper`.
 */
export function guardBounds(target: TableTarget, type: TimeType, ranges: string): Step {
  const { schema, name } = target.relation;
  return {
    kind: 'guard',
    sql: new SqlText(`with existing as materialized (
    ${existingBounds(target, type).replaceAll('\n', '\n    ')}
)

select r.name, s.name as other, s.is_default
from ${ranges} as r
join existing as s on s.lower < r.upper and s.upper > r.lower
order by r.name, s.name
limit 1`),
    setting: 'partition_by',
    complaint: ([row]) => ({
      what: `${target.model} needs a partition ${schema}.${String(row?.name)}, and ${String(row?.other)}, which was created by hand, ${row?.is_default === 'true' ? 'is the default partition' : 'holds a part of its time'}`,
      hint: `Nothing was touched. Take it out (alter table ${relation(schema, name)} detach partition ${String(row?.other)}), build, and insert again what only it has.`,
    }),
  };
}
