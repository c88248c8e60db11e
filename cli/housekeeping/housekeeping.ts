// What `datacycle bronze`, `datacycle expire` and the nightly round of `watch` have in common.
//
// housekeep runs the steps that the settings ask for: compress Bronze, prune Bronze, prune staging, delete what retention no
// longer keeps. Each step asks source-readers of the runner which rows the models have consumed and passes the answer to the
// loaders: loaders and runner do not know each other, so they meet here. report.ts formats what was done.

import { checkpoint, whileNotLoading } from '../../loaders/housekeeping/alone.ts';
import { type ArchiveReport, archiveBronze } from '../../loaders/housekeeping/archive.ts';
import { type CompressReport, compressBronze } from '../../loaders/housekeeping/compress.ts';
import { staged } from '../../loaders/housekeeping/ledger-files.ts';
import { pruneBronze } from '../../loaders/housekeeping/prune-bronze.ts';
import { pruneStaging, unmarkRestored } from '../../loaders/housekeeping/prune-staging.ts';
import type { PruneReport } from '../../loaders/housekeeping/report.ts';
import type { Safety } from '../../loaders/housekeeping/safety.ts';
import { ensureStaging } from '../../loaders/landing/staging.ts';
import { type SourceName, sourceNames } from '../../loaders/landing/summary.ts';
import { publishBacklog } from '../../loaders/sensor-messages/published.ts';
import type { CompactReport } from '../../loaders/stream/compact.ts';
import type { Compiled } from '../../runner/compile/compile.ts';
import { retentionOf } from '../../runner/compile/settings/retention.ts';
import type { Manifest } from '../../runner/manifest/manifest.ts';
import type { Project } from '../../runner/project/project.ts';
import { type Expired, expireRows } from '../../runner/retention/expire.ts';
import { type Reader, readersOf } from '../../runner/retention/source-readers.ts';
import { pruneRuns } from '../../runner/state/prune-runs.ts';
import { deletePruned, recordPruned } from '../../runner/state/pruned.ts';
import { ensureState, hasState } from '../../runner/state/schema.ts';
import { UsageError } from '../../runner/text/errors.ts';
import type { Queryable, Warehouse } from '../../warehouse/warehouse.ts';
import { bronzeArchive, bronzeAway, bronzeRemote } from '../settings/bronze.ts';
import { bronzeRoot } from '../settings/environment.ts';
import { messageForm } from '../settings/message-form.ts';
import { daysSetting, textSetting } from '../settings/settings.ts';
import { publishTopic } from '../settings/topics.ts';

/** Days after which files are compressed by default. */
export const compressDays = 7;
/** Days after which small files of messages are made one by default. */
export const compactDays = 1;
/** Days after which files are moved to the archive by default, where there is one. */
export const archiveDays = 90;
/** Days after which staging rows are deleted by default. */
export const stagingDays = 30;

/** Days for which the record of runs is kept by default. */
export const runDays = 90;

/** What all housekeeping needs. */
export interface Keeping {
  readonly warehouse: Warehouse;
  readonly project: Project;
  readonly clock: () => Date;
  readonly signal?: AbortSignal | undefined;
}

export type HousekeepingStep =
  | { readonly step: 'prune'; readonly reports: readonly PruneReport[] }
  | { readonly step: 'archive'; readonly reports: readonly ArchiveReport[] }
  | { readonly step: 'compact'; readonly reports: readonly CompactReport[] }
  | { readonly step: 'compress'; readonly reports: readonly CompressReport[] }
  | { readonly step: 'prune-staging'; readonly reports: readonly PruneReport[] }
  | { readonly step: 'expire'; readonly reports: readonly Expired[] }
  | { readonly step: 'prune-runs'; readonly reports: readonly { readonly runs: number; readonly before: string }[] };

/**
 * What has to be done every night, as the settings say: BRONZE_RETENTION_DAYS (-1, the default, keeps all),
 * BRONZE_COMPRESS_DAYS and STAGING_RETENTION_DAYS (unset: not at all), RUN_RETENTION_DAYS (unset: 90), and project.yml's retention.
 * @returns a report of each step that was due; none if the settings ask for nothing and no run is as old.
 * @throws UsageError for a setting that makes no sense; what the loaders' housekeeping throws.
 * @example for (const step of await housekeep(warehouse, project, compiled, clock, signal)) log(stepLines(step))
 */
