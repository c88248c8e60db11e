const units = ['B', 'KB', 'MB', 'GB', 'TB'];

/** `1.2 MB`; nothing for null. */
export function size(bytes: number | null): string {
  if (bytes === null) return '';
  const step = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  return `${(bytes / 1000 ** step).toFixed(step === 0 ? 0 : 1)} ${units[step] ?? ''}`;
}

/** `12,345`; nothing for null. */
export function number(value: number | null): string {
  return value === null ? '' : value.toLocaleString('en');
}

/** `3 min`, `2.5 h`, `4 days`. */
export function duration(seconds: number | null): string {
  if (seconds === null) return '';
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 90) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 48 * 3600) return `${(seconds / 3600).toFixed(1)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}

/** `2023-10-12 14:05` in UTC, as everything in the project; nothing for null. */
export function minute(iso: string | null): string {
  return iso === null ? '' : iso.slice(0, 16).replace('T', ' ');
}

/** `3 min ago`; for what lies ahead `in 3 min`. */
export function ago(iso: string | null, now: Date = new Date()): string {
  if (iso === null) return 'never';
  const seconds = (now.getTime() - new Date(iso).getTime()) / 1000;
  return seconds < -1 ? `in ${duration(-seconds)}` : `${duration(Math.max(0, seconds))} ago`;
}

/** `1 file`, `2 files`. */
export function counted(count: number, noun: string): string {
  return `${number(count)} ${noun}${count === 1 ? '' : 's'}`;
}
