import type { ArchiveReport } from '../../loaders/housekeeping/archive.ts';
import type { CompressReport } from '../../loaders/housekeeping/compress.ts';
import type { PruneReport } from '../../loaders/housekeeping/report.ts';
import type { Notes } from '../../loaders/landing/summary.ts';
import type { CompactReport } from '../../loaders/stream/compact.ts';
import type { Expired } from '../../runner/retention/expire.ts';
import type { Line } from '../../runner/run/report.ts';
import { thousands } from '../../runner/text/figures.ts';
import { formatCell } from '../terminal/table.ts';
import type { HousekeepingStep } from './housekeeping.ts';

/** What a step of housekeeping did, for people. @param dryRun it only looked. */
export function stepLines({ step, reports }: HousekeepingStep, dryRun = false): readonly Line[] {
  switch (step) {
    case 'archive':
      return reports.flatMap((report) => archiveLines(report, dryRun));
    case 'compact':
      return reports.flatMap((report) => compactLines(report, dryRun));
    case 'compress':
      return reports.flatMap((report) => compressLines(report, dryRun));
    case 'prune':
      return reports.flatMap((report) => pruneLines(report, 'Bronze files', dryRun));
    case 'prune-staging':
      return reports.flatMap((report) => pruneLines(report, 'files out of staging', dryRun));
    case 'expire':
      return reports.map((report) => expireLine(report, dryRun));
    case 'prune-runs':
      return reports.map(({ runs, before }) => ({
        tone: 'plain',
        text: `the record of ${thousands(runs)} runs from before ${before.slice(0, 10)} gone`,
      }));
    default:
      return step satisfies never;
  }
}

/** Whether a person should look. */
export function hasProblems({ step, reports }: HousekeepingStep): boolean {
  switch (step) {
    case 'archive':
    case 'compact':
    case 'compress':
      return reports.some(({ left }) => left.count > 0);
    case 'prune':
    case 'prune-staging':
      return reports.some(({ problems }) => problems.count > 0);
    case 'expire':
    case 'prune-runs':
      return false;
    default:
      return step satisfies never;
  }
}

function expireLine({ model, before, rows }: Expired, dryRun: boolean): Line {
  const verb = dryRun ? 'would go' : 'gone';
  return { tone: 'plain', text: `${model}: ${thousands(rows)} rows from before ${before.slice(0, 10)} ${verb}` };
}

function compactLines({ source, files, made, bytes, madeBytes, left }: CompactReport, dryRun: boolean): Line[] {
  const into =
    made === undefined || madeBytes === undefined
      ? `would be made fewer (${megabytes(bytes)})`
      : `made ${thousands(made)} (${megabytes(bytes)} to ${megabytes(madeBytes)})`;
  return files === 0 && left.count === 0 && !dryRun
    ? []
    : [{ tone: 'plain', text: `${source}: ${thousands(files)} small files ${into}` }, ...noteLines(left, 'left')];
}

function archiveLines({ source, files, bytes, left }: ArchiveReport, dryRun: boolean): Line[] {
  const verb = dryRun ? 'would be moved to the archive' : 'moved to the archive';
  return [
    { tone: 'plain', text: `${source}: ${thousands(files)} Bronze files ${verb} (${megabytes(bytes)})` },
    ...noteLines(left, 'left'),
  ];
}

function compressLines(report: CompressReport, dryRun: boolean): Line[] {
  const { source, files, bytes, compressedBytes, finished, left } = report;
  const size =
    compressedBytes === undefined ? megabytes(bytes) : `${megabytes(bytes)} to ${megabytes(compressedBytes)}`;
  return [
    {
      tone: 'plain',
      text: `${source}: ${thousands(files)} files ${dryRun ? 'would be compressed' : 'compressed'} (${size})`,
    },
    ...(finished > 0
      ? [{ tone: 'faint', text: `  finished what an earlier run had begun: ${thousands(finished)} files` } as const]
      : []),
    ...noteLines(left, 'left'),
  ];
}

function pruneLines(report: PruneReport, what: string, dryRun: boolean): Line[] {
  const { source, files, bytes, months, kept, problems } = report;
  return [
    {
      tone: 'plain',
      text: `${source}: ${thousands(files)} ${what} ${dryRun ? 'would go' : 'gone'} (${megabytes(bytes)})`,
    },
    ...months.map(
      (share): Line => ({
        tone: 'plain',
        text: `  ${share.month}: ${thousands(share.files)} files, ${megabytes(share.bytes)}`,
      }),
    ),
    ...kept.map((one): Line => ({ tone: 'faint', text: `  kept ${thousands(one.files)}: ${one.reason}` })),
    ...noteLines(problems, 'could not go'),
  ];
}

function noteLines(notes: Notes, verb: string): Line[] {
  const shown = notes.first.slice(0, 10);
  const more = notes.count - shown.length;
  return [
    ...shown.map(({ name, reason }): Line => ({ tone: 'warning', text: `  ${verb}: ${formatCell(name)}: ${reason}` })),
    ...(more > 0 ? [{ tone: 'warning', text: `  and ${thousands(more)} more` } as const] : []),
  ];
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
