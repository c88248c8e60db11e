import type { RowLimit } from '../../runner/manifest/placeholders.ts';
import type { EventTimeRange } from '../../runner/state/batch-windows.ts';
import { UsageError } from '../../runner/text/errors.ts';
import { hasOffset, instantOf, isMoment } from '../../runner/text/moment.ts';

/**
 * The time of a backfill that the flags ask for; undefined where they ask for none.
 * @throws UsageError for what is no time, an end without a start, and a start that is not before the end.
 */
export function eventTimeRange(flags: {
  readonly eventTimeStart?: string | undefined;
  readonly eventTimeEnd?: string | undefined;
  readonly fullRefresh?: boolean | undefined;
}): EventTimeRange | undefined {
  const { eventTimeStart: start, eventTimeEnd: end } = flags;
  for (const [flag, value] of [
    ['--event-time-start', start],
    ['--event-time-end', end],
  ] as const) {
    if (value === undefined || isMoment(value)) continue;
    throw new UsageError({
      what: `${flag}: "${value}" is no date and no time`,
      hint: 'Write e.g. 2023-08-18, "2023-08-18 12:00" or 2023-08-18T12:00:00+02:00.',
    });
  }
  if (start === undefined) {
    if (end === undefined) return undefined;
    throw new UsageError({
      what: '--event-time-end needs --event-time-start',
      hint: 'Say from when on batches are to be built; without an end it is up to now.',
    });
  }
  // If only one of two times has an offset, they are compared in each model's own zone; zones differ by a day at most.
  const least = end === undefined || hasOffset(start) === hasOffset(end) ? 0 : -86_400_000;
  if (end !== undefined && instantOf(end) - instantOf(start) <= least)
    throw new UsageError({
      what: `--event-time-start (${start}) is not before --event-time-end (${end})`,
      hint: 'The end itself does not belong to the time.',
    });
  if (flags.fullRefresh === true)
    throw new UsageError({
      what: '--full-refresh builds all batches, --event-time-start only some',
      hint: 'Leave one of them out: the batches of that time are built again in any case.',
    });
  return { start, end };
}

/**
 * Which batches of microbatch models are built where models read only some rows: those of a sample, or the newest, which has none.
 * @param now when the run begins.
 */
export function rangeOf(limit: RowLimit | undefined, now: Date): EventTimeRange | undefined {
  if (limit === undefined) return undefined;
  return limit.kind === 'sample' ? { start: limit.from, end: limit.to } : { start: now.toISOString(), end: undefined };
}