export async function housekeep(
  warehouse: Warehouse,
  project: Project,
  compiled: Compiled,
  clock: () => Date,
  signal?: AbortSignal,
): Promise<readonly HousekeepingStep[]> {
  const keeping = { warehouse, project, clock, signal };
  const keep = {
    bronze: isOfSources(project) ? daysSetting(project, 'BRONZE_RETENTION_DAYS', 1) : undefined,
    plain: daysSetting(project, 'BRONZE_COMPRESS_DAYS', 0),
    staging: isOfSources(project) ? daysSetting(project, 'STAGING_RETENTION_DAYS', 1) : undefined,
    // -1: not at all.
    small:
      textSetting(project, 'BRONZE_COMPACT_DAYS') === undefined
        ? compactDays
        : daysSetting(project, 'BRONZE_COMPACT_DAYS', 0),
    away:
      textSetting(project, 'BRONZE_ARCHIVE') === undefined
        ? undefined
        : (daysSetting(project, 'BRONZE_ARCHIVE_DAYS', 1) ?? archiveDays),
    runs:
      textSetting(project, 'RUN_RETENTION_DAYS') === undefined
        ? runDays
        : daysSetting(project, 'RUN_RETENTION_DAYS', 1),
  };
  const steps: HousekeepingStep[] = [];
  // Files that are deleted need not be compressed first.
  if (keep.bronze !== undefined)
    steps.push({ step: 'prune', reports: await pruneAllBronze(keeping, compiled.manifest, keep.bronze, false) });
  if (keep.plain !== undefined)
    steps.push({ step: 'compress', reports: await compressAllBronze(keeping, keep.plain, false) });
  if (keep.small !== undefined && project.vars.stream !== undefined)
    steps.push({ step: 'compact', reports: await compactAllBronze(keeping, keep.small, false) });
  // Compressed, if they are to be.
  if (keep.away !== undefined)
    steps.push({ step: 'archive', reports: await archiveAllBronze(keeping, keep.away, false) });
  if (keep.staging !== undefined)
    steps.push({
      step: 'prune-staging',
      reports: await pruneAllStaging(keeping, compiled.manifest, keep.staging, false),
    });
  if (retentionOf(project, compiled.manifest.nodes).length > 0)
    steps.push({ step: 'expire', reports: await expireRows(compiled, warehouse, { dryRun: false, clock, signal }) });
  const runs = keep.runs === undefined ? undefined : await pruneOldRuns(keeping, keep.runs);
  if (runs !== undefined && runs.runs > 0) steps.push({ step: 'prune-runs', reports: [runs] });
  return steps;
}

/**
 * Whether what the sources landed may be deleted for this target: one with a schema of its own shares them with others, and does not
 * know what those have consumed.
 */
export function isOfSources({ target }: Project): boolean {
  return target.schema === undefined;
}

async function pruneOldRuns(keeping: Keeping, days: number) {
  const { warehouse } = keeping;
  const before = daysAgo(keeping, days).toISOString();
  if (!(await hasState(warehouse))) return undefined;
  return { runs: await warehouse.transaction((session) => pruneRuns(session, before)), before };
}

/** Compresses the landed Bronze files that are older than so many days, of every source but the stream, whose Parquet is compressed. */
export async function compressAllBronze(keeping: Keeping, days: number, dryRun: boolean): Promise<CompressReport[]> {
  const { warehouse, project, signal } = keeping;
  await ensureStaging(warehouse);
  const before = daysAgo(keeping, days);
  const reports: CompressReport[] = [];
  // In a bucket nothing is compressed afterwards.
  if (bronzeRemote(project) !== undefined) return reports;
  for (const source of sourceNames) {
    if (source === 'stream') continue;
    reports.push(await compressBronze(warehouse, { source, bronzeRoot: bronzeRoot(project), before, dryRun, signal }));
  }
  return reports;
}

/** Makes one Parquet file of many small ones of messages, where the newest message is older than so many days. @throws UsageError */
export async function compactAllBronze(keeping: Keeping, days: number, dryRun: boolean): Promise<CompactReport[]> {
  const { warehouse, project, signal } = keeping;
  const { compactStream } = await import('../../loaders/stream/compact.ts');
  await ensureStaging(warehouse);
  const report = await compactStream(warehouse, {
    form: messageForm(project),
    bronzeRoot: bronzeRoot(project),
    bronzeRemote: bronzeRemote(project),
    before: daysAgo(keeping, days),
    dryRun,
    alone: (work) => whileNotLoading(warehouse, 'stream', signal, work),
    checkpoint: () => checkpoint(signal),
  });
  return [report];
}

/**
 * Moves the landed Bronze files that are older than so many days into the bucket of BRONZE_ARCHIVE.
 * @throws UsageError if there is none; ObjectError; what {@link archiveBronze} throws.
 */
export async function archiveAllBronze(keeping: Keeping, days: number, dryRun: boolean): Promise<ArchiveReport[]> {
  const { warehouse, project, clock, signal } = keeping;
  const remote = bronzeArchive(project);
  if (remote === undefined)
    throw new UsageError({
      what: 'BRONZE_ARCHIVE is not set: where old files of Bronze go is unknown',
      hint: 'Set BRONZE_ARCHIVE=s3://bucket/prefix, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment or .env.',
    });
  await ensureStaging(warehouse);
  const before = daysAgo(keeping, days);
  return forEachSource((source) =>
    archiveBronze(warehouse, { source, bronzeRoot: bronzeRoot(project), remote, before, dryRun, clock, signal }),
  );
}

