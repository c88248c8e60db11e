import { identifier, literal, relation } from '../../warehouse/quote.ts';
import type { Column, ExistingRelation } from '../catalog.ts';
import { type TimeType, timeType } from '../column-type.ts';
import type { PartitionBy, RelationName } from '../manifest.ts';
import { SqlText } from '../sql-text.ts';
import { describe } from './key-guard.ts';
import { partitionPrefix, suffixFormat } from './partition-names.ts';
import { type Access, ownersPolicy } from './row-security.ts';
import { run, type Step, staged } from './step.ts';
import { placeOf } from './structure.ts';
import type { TableTarget } from './table.ts';

/** The partitions that are missing: name, lower and upper bound. */
const missing = 'pg_temp."datacycle_partition"';

/** An empty table of the columns of another. */
export function createLike(table: string, like: string, partitionBy: PartitionBy | undefined): Step {
  const cut = partitionBy === undefined ? '' : `\npartition by range (${identifier(partitionBy.column)})`;
  return run(`create table ${table} (like ${like})${cut}`);
}

/**
 * Makes the partitions that rows need and the table lacks; none for a table in one piece. Each is made beside the table and
 * attached: that takes a lock on the table (share update exclusive) which readers and writers do not notice, while `create
 * table ... partition of` would lock them out.
 * @param columns of the rows.
 */
export function addPartitions(target: TableTarget, columns: readonly Column[], from: string = staged): Step[] {
  const { partitionBy } = target;
  if (partitionBy === undefined) return [];
  const type = timeType(columns.find(({ name }) => name === partitionBy.column)?.type ?? '');
  if (type === undefined) throw new Error('a table is partitioned by a time');
  const place = placeOf(target);
  const table = relation(place.schema, place.name);
  return [
    guardTimes(target, partitionBy, from),
    run(
      `create temporary table "datacycle_partition" on commit drop as\n${missingPartitions(target, partitionBy, type, from)}`,
    ),
    guardNames(target, missing),
    run(`do $do$
declare
    one record;
    part text;
    reader record;
begin
    for one in select name, lower, upper from ${missing} order by lower loop
        part := format('%I.%I', ${literal(target.relation.schema)}, one.name);
        execute 'create table ' || part || ${literal(` (like ${table} including all)`)};${guardPartition(target)}
        execute ${literal(`alter table ${table} attach partition `)} || part
            || format(' for values from (%L) to (%L)', one.lower, one.upper);
    end loop;
    drop table ${missing};
end
$do$`),
  ];
}

/** A month or day is told by its local time: its name, and where it begins and ends as values of the column. */
function missingPartitions(target: TableTarget, partitionBy: PartitionBy, type: TimeType, from: string): string {
  const { granularity, timeZone } = partitionBy;
  const at = `n.${identifier(partitionBy.column)}`;
  const zone = literal(timeZone);
  const local = {
    date: `${at}::timestamp`,
    'timestamp without time zone': at,
    'timestamp with time zone': `${at} at time zone ${zone}`,
  };
  const start = `date_trunc('${granularity}', ${local[type]})`;
  // Where clocks are put back over midnight a day begins with the second one: the hour before is of the day before.
  const own =
    type === 'timestamp with time zone' && timeZone !== 'UTC'
      ? `case
            when ${at} < ${start} at time zone ${zone}
            then ${start} - interval '1 ${granularity}'
            else ${start}
        end`
      : start;
  const bound = (value: string) =>
    ({
      date: `(${value})::date`,
      'timestamp without time zone': value,
      'timestamp with time zone': `(${value}) at time zone ${zone}`,
    })[type];
  return `with starts as (
    select distinct
        ${own} as start
    from ${from} as n
),

ranges as (
    select
        ${literal(partitionPrefix(target.relation.name, granularity))} || to_char(start, '${suffixFormat(granularity)}') as name,
        ${bound('start')} as lower,
        ${bound(`start + interval '1 ${granularity}'`)} as upper
    from starts
)

select name, lower, upper
from ranges
where name not in (
    select c.relname::text
    from pg_inherits as i
    join pg_class as c on c.oid = i.inhrelid
    where i.inhparent = ${regclass(placeOf(target))}
)`;
}

