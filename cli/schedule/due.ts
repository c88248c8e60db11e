/** A time on the wall clock of this machine, of every day or of one of the week. */
export interface TimeOfDay {
  readonly hour: number;
  readonly minute: number;
  /** Of one day of the week only: 0 is Sunday. */
  readonly weekday?: number | undefined;
}

const dayMs = 24 * 60 * 60 * 1000;

/**
 * The latest moment up to `now` at which the local clock showed this time of day. A time that a day skips (the clock goes
 * forward) counts as the moment an hour later on the wall; of one that a day has twice only the first counts.
 */
export function latestDue(now: Date, at: TimeOfDay): Date {
  const on = (daysAgo: number) =>
    new Date(now.getFullYear(), now.getMonth(), now.getDate() - daysAgo, at.hour, at.minute);
  for (let daysAgo = 0; ; daysAgo += 1) {
    const due = on(daysAgo);
    const isDay = at.weekday === undefined || due.getDay() === at.weekday;
    if (isDay && due.getTime() <= now.getTime()) return due;
  }
}

/**
 * Whether a daily or weekly job must run: its latest due time is after its last success. Whether the clock jumps or a day is shorter or
 * longer, the job runs once for each due time, and later for one that was missed.
 * @param lastSuccess undefined if there was none. One more than a day ahead of the clock was written while the clock was
 * wrong, and would keep the job from running until then: it does not count.
 */
export function isDue(now: Date, at: TimeOfDay, lastSuccess: Date | undefined): boolean {
  if (lastSuccess === undefined || lastSuccess.getTime() > now.getTime() + dayMs) return true;
  return latestDue(now, at).getTime() > lastSuccess.getTime();
}
