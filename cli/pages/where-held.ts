import { setTimeout as sleep } from 'node:timers/promises';
import { errorLines } from '../../runner/run/report.ts';
import { HolderGone } from '../../warehouse/guest.ts';
import type { ErrandNews, RunCommand } from '../jobs/errands.ts';
import { needsNoDatabase } from '../jobs/job-kinds.ts';
import type { JobOptions } from '../jobs/job-runner.ts';
import type { Site } from './site.ts';

/** How long until a database that another process holds is tried again, in milliseconds. */
const againMs = 1000;

/**
 * Does a job where it can be done: in this process if that has the database; by the process that holds the embedded database if that
 * does jobs for others, as `watch` does between two checks; else here, as soon as that process has ended.
 */
export function whereHeld(site: Site, run: RunCommand): JobOptions['run'] {
  return async ({ name, given, args }, terminal, signal) => {
    const began = performance.now();
    let waitsFor: string | undefined;
    let isBegun = false;
    let isSaid = false;
    // Once it is known to be there: the process that was asked last may have ended since.
    const announce = () => {
      if (!isSaid)
        terminal.say(
          `The embedded database is held by ${waitsFor}: this is done once that has time, or has ended. Stop ends the waiting.`,
          'warning',
        );
      isSaid = true;
    };
    const hear = (news: unknown) => {
      announce();
      const { lines, progress, isBegun: begins } = news as ErrandNews;
      if (begins) {
        isBegun = true;
        terminal.live('');
      }
      if (lines !== undefined) terminal.lines(lines);
      if (progress !== undefined) terminal.live(progress);
    };
    // Also while the other process is too busy to answer.
    const telling = setInterval(() => {
      if (waitsFor !== undefined && !isBegun)
        terminal.live(`waits for ${waitsFor}: ${Math.round((performance.now() - began) / 1000)} s`);
    }, againMs);
    try {
      while (!needsNoDatabase(name)) {
        const held = await site.heldBy();
        if (held === undefined) break;
        if (waitsFor !== held.holder) isSaid = false;
        waitsFor = held.holder;
        let isGone = false;
        const done = await untilLeft(held.errand({ name, given }, hear, signal), signal, () => isBegun).catch(
          (error: unknown) => {
            // Nothing was begun, so it can be done once more.
            if (!(error instanceof HolderGone) || isBegun) throw error;
            isGone = true;
            return undefined;
          },
        );
        if (done !== undefined) return Number(done.outcome);
        if (isGone && !signal.aborted) continue;
        announce();
        if (!signal.aborted) await sleep(againMs, undefined, { signal }).catch(() => undefined);
        if (!signal.aborted) continue;
        terminal.say('It was stopped while it waited: nothing was done.', 'warning');
        return 1;
      }
    } catch (error) {
      terminal.errors(errorLines(error instanceof Error ? error : new Error(String(error))));
      return 1;
    } finally {
      clearInterval(telling);
      terminal.done();
    }
    return run(args, terminal, signal);
  };
}

/** What comes of `asked`; undefined where it is wanted no more before it is begun. */
async function untilLeft<T>(asked: Promise<T>, signal: AbortSignal, isBegun: () => boolean): Promise<T | undefined> {
  let leave: () => void = () => undefined;
  const left = new Promise<undefined>((done) => {
    leave = () => {
      if (!isBegun()) done(undefined);
    };
    signal.addEventListener('abort', leave, { once: true });
    if (signal.aborted) leave();
  });
  try {
    return await Promise.race([asked, left]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}
