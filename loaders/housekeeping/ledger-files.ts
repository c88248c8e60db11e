import type { SourceName } from '../landing/summary.ts';

/*
 * Pieces of SQL about staging.file as f, joined with staging.load as l.
 */

/** When a file is from: the time in its name; for one without, when it came. */
export const timeOfFile = 'coalesce(f.source_time, l.started_at)';

/** The month of that, e.g. `2023-10`. */
export const monthOfFile = `to_char(${timeOfFile} at time zone 'UTC', 'YYYY-MM')`;

/**
 * Where the rows of a source are, as models name it, and whether those of file f are there. The registry's belong to a
 * load as a whole.
 */
export const staged: Readonly<
  Record<SourceName, { readonly table: string; readonly key: string; readonly has: string }>
> = {
  sensors: {
    table: 'staging.sensor_file',
    key: 'file_id',
    has: 'exists (select from staging.sensor_file as s where s.file_id = f.file_id)',
  },
  weather: {
    table: 'staging.weather_chunk',
    key: 'file_id',
    has: 'exists (select from staging.weather_chunk as s where s.file_id = f.file_id)',
  },
  registry: {
    table: 'staging.registry_row',
    key: 'load_id',
    has: 'exists (select from staging.registry_row as s where s.load_id = f.load_id)',
  },
  stream: {
    table: 'staging.stream_message',
    key: 'file_id',
    has: 'exists (select from staging.stream_message as s where s.file_id = f.file_id)',
  },
};

/**
 * Whether file f came with the latest snapshot of some table of the registry, which models look at whenever they run. The
 * latest by time: a snapshot that was landed again from Bronze has a new load_id. The file of a table is named after it.
 */
export function isLatest(source: SourceName): string {
  return source === 'registry'
    ? `f.load_id in (
        select distinct on (regexp_replace(r.name, '^.*/', '')) r.load_id
        from staging.file as r
        where r.source = 'registry' and r.status = 'landed'
        order by regexp_replace(r.name, '^.*/', ''), r.source_time desc nulls last, r.file_id desc
    )`
    : 'false';
}

export const latestStays = 'the latest snapshot of a table always stays';
