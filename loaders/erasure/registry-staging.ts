import type { Queryable, Warehouse } from '../../warehouse/warehouse.ts';
import { type RegistryTable, registryTables } from '../registry/tables.ts';
import { type RegistryIds, unionOf } from './registry-ids.ts';
import { type RegistryRecord, RegistryRows } from './registry-rows.ts';
import type { SubjectRule } from './rule.ts';

const pageRows = 5000;

/** The tables that the rows of all others lead to a building by. */
export const linkTables: readonly RegistryTable[] = ['buildings', 'rooms', 'devices'];

/** Loads whose rows are in staging, oldest first. */
export async function registryLoads(on: Queryable): Promise<readonly number[]> {
  const { rows } = await on.query<{ id: number }>('select distinct load_id as id from staging.registry_row order by 1');
  return rows.map(({ id }) => id);
}

/** The rows of one load that are the subject's, table by table, in pages. Also learns its ids. */
export async function* subjectsRows(
  on: Queryable,
  loadId: number,
  tables: readonly RegistryTable[],
  rows: RegistryRows,
): AsyncGenerator<{ readonly table: RegistryTable; readonly rowNos: readonly number[] }> {
  for (const table of tables) {
    for (let after = 0; ; ) {
      const page = await on.query<{ row_no: number; record: RegistryRecord }>(
        `select row_no, record from staging.registry_row
         where load_id = $1 and table_name = $2 and row_no > $3 order by row_no limit ${pageRows}`,
        [loadId, table, after],
      );
      const last = page.rows.at(-1);
      if (last === undefined) break;
      after = last.row_no;
      const rowNos = page.rows.filter(({ record }) => rows.has(table, record)).map(({ row_no }) => row_no);
      if (rowNos.length > 0) yield { table, rowNos };
    }
  }
}

/** What the registry called the subject's buildings, rooms and devices: known before, or in a snapshot in staging. */
export async function idsInStaging(on: Queryable, rule: SubjectRule, before: RegistryIds): Promise<RegistryIds> {
  let known = before;
  for (const loadId of await registryLoads(on)) {
    const rows = new RegistryRows(rule, [known]);
    for await (const _ of subjectsRows(on, loadId, linkTables, rows));
    known = unionOf([known, rows.ids]);
  }
  return known;
}

/** Deletes the subject's rows, one load a transaction. Returns how many there were. */
export async function eraseRegistryRows(
  warehouse: Warehouse,
  rule: SubjectRule,
  ids: RegistryIds,
  checkpoint: () => void,
): Promise<number> {
  let erased = 0;
  for (const loadId of await registryLoads(warehouse)) {
    checkpoint();
    erased += await warehouse.transaction(async (session) => {
      let gone = 0;
      for await (const { table, rowNos } of subjectsRows(
        session,
        loadId,
        registryTables,
        new RegistryRows(rule, [ids]),
      )) {
        await session.query(
          'delete from staging.registry_row where load_id = $1 and table_name = $2 and row_no = any($3::integer[])',
          [loadId, table, rowNos],
        );
        gone += rowNos.length;
      }
      // A load from Bronze compares it with the rows that are there.
      if (gone > 0)
        await session.query('update staging.load set records = records - $2 where load_id = $1', [loadId, gone]);
      return gone;
    });
  }
  return erased;
}