/** Deletes the Bronze files of every source that are older than so many days and consumed by all models that read them. */
export async function pruneAllBronze(
  keeping: Keeping,
  manifest: Manifest,
  days: number,
  dryRun: boolean,
): Promise<PruneReport[]> {
  const { warehouse, project, signal } = keeping;
  await ensureStaging(warehouse);
  const before = daysAgo(keeping, days);
  return forEachSource((source) =>
    pruneBronze(warehouse, {
      source,
      bronzeRoot: bronzeRoot(project),
      bronzeRemote: bronzeAway(project),
      before,
      dryRun,
      signal,
      askSafety: (on) => safetyOf(on, manifest, source, 'bronze'),
    }),
  );
}

/** Deletes the staging rows of every source that are older than so many days and consumed by all models that read them. */
export async function pruneAllStaging(
  keeping: Keeping,
  manifest: Manifest,
  days: number,
  dryRun: boolean,
): Promise<PruneReport[]> {
  const { warehouse, project, clock, signal } = keeping;
  await ensureStaging(warehouse);
  // Before anything is deleted, since the deletion is recorded there.
  if (!dryRun) await ensureState(warehouse);
  const before = daysAgo(keeping, days);
  return forEachSource((source) =>
    pruneStaging(warehouse, {
      source,
      before,
      dryRun,
      signal,
      askSafety: async (on) =>
        source === 'sensors'
          ? sentFirst(on, project, await safetyOf(on, manifest, source, 'staging'))
          : safetyOf(on, manifest, source, 'staging'),
      onPruned: (session, loadId) => recordPruned(session, staged[source].table, { loadId, at: clock().toISOString() }),
    }),
  );
}

/** Rows of sensor files that are still to be sent to a topic stay. */
async function sentFirst(on: Queryable, project: Project, safety: Safety): Promise<Safety> {
  const topic = publishTopic(project);
  if (topic === undefined || safety.kind === 'held') return safety;
  const { oldestLoad } = await publishBacklog(on, topic);
  if (oldestLoad === null || oldestLoad > safety.loadId) return safety;
  return { kind: 'up to', loadId: oldestLoad - 1, reason: `they have not been sent to ${topic} yet` };
}

/** After a load from Bronze: models may be rebuilt again if every row that had been pruned is there. */
export async function noteRestored(warehouse: Warehouse, source: SourceName): Promise<void> {
  await warehouse.transaction(async (session) => {
    const { before, left } = await unmarkRestored(session, source);
    if (before > 0 && left === 0) await deletePruned(session, staged[source].table);
  });
}

async function forEachSource<T>(work: (source: SourceName) => Promise<T>): Promise<T[]> {
  const reports: T[] = [];
  for (const source of sourceNames) reports.push(await work(source));
  return reports;
}

function daysAgo({ clock }: Keeping, days: number): Date {
  return new Date(clock().getTime() - days * 86_400_000);
}

/** Which rows of a source may be deleted, by what its models have consumed. */
export async function safetyOf(
  on: Queryable,
  manifest: Manifest,
  source: SourceName,
  what: 'bronze' | 'staging',
): Promise<Safety> {
  const upstream = staged[source].table;
  return judge(await readersOf(on, manifest, upstream), source, upstream, what);
}

function judge(readers: readonly Reader[], source: SourceName, upstream: string, what: 'bronze' | 'staging'): Safety {
  const waiting = readers.find((reader) => reader.waiting !== undefined);
  if (waiting?.waiting !== undefined) return { kind: 'held', reason: `${waiting.model} ${waiting.waiting}` };
  const followers = readers.filter(({ takes }) => takes === 'increments');
  // What looks at all of the registry finds what it needs in the latest snapshots, which always stay.
  const whole = readers.find(({ takes }) => takes === 'all');
  if (source === 'registry' && whole !== undefined && followers.length === 0)
    return { kind: 'up to', loadId: Number.MAX_SAFE_INTEGER, reason: '' };
  if (followers.length === 0) return { kind: 'held', reason: `no model follows ${upstream}` };
  if (source !== 'registry' && what === 'staging' && whole !== undefined)
    return { kind: 'held', reason: `${whole.model} looks at all of ${upstream} whenever it is asked or built` };
  const slowest = followers.reduce((least, reader) => (reader.loadId < least.loadId ? reader : least));
  return { kind: 'up to', loadId: slowest.loadId, reason: `${slowest.model} has not taken them in yet` };
}
