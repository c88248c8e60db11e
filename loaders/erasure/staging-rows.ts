import { join } from 'node:path';
import { copyToFile } from '../../warehouse/copy-to-file.ts';
import { literal } from '../../warehouse/quote.ts';
import type { Queryable, Session, Warehouse } from '../../warehouse/warehouse.ts';
import { lockLoads } from '../landing/staging.ts';
import { type RegistryTable, registryTables } from '../registry/mysql/tables.ts';
import { linkTables, RegistryRows } from '../registry/subject-rows.ts';
import { foldedId } from '../tombstones/names.ts';
import type { RegistryIds } from '../tombstones/registry-ids.ts';
import { ruleOf, type SubjectRule } from '../tombstones/rule.ts';
import type { SubjectAct, SubjectRequest } from './request.ts';
import { ledgerFiles } from './sensor-files.ts';

/** The tables of schema `staging` that an erasure and an export see to, as models name them. */
export const landedSources: readonly string[] = [
  'staging.sensor_file',
  'staging.prediction',
  'staging.registry_row',
  'staging.file',
  'staging.load',
];

/** A table of schema `staging` and which of its rows, as `t`, are the subject's. */
interface HeldTable {
  readonly name: string;
  readonly condition: string;
  /** What a person is given of a row. */
  readonly columns: string;
  readonly order: string;
}

/**
 * Counts, copies or deletes the subject's rows in staging, in one transaction.
 * @returns how many rows, by `staging.<table>`.
 */
export async function visitStaging(
  warehouse: Warehouse,
  request: SubjectRequest,
  ids: RegistryIds,
  act: SubjectAct,
): Promise<Readonly<Record<string, number>>> {
  const isolation = act.kind === 'export' ? 'repeatable read' : undefined;
  return warehouse.transaction(async (session) => {
    // Waits for transactions that write predictions: rows written before the tombstone are visible then, later ones are not stored.
    if (act.kind === 'erase') await lockLoads(session, 'predictions');
    const tables = await heldTables(session, request, ids);
    const counts: Record<string, number> = {};
    for (const { name, condition, columns, order } of tables) {
      const { rows } = await session.query<{ count: number }>(
        `select count(*)::int as count from staging.${name} as t where ${condition}`,
      );
      const count = rows[0]?.count ?? 0;
      counts[`staging.${name}`] = count;
      if (act.kind !== 'export' || count === 0) continue;
      const query = `select ${columns} from staging.${name} as t where ${condition} order by ${order}`;
      await copyToFile(session, query, join(act.folder, 'staging', `${name}.csv`));
    }
    if (act.kind === 'erase') await deleteRows(session, tables);
    return counts;
  }, isolation);
}

async function deleteRows(session: Session, tables: readonly HeldTable[]): Promise<void> {
  await session.query('delete from staging.pruned_file where file_id in (select file_id from subject_file)');
  // A load from Bronze compares it with the rows that are there.
  await session.query(
    `update staging.load as l set records = l.records - gone.rows
     from (select load_id, count(*) as rows from subject_row group by load_id) as gone
     where l.load_id = gone.load_id`,
  );
  for (const { name, condition } of tables) await session.query(`delete from staging.${name} as t where ${condition}`);
}

/**
 * Says which rows of staging are a subject's, for the rest of the transaction, with temporary tables of their keys:
 * `subject_file` and `subject_row`.
 */
async function heldTables(
  session: Session,
  { bronzeRoot, subject, apartments }: SubjectRequest,
  ids: RegistryIds,
): Promise<readonly HeldTable[]> {
  const rule = ruleOf(subject, apartments);
  await session.query('create temporary table subject_file (file_id bigint primary key) on commit drop');
  await session.query('insert into subject_file select * from unnest($1::bigint[])', [
    await ledgerFiles(session, bronzeRoot, rule),
  ]);
  await session.query(
    'create temporary table subject_row (load_id bigint, table_name text, row_no integer) on commit drop',
  );
  for (const loadId of await registryLoads(session)) {
    const rows = new RegistryRows(rule, ids);
    for await (const { table, rowNos } of ownRows(session, loadId, registryTables, rows))
      await session.query('insert into subject_row select $1, $2, unnest($3::integer[])', [loadId, table, rowNos]);
  }
  const ofFile = 't.file_id in (select file_id from subject_file)';
  const apartment = `lower(regexp_replace(t.record ->> 'apartment', '[ \\t\\n\\v\\f\\r]', '', 'g') collate "C")`;
  return [
    { name: 'sensor_file', condition: ofFile, columns: 't.name, t.payload', order: 't.file_id' },
    {
      name: 'prediction',
      condition: `${apartment} = ${literal(foldedId(subject.id))}`,
      columns: 't.load_id, t.row_no, t.record',
      order: 't.load_id, t.row_no',
    },
    {
      name: 'registry_row',
      condition: '(t.load_id, t.table_name, t.row_no) in (select load_id, table_name, row_no from subject_row)',
      columns: `t.table_name, (
           select f.source_time from staging.file as f
           where f.source = 'registry' and f.load_id = t.load_id and f.name like '%/' || t.table_name || '.json'
       ) as snapshot_at, t.record`,
      order: 't.table_name, t.load_id, t.row_no',
    },
    {
      name: 'file',
      condition: ofFile,
      columns: 't.name, t.bronze_path, t.bytes, t.sha256, t.status, t.reason, t.source_time',
      order: 't.file_id',
    },
  ];
}

/** Adds to what the registry called the subject's buildings, rooms and devices all that snapshots in staging tell. */
export async function idsInStaging(on: Queryable, rule: SubjectRule, before: RegistryIds): Promise<RegistryIds> {
  let known = before;
  for (const loadId of await registryLoads(on)) {
    const rows = new RegistryRows(rule, known);
    for await (const _ of ownRows(on, loadId, linkTables, rows));
    known = rows.ids;
  }
  return known;
}

/** Loads whose rows are in staging, oldest first. */
async function registryLoads(on: Queryable): Promise<readonly number[]> {
  const { rows } = await on.query<{ id: number }>('select distinct load_id as id from staging.registry_row order by 1');
  return rows.map(({ id }) => id);
}

const pageRows = 5000;

/** The subject's rows of one load, table by table, in pages. */
async function* ownRows(
  on: Queryable,
  loadId: number,
  tables: readonly RegistryTable[],
  rows: RegistryRows,
): AsyncGenerator<{ readonly table: RegistryTable; readonly rowNos: readonly number[] }> {
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
      const own = page.rows.filter(({ json }) => rows.has(table, JSON.parse(json)));
      if (own.length > 0) yield { table, rowNos: own.map(({ row_no }) => row_no) };
    }
  }
}
