import { join } from 'node:path';
import { copyToFile } from '../../warehouse/copy-to-file.ts';
import { literal } from '../../warehouse/quote.ts';
import type { Session, Warehouse } from '../../warehouse/warehouse.ts';
import { lockLoads } from '../landing/staging.ts';
import { RegistryRows } from '../registry/subject-rows.ts';
import { foldedId } from '../tombstones/names.ts';
import type { RegistryIds } from '../tombstones/registry-ids.ts';
import { ruleOf } from '../tombstones/rule.ts';
import type { SubjectAct, SubjectRequest } from './request.ts';
import { ledgerFiles } from './sensor-files.ts';
import { eachOwnRow, stagedSnapshots } from './snapshots.ts';

/** A table of schema `staging` and which of its rows, as `t`, are the subject's. */
interface HeldTable {
  readonly name: string;
  readonly condition: string;
  /** What a person is given of a row, in the order of `order`. */
  readonly columns: string;
  readonly order: string;
}

const apartment = `lower(regexp_replace(t.record ->> 'apartment', '[ \\t\\n\\v\\f\\r]', '', 'g') collate "C")`;

/** In the order in which rows can be deleted. */
function heldTables(id: string): readonly HeldTable[] {
  const ofFile = 't.file_id in (select file_id from subject_file)';
  return [
    { name: 'sensor_file', condition: ofFile, columns: 't.name, t.payload', order: 't.file_id' },
    {
      name: 'prediction',
      condition: `${apartment} = ${literal(foldedId(id))}`,
      columns: 't.load_id, t.row_no, t.record',
      order: 't.load_id, t.row_no',
    },
    // What has learnt from it, or numbers its rooms, goes as a whole; a copy of it says what was learnt, not from what.
    {
      name: 'model',
      condition: `(${literal(id)} = any(t.apartments)
          or jsonb_path_exists(t.content, '$.codes[*] ? (@ starts with $of)', jsonb_build_object('of', ${literal(`${id}/`)})))`,
      columns: 't.target, t.horizon, t.name, t.version, t.trained_from, t.trained_to, t.rows, t.evaluation',
      order: 't.model_id',
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
    await markRows(session, request, ids);
    const tables = heldTables(request.subject.id);
    const counts: Record<string, number> = {};
    for (const { name, condition, columns, order } of tables) {
      const from = `from staging.${name} as t where ${condition}`;
      const { rows } = await session.query<{ count: number }>(`select count(*)::int as count ${from}`);
      const count = rows[0]?.count ?? 0;
      counts[`staging.${name}`] = count;
      if (act.kind !== 'export' || count === 0) continue;
      const path = join(act.folder, 'staging', `${name}.csv`);
      await copyToFile(session, `select ${columns} ${from} order by ${order}`, path);
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

/** Says which rows are a subject's, for the rest of the transaction, with temporary tables of their keys. */
async function markRows(session: Session, { subject, apartments }: SubjectRequest, ids: RegistryIds): Promise<void> {
  const rule = ruleOf(subject, apartments);
  await session.query('create temporary table subject_file (file_id bigint primary key) on commit drop');
  await session.query('insert into subject_file select * from unnest($1::bigint[])', [
    await ledgerFiles(session, rule),
  ]);
  await session.query(
    'create temporary table subject_row (load_id bigint, table_name text, row_no integer) on commit drop',
  );
  for await (const tables of stagedSnapshots(session)) {
    const rows = new RegistryRows(rule, ids);
    for (const one of tables) {
      const own: number[] = [];
      await eachOwnRow(one, rows, ({ row_no }) => own.push(row_no));
      const values = [one.loadId, one.table, own];
      await session.query('insert into subject_row select $1, $2, unnest($3::integer[])', values);
    }
  }
}