export function regclass(table: RelationName): string {
  return `${literal(relation(table.schema, table.name))}::regclass`;
}

/** No range holds NULL or infinity, and names tell years after Christ only. */
function guardTimes({ model, uniqueKey }: TableTarget, { column }: PartitionBy, from: string): Step {
  const name = identifier(column);
  const wrong = `${name} is null or not isfinite(${name}) or ${name} < '0001-01-01'`;
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
      what: `partition_by of ${model}: "${column}" says no time that belongs to a partition: ${describe(rows, shown)}`,
      hint: 'It must be neither NULL nor infinite nor before the year 1: leave such rows out, or give them a time.',
    }),
  };
}

/**
 * Refuses a name of a partition that something else has, e.g. one that was detached by hand.
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
      hint: `Rename or drop it; if it was a partition of ${schema}.${name}, attach it again.`,
    }),
  };
}

/** Lines of plpgsql that take every privilege on the table `part` from everybody but its owner. */
const revokeAll = [
  `for reader in`,
  `    select distinct g.grantee, r.rolname`,
  `    from pg_class as c`,
  `    cross join aclexplode(c.relacl) as g`,
  `    left join pg_roles as r on r.oid = g.grantee`,
  `    where c.oid = part::regclass and g.grantee <> c.relowner`,
  `loop`,
  `    execute 'revoke all on table ' || part || ' from ' || coalesce(quote_ident(reader.rolname), 'public');`,
  `end loop;`,
];

/**
 * Lines of plpgsql that shut the table `part` to everybody who comes directly: privileges, as far as default privileges give
 * some, and the policies that guard a table do not count for its partitions. The owner sees them all, as a backup does.
 */
function guardPartition({ rowSecurity, access }: Pick<TableTarget, 'rowSecurity' | 'access'>): string {
  const lines = [...revokeAll];
  if (rowSecurity === undefined || access === undefined)
    lines.push(`execute 'alter table ' || part || ' enable row level security, no force row level security';`);
  else {
    const { name, definition } = ownersPolicy(access.owner);
    lines.push(
      `execute 'alter table ' || part || ' enable row level security, force row level security';`,
      `execute ${literal(`create policy ${identifier(name)} on `)} || part || ${literal(` ${definition.replaceAll('\n', ' ')}`)};`,
    );
  }
  return lines.map((line) => `\n        ${line}`).join('');
}

/** Steps that guard the partitions of a standing table as its rows are guarded now. */
export function securePartitions(target: TableTarget, existing: ExistingRelation | undefined): Step[] {
  const { partitionBy, rowSecurity, access } = target;
  const partitions = existing?.partitions ?? undefined;
  if (partitionBy === undefined || partitions === undefined) return [];
  const wanted = guardOf(rowSecurity === undefined ? undefined : access);
  if (!partitions.open && partitions.guards.every((one) => JSON.stringify([one.forced, one.policies]) === wanted))
    return [];
  const owner = rowSecurity === undefined ? undefined : access;
  return [
    run(`do $do$
declare
    one record;
    part text;
    reader record;
begin
    for one in
        select i.inhrelid
        from pg_inherits as i
        where i.inhparent = ${regclass(target.relation)}
    loop
        part := one.inhrelid::regclass::text;
        for reader in select polname from pg_policy where polrelid = one.inhrelid and polname ~ '^datacycle_' loop
            execute format('drop policy %I on %s', reader.polname, part);
        end loop;${guardPartition({ rowSecurity: owner && rowSecurity, access: owner })}
    end loop;
end
$do$`),
  ];
}

function guardOf(access: Access | undefined): string {
  return JSON.stringify([access !== undefined, access === undefined ? [] : [ownersPolicy(access.owner).name]]);
}
