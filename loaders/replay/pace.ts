/** Says when messages are due. */
export interface Pace {
  /** Milliseconds until a message of this event time is due; 0 if it is now, or was. @param seconds Unix time of the event. */
  waitFor(seconds: number): number;
}

/** As fast as they are taken. */
export const atOnce: Pace = { waitFor: () => 0 };

/** Shorter waits are left out: a timer takes a millisecond at least, and what is late is sent at once. */
const leastMs = 5;

/** So many messages a second. @param now milliseconds of a clock that never jumps. */
export function steadily(perSecond: number, now: () => number = () => performance.now()): Pace {
  let began: number | undefined;
  let count = 0;
  return {
    waitFor() {
      began ??= now();
      const due = began + (count / perSecond) * 1000;
      count += 1;
      return worthwhile(due - now());
    },
  };
}

/** With the pauses between events divided by a factor of 1 or more. */
export function timewarp(factor: number, now: () => number = () => performance.now()): Pace {
  const divided = Math.max(1, factor);
  let began: number | undefined;
  let first = 0;
  return {
    waitFor(seconds) {
      if (began === undefined) {
        began = now();
        first = seconds;
      }
      return worthwhile(began + ((seconds - first) / divided) * 1000 - now());
    },
  };
}

function worthwhile(ms: number): number {
  return ms < leastMs ? 0 : ms;
}
