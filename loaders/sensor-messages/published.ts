import type { Queryable } from '../../warehouse/warehouse.ts';

/** A file that is to be sent. */
export interface Unpublished {
  readonly fileId: number;
  readonly loadId: number;
  readonly name: string;
  readonly apartment: string;
  /** Its JSON, without api_token. */
  readonly payload: string;
}

/** Files read at once. */
const filesAtOnce = 500;

const isUnpublished = `not exists (
             select from staging.published_file as p where p.topic = $1 and p.file_id = s.file_id
         )`;

/**
 * The next files that staging has and the topic has not, in the order in which they were landed; none behind the last one.
 * @param after the file before them, or only its load.
 */
export async function nextUnpublished(
  on: Queryable,
  topic: string,
  after: { readonly loadId: number; readonly fileId: number },
): Promise<readonly Unpublished[]> {
  const { rows } = await on.query<{
    id: string;
    load: string;
    name: string;
    apartment: string;
    payload: string;
  }>(
    `select s.file_id::text as id, s.load_id::text as load, s.name, split_part(f.bronze_path, '/', 1) as apartment, s.payload::text as payload
     from staging.sensor_file as s
     join staging.file as f on f.file_id = s.file_id and f.status = 'landed' and f.bronze_path is not null
     where s.load_id >= $2 and (s.load_id, s.file_id) > ($2, $3)
         and ${isUnpublished}
     order by s.load_id, s.file_id
     limit ${filesAtOnce}`,
    [topic, after.loadId, after.fileId],
  );
  return rows.map(({ id, load, name, apartment, payload }) => ({
    fileId: Number(id),
    loadId: Number(load),
    name,
    apartment,
    payload,
  }));
}

/** Notes that the topic has these files. */
export async function notePublished(
  on: Queryable,
  topic: string,
  files: readonly { readonly fileId: number; readonly leftOut: string | null }[],
  at: Date,
): Promise<void> {
  await on.query(
    `insert into staging.published_file (topic, file_id, published_at, left_out)
     select $1, f.file_id, $2, f.left_out from unnest($3::bigint[], $4::text[]) as f (file_id, left_out)
     on conflict (topic, file_id) do nothing`,
    [topic, at.toISOString(), files.map(({ fileId }) => fileId), files.map(({ leftOut }) => leftOut)],
  );
}

/** The newest load of sensor files; 0 before the first. */
export async function newestSensorLoad(on: Queryable): Promise<number> {
  const { rows } = await on.query<{ newest: string | null }>(
    `select max(load_id)::text as newest from staging.load where source = 'sensors' and finished_at is not null`,
  );
  return Number(rows[0]?.newest ?? 0);
}

/** The load up to which nothing waits for a topic; 0 before the first. Rows that come back from Bronze come with a later load. */
export async function publishedUpTo(on: Queryable, topic: string): Promise<number> {
  const { rows } = await on.query<{ upto: string }>(
    'select load_id::text as upto from staging.published_up_to where topic = $1',
    [topic],
  );
  return Number(rows[0]?.upto ?? 0);
}

/** Notes that nothing up to this load waits any more. */
export async function notePublishedUpTo(on: Queryable, topic: string, loadId: number): Promise<void> {
  await on.query(
    `insert into staging.published_up_to as u (topic, load_id) values ($1, $2)
     on conflict (topic) do update set load_id = greatest(u.load_id, excluded.load_id)`,
    [topic, loadId],
  );
}

/** What staging has and a topic has not. Times are ISO text. */
export interface PublishBacklog {
  readonly files: number;
  /** The oldest load among them; null if there is none. */
  readonly oldestLoad: number | null;
  /** When that was landed. */
  readonly since: string | null;
}

/** How far behind a topic is. Staging has to be there. */
export async function publishBacklog(on: Queryable, topic: string): Promise<PublishBacklog> {
  const { rows } = await on.query<{ files: number; oldest: string | null; since: string | null }>(
    `select b.files, b.oldest::text as oldest, to_char(l.finished_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as since
     from (
         select count(*)::integer as files, min(s.load_id) as oldest
         from staging.sensor_file as s
         where s.load_id > $2 and ${isUnpublished}
     ) as b
     left join staging.load as l on l.load_id = b.oldest`,
    [topic, await publishedUpTo(on, topic)],
  );
  const [row] = rows;
  return {
    files: row?.files ?? 0,
    oldestLoad: row?.oldest == null ? null : Number(row.oldest),
    since: row?.since ?? null,
  };
}
