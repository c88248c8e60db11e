import type { Queryable } from '../../warehouse/warehouse.ts';

/** The last try of an export, and what its last success wrote. Times are ISO text. */
export interface ExportState {
  readonly name: string;
  readonly attemptedAt: string;
  readonly succeededAt: string | null;
  readonly destination: string | null;
  readonly files: number | null;
  readonly rows: number | null;
  /** How many tries have failed since the last success. */
  readonly failures: number;
  readonly message: string | null;
}

/** Records that an export is whole at its destination. */
export async function recordExport(
  on: Queryable,
  name: string,
  at: Date,
  done: { readonly destination: string; readonly files: number; readonly rows: number },
): Promise<void> {
  await on.query(
    `insert into datacycle.export (name, attempted_at, succeeded_at, destination, files, rows) values ($1, $2, $2, $3, $4, $5)
     on conflict (name) do update set attempted_at = $2, succeeded_at = $2, destination = $3, files = $4, rows = $5,
         failures = 0, message = null`,
    [name, at.toISOString(), done.destination, done.files, done.rows],
  );
}

/** Records that an export failed and why. @param message without secrets. */
export async function recordExportFailure(on: Queryable, name: string, at: Date, message: string): Promise<void> {
  await on.query(
    `insert into datacycle.export as e (name, attempted_at, failures, message) values ($1, $2, 1, $3)
     on conflict (name) do update set attempted_at = $2, failures = e.failures + 1, message = $3`,
    [name, at.toISOString(), message],
  );
}

/** What is recorded of these exports; nothing of one that was never tried. */
export async function exportStates(on: Queryable, names: readonly string[]): Promise<readonly ExportState[]> {
  const known = await on.query<{ there: boolean }>(`select to_regclass('datacycle.export') is not null as there`);
  if (known.rows[0]?.there !== true) return [];
  const { rows } = await on.query<Omit<ExportState, 'files' | 'rows'> & { files: string | null; rows: string | null }>(
    `select name, attempted_at as "attemptedAt", succeeded_at as "succeededAt", destination, files, rows, failures, message
     from datacycle.export
     where name = any($1)
     order by name`,
    [names],
  );
  const number = (text: string | null) => (text === null ? null : Number(text));
  return rows.map((row) => ({ ...row, files: number(row.files), rows: number(row.rows) }));
}
