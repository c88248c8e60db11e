import type { Warehouse } from '../../warehouse/warehouse.ts';
import type { AllowedColumns } from './mysql/columns.ts';
import { registryTables } from './mysql/tables.ts';
import { registry } from './stamp.ts';

/**
 * Removes from staging the columns that are not read, which an earlier version or another setting landed. All rows of a table in one
 * snapshot have the same columns, so the first row is enough.
 */
export async function removeColumns(warehouse: Warehouse, columns: AllowedColumns): Promise<void> {
  await warehouse.transaction(async (session) => {
    for (const table of registryTables) {
      await session.query(
        `update staging.registry_row as r
         set record = (
             select coalesce(jsonb_object_agg(m.name, m.value), '{}')
             from jsonb_each(r.record) as m (name, value)
             where lower(m.name) like any ($3::text[])
         )
         from staging.file as f
         cross join lateral (
             select record from staging.registry_row
             where load_id = f.load_id and table_name = $2
             order by row_no
             limit 1
         ) as first
         where f.source = $1 and split_part(f.name, '/', 2) = $2 || '.json'
             and r.load_id = f.load_id and r.table_name = $2
             and exists (
                 select from jsonb_object_keys(first.record) as k (name)
                 where not lower(k.name) like any ($3::text[])
             )`,
        [registry, table, columns.patterns(table)],
      );
    }
  });
}
