/** A time on the wall clock of this machine. */
export interface TimeOfDay {
  readonly hour: number;
  readonly minute: number;
}

const dayMs = 24 * 60 * 60 * 1000;

/**
 * The latest moment up to `now` at which the local clock showed this time of day. A time that a day skips (the clock goes
 * forward) counts as the moment an hour later on the wall; of one that a day has twice only the first counts.
 */
export function latestDue(now: Date, at: TimeOfDay): Date {
  const on = (daysAgo: number) =>
    new Date(now.getFullYear(), now.getMonth(), now.getDate() - daysAgo, at.hour, at.minute);
  const today = on(0);
  return today.getTime() <= now.getTime() ? today : on(1);
}

/**
 * Whether a daily job must run: its latest due time is after its last success. Whether the clock jumps or a day is shorter or
 * longer, the job runs once for each due time, and later for one that was missed.
 * @param lastSuccess undefined if there was none. One more than a day ahead of the clock was written while the clock was
 * wrong, and would keep the job from running until then: it does not count.
 */
export function isDue(now: Date, at: TimeOfDay, lastSuccess: Date | undefined): boolean {
  if (lastSuccess === undefined || lastSuccess.getTime() > now.getTime() + dayMs) return true;
  return latestDue(now, at).getTime() > lastSuccess.getTime();
}
