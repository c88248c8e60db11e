import { dollarQuoted, identifier, literal, relation } from '../../../warehouse/quote.ts';
import type { Column } from '../../database/catalog.ts';
import { type TimeType, timeType } from '../../manifest/column-type.ts';
import type { PartitionBy } from '../../manifest/manifest.ts';
import { partitionPrefix, suffixFormat } from '../../manifest/partition-names.ts';
import { guardPartition } from './partition-access.ts';
import { existingBounds, guardBounds, guardNames, guardTimes, localTime } from './partition-guards.ts';
import { run, type Step, staged } from './step.ts';
import { placeOf } from './structure.ts';
import type { TableTarget } from './target.ts';

/** The partitions that are missing: name, lower and upper bound. */
const missing = 'pg_temp."datacycle_partition"';

/**
 * Creates an empty table with the columns of another: `create table t (like other) partition by range ("at")`.
 * ```sql
 * create table t (like other) partition by range ("at");
 * ```
 */
export function createLike(table: string, like: string, partitionBy: PartitionBy | undefined): Step {
  const cut = partitionBy === undefined ? '' : `\npartition by range (${identifier(partitionBy.column)})`;
  return run(`create table ${table} (like ${like})${cut}`);
}

/**
 * Creates the partitions that rows need and the table lacks; none if the table is not partitioned by a time. Each is created beside the table
 * and attached. That takes a lock (share update exclusive) that does not block readers and writers, while `create table ... partition of`
 * would block them.
 * ```sql
 * create table t_2023_10 (like t including all); alter table t attach partition t_2023_10 for values from (...) to (...);
 * ```
 * @param columns the columns of the rows.
 */
export function addPartitions(target: TableTarget, columns: readonly Column[], from: string = staged): Step[] {
  const { partitionBy } = target;
  const type = timeType(columns.find(({ name }) => name === partitionBy?.column)?.type ?? '');
  if (partitionBy === undefined || type === undefined) return [];
  const place = placeOf(target);
  const table = relation(place);
  return [
    guardTimes(target, partitionBy, type, from),
    run(
      `create temporary table "datacycle_partition" on commit drop as\n${missingPartitions(target, partitionBy, type, from)}`,
    ),
    guardNames(target, missing),
    guardBounds(target, type, missing),
    run(
      `do ${dollarQuoted(`declare
    one record;
    part text;
    reader record;
begin
    for one in select name, lower, upper from ${missing} order by lower loop
        part := format('%I.%I', ${literal(target.relation.schema)}, one.name);
        execute 'create table ' || part || ${literal(` (like ${table} including all excluding statistics)`)};${guardPartition(target)}
        execute ${literal(`alter table ${table} attach partition `)} || part
            || format(' for values from (%L) to (%L)', one.lower, one.upper);
    end loop;
    drop table ${missing};
end`)}`,
    ),
  ];
}

/** The query for the missing partitions. A month or day is identified by its local time; bounds are values of the column. */
function missingPartitions(target: TableTarget, partitionBy: PartitionBy, type: TimeType, from: string): string {
  const { granularity, timeZone } = partitionBy;
  const at = `n.${identifier(partitionBy.column)}`;
  const zone = literal(timeZone);
  const start = `date_trunc('${granularity}', ${localTime(at, partitionBy, type)})`;
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
        ${literal(partitionPrefix(placeOf(target).name, granularity))} || to_char(start, '${suffixFormat(granularity)}') as name,
        ${bound('start')} as lower,
        ${bound(`start + interval '1 ${granularity}'`)} as upper
    from starts
),

existing as materialized (
    ${existingBounds(target, type).replaceAll('\n', '\n    ')}
)

select name, lower, upper
from ranges as r
where (r.lower, r.upper) not in (select lower, upper from existing)
    and not exists (select from existing as s where not s.is_default and s.lower <= r.lower and s.upper >= r.upper)`;
}
