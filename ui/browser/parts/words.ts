import { english, type Speech } from './language.ts';

const units = ['B', 'KB', 'MB', 'GB', 'TB'];

/** `1.2 MB`; nothing for null. */
export function size(bytes: number | null, { language }: Speech = english): string {
  if (bytes === null) return '';
  const step = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  return `${fixed(bytes / 1000 ** step, step === 0 ? 0 : 1, language)} ${units[step] ?? ''}`;
}

/** `12,345`; nothing for null. */
export function number(value: number | null, { language }: Speech = english): string {
  return value === null ? '' : value.toLocaleString(language);
}

/** `3 min`, `2.5 h`, `4 days`. */
export function duration(seconds: number | null, { language, say }: Speech = english): string {
  if (seconds === null) return '';
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 90) return `${fixed(seconds, seconds < 10 ? 1 : 0, language)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 48 * 3600) return `${fixed(seconds / 3600, 1, language)} h`;
  return say('{count} days', { count: Math.round(seconds / 86_400).toLocaleString(language) });
}

function fixed(value: number, places: number, language: string): string {
  return value.toLocaleString(language, {
    minimumFractionDigits: places,
    maximumFractionDigits: places,
    useGrouping: false,
  });
}

/** `2023-10-12 14:05` in UTC, as everything in the project; nothing for null. */
export function minute(iso: string | null): string {
  return iso === null ? '' : iso.slice(0, 16).replace('T', ' ');
}

/** `3 min ago`; for what lies ahead `in 3 min`. */
export function ago(iso: string | null, now: Date = new Date(), speech: Speech = english): string {
  if (iso === null) return speech.say('never');
  const seconds = (now.getTime() - new Date(iso).getTime()) / 1000;
  return seconds < -1
    ? speech.say('in {time}', { time: duration(-seconds, speech) })
    : speech.say('{time} ago', { time: duration(Math.max(0, seconds), speech) });
}

/** What the pages of the project's files say while it has no files. */
export const nothingYet =
  'The project has no models, seeds or sources yet. datacycle new <folder> writes a small project that builds at once.';
