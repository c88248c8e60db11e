import type { Queryable, Warehouse } from '../../warehouse/warehouse.ts';
import { RegistryRows } from '../registry/subject-rows.ts';
import { type RegistryTable, registryTables } from '../registry/tables.ts';
import { type RegistryIds, unionOf } from '../tombstones/registry-ids.ts';
import type { SubjectRule } from '../tombstones/rule.ts';

const pageRows = 5000;

/** The tables that the rows of all others lead to a building by. */
export const linkTables: readonly RegistryTable[] = ['buildings', 'rooms', 'devices'];

/** Loads whose rows are in staging, oldest first. */
export async function registryLoads(on: Queryable): Promise<readonly number[]> {
  const { rows } = await on.query<{ id: number }>('select distinct load_id as id from staging.registry_row order by 1');
  return rows.map(({ id }) => id);
}

/** What a page of rows of a load has of the subject. */
export interface SubjectsRows {
  readonly table: RegistryTable;
  /** The rows that are its own. */
  readonly rowNos: readonly number[];
  /** The rows of others that name it, as JSON without the name. */
  readonly withoutName: readonly { readonly rowNo: number; readonly json: string }[];
}

/** The rows of one load that are the subject's or name it, table by table, in pages. Also learns its ids. */
export async function* subjectsRows(
  on: Queryable,
  loadId: number,
  tables: readonly RegistryTable[],
  rows: RegistryRows,
): AsyncGenerator<SubjectsRows> {
  for (const table of tables) {
    for (let after = 0; ; ) {
      const page = await on.query<{ row_no: number; json: string }>(
        `select row_no, record::text as json from staging.registry_row
         where load_id = $1 and table_name = $2 and row_no > $3 order by row_no limit ${pageRows}`,
        [loadId, table, after],
      );
      const last = page.rows.at(-1);
      if (last === undefined) break;
      after = last.row_no;
      const rowNos: number[] = [];
      const withoutName: { rowNo: number; json: string }[] = [];
      for (const { row_no: rowNo, json } of page.rows) {
        if (rows.has(table, JSON.parse(json))) {
          rowNos.push(rowNo);
          continue;
        }
        const clean = rows.withoutName(json);
        if (clean !== json) withoutName.push({ rowNo, json: clean });
      }
      if (rowNos.length + withoutName.length > 0) yield { table, rowNos, withoutName };
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

/**
 * Deletes the subject's rows, and takes its name out of those of others, one load a transaction.
 * @returns how many there were of each.
 */
export async function eraseRegistryRows(
  warehouse: Warehouse,
  rule: SubjectRule,
  ids: RegistryIds,
  checkpoint: () => void,
): Promise<{ readonly rows: number; readonly named: number }> {
  const erased = { rows: 0, named: 0 };
  for (const loadId of await registryLoads(warehouse)) {
    checkpoint();
    const ofLoad = await warehouse.transaction(async (session) => {
      const gone = { rows: 0, named: 0 };
      const rows = new RegistryRows(rule, [ids]);
      for await (const { table, rowNos, withoutName } of subjectsRows(session, loadId, registryTables, rows)) {
        await session.query(
          'delete from staging.registry_row where load_id = $1 and table_name = $2 and row_no = any($3::integer[])',
          [loadId, table, rowNos],
        );
        await session.query(
          `update staging.registry_row as r set record = n.json::jsonb
           from unnest($3::integer[], $4::text[]) as n (row_no, json)
           where r.load_id = $1 and r.table_name = $2 and r.row_no = n.row_no`,
          [loadId, table, withoutName.map(({ rowNo }) => rowNo), withoutName.map(({ json }) => json)],
        );
        gone.rows += rowNos.length;
        gone.named += withoutName.length;
      }
      // A load from Bronze compares it with the rows that are there.
      if (gone.rows > 0)
        await session.query('update staging.load set records = records - $2 where load_id = $1', [loadId, gone.rows]);
      return gone;
    });
    erased.rows += ofLoad.rows;
    erased.named += ofLoad.named;
  }
  return erased;
}
