import type { Queryable } from '../../warehouse/warehouse.ts';
import type { BatchWindow } from './batch-windows.ts';

/*
 * A batch has two versions, drawn from one sequence: that of its last build and that of the last change of its rows. A downstream
 * batch is behind if it was built before that change. Deleted rows that lay in no batch are recorded as batches without a start
 * or without an end.
 */

/** Marks these batches as pending, or all with `undefined`: runs build them until one succeeds. */
export async function markPending(
  session: Queryable,
  model: string,
  windows: readonly BatchWindow[] | undefined,
): Promise<void> {
  if (windows === undefined) {
    await session.query(
      `update datacycle.batch set pending = true
       where model = $1 and isfinite(batch_start) and isfinite(batch_end) and not pending`,
      [model],
    );
    return;
  }
  await session.query(
    `update datacycle.batch as b set pending = true
     from unnest($2::timestamptz[], $3::timestamptz[]) as w (batch_start, batch_end)
     where b.model = $1 and b.batch_start = w.batch_start and b.batch_end = w.batch_end and not b.pending`,
    [model, windows.map(({ from }) => from.at), windows.map(({ to }) => to.at)],
  );
}

/** Marks batches as changed and pending, after rows were moved out of them. */
export async function markTaken(session: Queryable, model: string, windows: readonly BatchWindow[]): Promise<void> {
  await session.query(
    `update datacycle.batch as b set pending = true, changed_version = nextval('datacycle.batch_version')
     from unnest($2::timestamptz[], $3::timestamptz[]) as w (batch_start, batch_end)
     where b.model = $1 and b.batch_start = w.batch_start and b.batch_end = w.batch_end`,
    [model, windows.map(({ from }) => from.at), windows.map(({ to }) => to.at)],
  );
}

export interface BuiltBatch {
  readonly from: string;
  readonly to: string;
  /** The ISO time of its build. */
  readonly at: string;
  /** Its rows are other ones than before. */
  readonly changed: boolean;
  readonly pending: boolean;
}

/** Remembers a batch; part of the batch's own transaction. What overlapped it keeps its version where nothing changed. */
export async function writeBatch(session: Queryable, model: string, batch: BuiltBatch): Promise<void> {
  await session.query(
    `insert into datacycle.batch (model, batch_start, batch_end, built_at, version, changed_version, pending)
     select $1, $2, $3, $4, v.version,
         case
             when $5 then v.version
             else coalesce(
                 (
                     select max(o.changed_version)
                     from datacycle.batch as o
                     where o.model = $1 and o.batch_start < $3 and o.batch_end > $2
                 ),
                 0
             )
         end,
         $6
     from (select nextval('datacycle.batch_version') as version) as v
     on conflict (model, batch_start, batch_end) do update set built_at = excluded.built_at, version = excluded.version,
         changed_version = excluded.changed_version, pending = excluded.pending`,
    [model, batch.from, batch.to, batch.at, batch.changed, batch.pending],
  );
}

/** Deletes the record of batches of another grid, when all of this one are built. */
export async function deleteOtherBatches(
  session: Queryable,
  model: string,
  windows: readonly BatchWindow[],
): Promise<void> {
  await session.query(
    `delete from datacycle.batch as b
     where b.model = $1
         and b.pending
         and not exists (
             select
             from unnest($2::timestamptz[], $3::timestamptz[]) as w (batch_start, batch_end)
             where w.batch_start = b.batch_start and w.batch_end = b.batch_end
         )`,
    [model, windows.map(({ from }) => from.at), windows.map(({ to }) => to.at)],
  );
}
