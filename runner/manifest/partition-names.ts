import { createHash } from 'node:crypto';
import type { PartitionBy } from './manifest.ts';

/** What follows a table's name in that of a partition, as to_char writes it, and the most bytes of it (years up to 99999). */
const suffixes = {
  month: { format: '_YYYY_MM', bytes: 9, pattern: '_\\d{4,5}_\\d\\d' },
  day: { format: '_YYYY_MM_DD', bytes: 12, pattern: '_\\d{4,5}_\\d\\d_\\d\\d' },
} as const;

export function suffixFormat(granularity: PartitionBy['granularity']): string {
  return suffixes[granularity].format;
}

/** The beginning of the names of a table's partitions: its own name, shortened and with a hash if it is too long. */
export function partitionPrefix(table: string, granularity: PartitionBy['granularity']): string {
  const room = 63 - suffixes[granularity].bytes;
  if (Buffer.byteLength(table) <= room) return table;
  const mark = `_${createHash('sha256').update(table).digest('hex').slice(0, 6)}`;
  const base = [...table];
  while (Buffer.byteLength(base.join('')) > room - mark.length) base.pop();
  return base.join('') + mark;
}

/** Whether a partition of `table` may have to be called `name`. */
export function isPartitionName(name: string, table: string, granularity: PartitionBy['granularity']): boolean {
  const prefix = partitionPrefix(table, granularity);
  return name.startsWith(prefix) && new RegExp(`^${suffixes[granularity].pattern}$`).test(name.slice(prefix.length));
}
