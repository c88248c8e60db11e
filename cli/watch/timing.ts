/** Waits, but no longer than until `signal`; never throws. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, Math.max(0, milliseconds));
    signal.addEventListener('abort', done);
  });
}

/** Resolves so many milliseconds after `signal`; never without it. */
export function timeAfter(signal: AbortSignal, milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    const count = () => void setTimeout(resolve, milliseconds);
    if (signal.aborted) count();
    else signal.addEventListener('abort', count, { once: true });
  });
}

/** A length of time in words: `0.4 s`, `25 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`. */
export function inWords(milliseconds: number): string {
  const seconds = Math.max(0, milliseconds) / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const pair = (big: number, bigUnit: string, small: number, smallUnit: string) =>
    small === 0 ? `${big} ${bigUnit}` : `${big} ${bigUnit} ${small} ${smallUnit}`;
  if (whole < 3600) return pair(Math.floor(whole / 60), 'min', whole % 60, 's');
  const minutes = Math.round(whole / 60);
  if (minutes < 24 * 60) return pair(Math.floor(minutes / 60), 'h', minutes % 60, 'min');
  const hours = Math.round(minutes / 60);
  return pair(Math.floor(hours / 24), 'd', hours % 24, 'h');
}
