import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import glob from 'fast-glob';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { LoadFailedError } from '../landing/errors.ts';
import type { RemoteBronze } from '../landing/remote/remote-bronze.ts';
import { partitionName } from '../stream/message-log.ts';
import { landedOffsets } from '../stream/offsets.ts';

/** The log of a replay into the queue of its own process. */
export const queueName = 'queue';

/** Where the messages of a replay go in the queue. */
export type QueueStarts = ReadonlyMap<string, { readonly first: number; readonly landed: number }>;

export type Begun =
  | { readonly kind: 'new' | 'resumed'; readonly starts: QueueStarts }
  | { readonly kind: 'finished'; readonly at: string };

/**
 * Begins a replay, or goes on with one that a process did not finish: its messages have the same offsets again, and what was landed is skipped.
 * @param again replays a recording that is finished once more, behind all others.
 * @throws LoadFailedError if another replay is not finished: its messages would get the offsets of these.
 */
export async function beginReplay(warehouse: Warehouse, id: string, at: Date, again: boolean): Promise<Begun> {
  const { rows } = await warehouse.query<{
    id: string;
    first: Readonly<Record<string, number>>;
    began: string;
    finished: string | null;
  }>(
    `select replay_id as id, first_offsets as first, began_at::text as began, finished_at::text as finished
     from staging.replay where replay_id = $1 or finished_at is null`,
    [id],
  );
  const landed = new Map(
    (await landedOffsets(warehouse, queueName)).map((one) => [partitionName(one), one.next] as const),
  );
  const other = rows.find((row) => row.id !== id && row.finished === null);
  if (other !== undefined) {
    throw new LoadFailedError({
      what: `a replay of other files, begun at ${other.began}, is not finished`,
      hint: 'Finish it by the same command as then, or give it up: datacycle replay --abandon.',
    });
  }
  const own = rows.find((row) => row.id === id);
  if (own !== undefined && own.finished === null) return { kind: 'resumed', starts: startsOf(own.first, landed) };
  if (own?.finished != null && !again) return { kind: 'finished', at: own.finished };
  const first = Object.fromEntries(landed);
  await warehouse.query(
    `insert into staging.replay as r (replay_id, first_offsets, began_at) values ($1, $2, $3)
     on conflict (replay_id) do update set first_offsets = $2, began_at = $3, finished_at = null`,
    [id, JSON.stringify(first), at.toISOString()],
  );
  return { kind: 'new', starts: startsOf(first, landed) };
}

/** Everything that it sent is landed. */
export async function finishReplay(warehouse: Warehouse, id: string, at: Date): Promise<void> {
  await warehouse.query('update staging.replay set finished_at = $2 where replay_id = $1', [id, at.toISOString()]);
}

/**
 * Gives up the replay that is not finished, if there is one: what was landed stays, a range that was only planned is passed over, and its files are deleted.
 * @param remote the bucket where Bronze is, if it is in one.
 * @returns whether there was one.
 */
export async function abandonReplay(
  warehouse: Warehouse,
  bronzeRoot: string,
  at: Date,
  remote?: RemoteBronze | undefined,
): Promise<boolean> {
  for (const { topic, partition, next, planned } of await landedOffsets(warehouse, queueName)) {
    if (planned === undefined) continue;
    const name = `${topic}@${queueName}-p${partition}-${next}-${planned.to}.parquet`;
    for (const path of await glob(`stream/**/${name}`, { cwd: bronzeRoot })) await rm(join(bronzeRoot, path));
    for await (const { path } of remote?.list('stream/') ?? [])
      if (path.endsWith(`/${name}`)) await remote?.remove(path);
  }
  await warehouse.query(
    `update staging.stream_offset set next_offset = planned_offset, planned_offset = null, planned_at = null
     where log = $1 and planned_offset is not null`,
    [queueName],
  );
  const { rowCount } = await warehouse.query('update staging.replay set finished_at = $1 where finished_at is null', [
    at.toISOString(),
  ]);
  return rowCount > 0;
}

function startsOf(first: Readonly<Record<string, number>>, landed: ReadonlyMap<string, number>): QueueStarts {
  return new Map([...landed].map(([name, next]) => [name, { first: first[name] ?? 0, landed: next }] as const));
}
