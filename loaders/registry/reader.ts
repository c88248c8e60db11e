import { createHash } from 'node:crypto';
import type { Session } from '../../warehouse/warehouse.ts';
import type { BronzeWriter } from '../landing/bronze.ts';
import { copyJson, copyLine, inChunks } from '../landing/copy-text.ts';
import { writeFully } from '../landing/descriptor.ts';
import type { OpenTable } from './mysql/server.ts';
import type { RegistryTable } from './mysql/tables.ts';
import { isUnfit, jsonOf, madeFit } from './mysql/value.ts';
import type { LedgerRow, SnapshotId } from './snapshot.ts';
import { bronzePathOf, ledgerNameOf } from './stamp.ts';
import type { ErasedRows } from './subject-rows.ts';

/** Written to Bronze at once. */
const pieceBytes = 65_536;

/** What became of one table. */
export interface TableLanded {
  readonly ledger: LedgerRow;
  /** Rows of erased apartments, which were left out. */
  readonly ignored: number;
  /** The columns, as spelt by the server, in which values held what jsonb cannot store. */
  readonly unfit: readonly string[];
}

/**
 * Lands one table: each row as it comes goes to Bronze, as JSON, and to staging, so that memory stays flat. What jsonb
 * cannot store (the character U+0000) stays in Bronze and is left out in staging.
 * @param erased recognises rows of erased apartments, which reach neither; undefined if no apartment was erased.
 */
export async function landTable(
  session: Session,
  bronze: BronzeWriter,
  id: SnapshotId,
  table: RegistryTable,
  open: OpenTable,
  erased: ErasedRows | undefined,
): Promise<TableLanded> {
  const name = ledgerNameOf(id.stamp, table);
  const bronzePath = bronzePathOf(id.stamp, table);
  const hash = createHash('sha256');
  const unfit = new Set<string>();
  let bytes = 0;
  let rows = 0;
  let ignored = 0;
  await bronze.writeWith(bronzePath, async (draft) => {
    let pieces: string[] = [];
    let pending = 0;
    const flush = async () => {
      const content = Buffer.from(pieces.join(''), 'utf8');
      pieces = [];
      pending = 0;
      hash.update(content);
      bytes += content.length;
      await writeFully(draft, content);
    };
    const lines = async function* (): AsyncGenerator<readonly Buffer[]> {
      for await (const row of open.rows) {
        const record = recordOf(open, row, (text) => text);
        if (erased?.has(table, JSON.parse(record)) === true) {
          ignored += 1;
          continue;
        }
        pieces.push(rows === 0 ? '[\n' : ',\n', record);
        pending += record.length;
        if (pending >= pieceBytes) await flush();
        rows += 1;
        // The escaped forms of what jsonb does not take; rarely there, so the row is only then written a second time.
        const fits = /\\u(?:0000|d[89a-f])/i.test(record) ? recordOf(open, row, madeFit, unfit) : record;
        yield stagingLine(id.loadId, table, rows, fits);
      }
    };
    await session.copyIn(copyRows, inChunks(lines()));
    pieces.push(rows === 0 ? '[]\n' : '\n]\n');
    await flush();
  });
  return { ledger: { name, bronzePath, bytes, sha256: hash.digest('hex'), rows }, ignored, unfit: [...unfit] };
}

/** The COPY that {@link stagingLine} is for. */
export const copyRows = 'copy staging.registry_row (load_id, table_name, row_no, record) from stdin';

/** One row of staging.registry_row. @param json without whitespace between its tokens, as jsonb can store it. */
export function stagingLine(loadId: number, table: RegistryTable, rowNo: number, json: string): readonly Buffer[] {
  const head = copyLine([loadId, table, rowNo, '']).slice(0, -1);
  return [Buffer.from(head), copyJson(Buffer.from(json, 'utf8')), Buffer.from('\n')];
}

/** A row as a JSON object. @param unfit is called with the columns whose text `change` had to change. */
function recordOf(
  { columns }: OpenTable,
  row: readonly (Buffer | null)[],
  change: (text: string) => string,
  unfit?: Set<string>,
): string {
  const members = columns.map((column, index) => {
    const json = jsonOf(column, row[index] ?? null);
    if (unfit === undefined || !json.startsWith('"')) return `${JSON.stringify(column.name)}:${json}`;
    const text = String(JSON.parse(json));
    if (isUnfit(text)) unfit.add(column.name);
    return `${JSON.stringify(column.name)}:${JSON.stringify(change(text))}`;
  });
  return `{${members.join(',')}}`;
}
