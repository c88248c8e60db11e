import { open } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { placeInBronze, twinOf } from '../../loaders/landing/bronze-files.ts';
import { isCompressed } from '../../loaders/landing/ledger-name.ts';
import { isBuilt } from '../../runner/manifest/manifest.ts';
import { UsageError } from '../../runner/text/errors.ts';
import type { SourcesPage } from '../../ui/data/overview.ts';
import type { Gaps, RejectedFile } from '../../ui/data/port.ts';
import { relation } from '../../warehouse/quote.ts';
import { bronzeFolders } from '../settings/environment.ts';
import { exists, readSources } from '../status/source-state.ts';
import { maskedTokens } from './mask.ts';
import type { Site } from './site.ts';

const iso = (time: string) => `to_char(${time} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

const listedLoads = 300;
const listedFiles = 500;

/** The loads of all sources, and the files that were rejected, the newest first. */
export async function sourcesPage(site: Site): Promise<SourcesPage> {
  const on = await site.warehouse();
  if (!(await exists(on, 'staging.file'))) return { sources: [], loads: [], rejected: [] };
  const loads = await on.query<SourcesPage['loads'][number] & Record<string, unknown>>(
    `select load_id::text as id, source, ${iso('started_at')} as "startedAt", ${iso('finished_at')} as "finishedAt",
         files, records::float8 as records, rejected
     from staging.load order by load_id desc limit ${listedLoads}`,
  );
  const rejected = await on.query<SourcesPage['rejected'][number] & Record<string, unknown>>(
    `select file_id::text as id, source, name, reason, load_id::text as "loadId"
     from staging.file where status = 'rejected' order by file_id desc limit ${listedFiles}`,
  );
  return {
    sources: (await readSources(on)).map(({ unread: _unread, ...row }) => row),
    loads: loads.rows,
    rejected: rejected.rows,
  };
}

/** So much of a rejected file is shown, in bytes. */
const shownBytes = 16_384;

/** What a rejected file holds. @throws UsageError for a file that was not rejected. */
export async function rejectedFile(site: Site, source: string, name: string): Promise<RejectedFile> {
  const on = await site.warehouse();
  const found = (await exists(on, 'staging.file'))
    ? await on.query<{ path: string | null; reason: string; bytes: number }>(
        `select bronze_path as path, reason, bytes::float8 as bytes from staging.file
         where source = $1 and name = $2 and status = 'rejected'`,
        [source, name],
      )
    : { rows: [] };
  const [row] = found.rows;
  if (row === undefined) throw new UsageError({ what: `no file "${name}" of ${source} was rejected` });
  let text: string | null = null;
  for (const root of bronzeFolders(site.project)) if (row.path !== null) text ??= await beginning(root, row.path);
  return { source, name, reason: row.reason, bytes: row.bytes, text };
}

/** The beginning of a file of Bronze, compressed or not; null if it is not there any more. */
async function beginning(root: string, path: string): Promise<string | null> {
  for (const one of [path, twinOf(path)]) {
    const place = placeInBronze(root, one);
    try {
      const file = await open(place, 'r');
      try {
        const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(shownBytes), position: 0 });
        const bytes = buffer.subarray(0, bytesRead);
        // What ends early is read as far as it goes.
        const plain = isCompressed(one)
          ? gunzipSync(bytes, { finishFlush: 2, maxOutputLength: shownBytes * 20 })
          : bytes;
        return maskedTokens(plain.subarray(0, shownBytes).toString('utf8'));
      } finally {
        await file.close();
      }
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    }
  }
  return null;
}

/** So many days of a calendar are shown, the newest. */
const shownDays = 120;

/** The minutes in which each device sent a reading, by day, where the project has that model and it was built. */
export async function gapsOf(site: Site): Promise<Gaps> {
  const { manifest } = await site.compiled();
  const on = await site.warehouse();
  const [health, device] = ['fact_device_health_day', 'dim_device'].map((name) => manifest.nodes.get(`model.${name}`));
  if (!isBuilt(health) || !isBuilt(device)) return { days: [], rows: [] };
  const [from, devices] = [relation(health.relation), relation(device.relation)];
  if (!(await exists(on, from)) || !(await exists(on, devices))) return { days: [], rows: [] };
  const { rows } = await on.query<{ name: string; day: string; seen: number }>(
    `with days as (select distinct date_key from ${from} order by date_key desc limit ${shownDays})
     select d.device_id as name, to_char(to_date(h.date_key::text, 'YYYYMMDD'), 'YYYY-MM-DD') as day,
         round((h.uptime_pct * 14.4)::numeric)::float8 as seen
     from ${from} as h
     join days using (date_key)
     join ${devices} as d using (device_key)
     order by d.device_id, h.date_key`,
  );
  const days = [...new Set(rows.map(({ day }) => day))].sort();
  const names = [...new Set(rows.map(({ name }) => name))];
  const seen = new Map(rows.map((row) => [`${row.name} ${row.day}`, row.seen]));
  return {
    days,
    rows: names.map((name) => ({ name, minutes: days.map((day) => seen.get(`${name} ${day}`) ?? null) })),
  };
}
