import { join } from 'node:path';
import { literal } from '../../warehouse/quote.ts';
import type { Session, Warehouse } from '../../warehouse/warehouse.ts';
import { RegistryRows } from '../registry/subject-rows.ts';
import { registryTables } from '../registry/tables.ts';
import { foldedId } from '../tombstones/names.ts';
import type { RegistryIds } from '../tombstones/registry-ids.ts';
import type { Subject, SubjectRule } from '../tombstones/rule.ts';
import { writeCsv } from './csv-file.ts';
import { registryLoads, subjectsRows } from './registry-staging.ts';
import { subjectsFiles } from './sensor-ledger.ts';

/** Rows of staging that were exported. */
export interface StagingExported {
  readonly sensorRows: number;
  readonly ledgerRows: number;
  readonly predictions: number;
  readonly registryRows: number;
}

/** Writes what staging holds of a subject into `<folder>/staging`, one CSV file a table, all of one moment. */
export async function exportStaging(
  warehouse: Warehouse,
  bronzeRoot: string,
  subject: Subject,
  rule: SubjectRule,
  ids: RegistryIds,
  folder: string,
): Promise<StagingExported> {
  const to = join(folder, 'staging');
  return warehouse.transaction(async (session) => {
    await session.query('create temporary table subject_file (file_id bigint primary key) on commit drop');
    const files = (await subjectsFiles(session, bronzeRoot, rule)).map(({ id }) => id);
    await session.query('insert into subject_file select unnest($1::bigint[])', [files]);
    const write = async (file: string, from: string, columns: string, order: string) => {
      const { rows } = await session.query<{ count: number }>(`select count(*)::int as count ${from}`);
      const count = rows[0]?.count ?? 0;
      if (count > 0) await writeCsv(session, `select ${columns} ${from} order by ${order}`, to, file);
      return count;
    };
    return {
      sensorRows: await write(
        'sensor_file.csv',
        'from staging.sensor_file as s join subject_file using (file_id)',
        's.name, s.payload',
        's.file_id',
      ),
      ledgerRows: await write(
        'file.csv',
        'from staging.file as f join subject_file using (file_id)',
        'f.name, f.bronze_path, f.bytes, f.sha256, f.status, f.reason, f.source_time',
        'f.file_id',
      ),
      predictions: await write(
        'prediction.csv',
        `from staging.prediction as p
         where lower(regexp_replace(p.record ->> 'apartment', '\\s', '', 'g') collate "C") = ${literal(foldedId(subject.id))}`,
        'p.load_id, p.row_no, p.record',
        'p.load_id, p.row_no',
      ),
      registryRows: await exportRegistry(session, rule, ids, write),
    };
  }, 'repeatable read');
}

async function exportRegistry(
  session: Session,
  rule: SubjectRule,
  ids: RegistryIds,
  write: (file: string, from: string, columns: string, order: string) => Promise<number>,
): Promise<number> {
  await session.query(
    'create temporary table subject_row (load_id bigint, table_name text, row_no integer) on commit drop',
  );
  for (const loadId of await registryLoads(session)) {
    const rows = new RegistryRows(rule, [ids]);
    for await (const { table, rowNos } of subjectsRows(session, loadId, registryTables, rows)) {
      await session.query('insert into subject_row select $1, $2, unnest($3::integer[])', [loadId, table, rowNos]);
    }
  }
  let total = 0;
  for (const table of registryTables) {
    total += await write(
      `registry_${table}.csv`,
      `from subject_row join staging.registry_row as r using (load_id, table_name, row_no)
       left join staging.file as f
           on f.source = 'registry' and f.load_id = r.load_id and split_part(f.name, '/', 2) = r.table_name || '.json'
       where r.table_name = ${literal(table)}`,
      'f.source_time as snapshot_at, r.record',
      'f.source_time, r.load_id, r.row_no',
    );
  }
  return total;
}
