import { parquetTypeOf } from '../../parquet/column-type.ts';
import type { ParquetColumn } from '../../parquet/table.ts';
import type { Column } from '../resource/resource.ts';

/** What the columns of an answer are in a Parquet file. */
export function parquetColumns(columns: readonly Column[]): readonly ParquetColumn[] {
  return columns.map(({ name, type }) => ({ name, type: parquetTypeOf(type) }));
}
