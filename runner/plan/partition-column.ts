import type { Column, ExistingRelation } from '../database/catalog.ts';
import { timeType } from '../manifest/column-type.ts';
import { type BuiltNode, partitioningOf } from '../manifest/manifest.ts';
import { settingPlace } from '../project/setting-places.ts';
import { NodeError } from '../text/errors.ts';

/**
 * Refuses a partition column that is no date or time, and one whose type would have to change in an existing table: PostgreSQL
 * changes no column by which a table is partitioned. Pure.
 * @param yields the columns of the rows, the partition column among them.
 * @throws NodeError that says how to go on.
 */
export function checkPartitionColumn(
  node: BuiltNode,
  existing: ExistingRelation | undefined,
  yields: readonly Column[],
): void {
  const partitionBy = partitioningOf(node);
  if (partitionBy === undefined) return;
  const { column } = partitionBy;
  const place = settingPlace(node.settings, 'partition_by', 'column');
  const type = yields.find(({ name }) => name === column)?.type ?? '';
  const kind = timeType(type);
  if (kind === undefined)
    throw new NodeError({
      what: `partition_by of ${node.name} needs a column of type date, timestamp or timestamptz, and "${column}" is ${type}`,
      place,
      hint: 'Name another column, or cast it in the query.',
    });
  if (kind !== 'timestamp with time zone' && partitionBy.timeZone !== 'UTC')
    throw new NodeError({
      what: `partition_by of ${node.name} has a time_zone, and "${column}" is ${type}, whose months and days are the same in every zone`,
      place: settingPlace(node.settings, 'partition_by', 'time_zone'),
      hint: 'Take time_zone out: it is for timestamptz.',
    });
  if (existing?.kind !== 'table') return;
  const existingType = existing.columns.find(({ name }) => name === column)?.type;
  if (existingType === type) return;
  throw new NodeError({
    what: `${node.name} is partitioned by "${column}", which is ${type} now, but ${existingType === undefined ? 'no column' : existingType} in its table`,
    place,
    hint: `Nothing was touched. Take partition_by out, build the model (datacycle run --full-refresh --select ${node.name}), and put it back.`,
  });
}
