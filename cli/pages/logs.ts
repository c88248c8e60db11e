import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Project } from '../../runner/project/project.ts';
import { UsageError } from '../../runner/text/errors.ts';
import { type Log, type LogEntry, logNames } from '../../ui/data/log.ts';
import { fromRoot } from '../settings/environment.ts';
import { textSetting } from '../settings/settings.ts';

const files = { watch: 'datacycle-watch.log', commands: 'datacycle.log' } as const;

/** So much of the end of a file is read, in bytes, and so many of its lines are shown. */
const readBytes = 200_000;
const shownLines = 400;

/**
 * The newest lines of a log in LOG_DIR, the oldest first.
 * @throws UsageError for a log that is none.
 */
export function logOf(project: Project, name: string): Log {
  const known = logNames.find((one) => one === name);
  if (known === undefined) throw new UsageError({ what: `there is no log "${name}"` });
  const folder = textSetting(project, 'LOG_DIR');
  if (folder === undefined) return { file: null, entries: [] };
  const file = join(fromRoot(project.root, folder), files[known]);
  return { file, entries: endOf(file).split('\n').slice(-shownLines).flatMap(entryOf) };
}

/** So many lines of a run are shown, and so long after its end is it still told of, in milliseconds. */
const runLines = 2000;
const afterMs = 1000;

/**
 * What the watcher and the commands wrote down while a run was at work, the oldest first; of the logs that were begun anew since, the last.
 * @param finishedAt null while it is at work.
 */
export function logOfRun(project: Project, startedAt: string, finishedAt: string | null): Log {
  const folder = textSetting(project, 'LOG_DIR');
  if (folder === undefined) return { file: null, entries: [] };
  const root = fromRoot(project.root, folder);
  const until = finishedAt === null ? '9' : new Date(new Date(finishedAt).getTime() + afterMs).toISOString();
  const entries = Object.values(files).flatMap((name) => {
    const newest = textOf(join(root, name));
    const isWhole = (entryOf(newest.slice(0, newest.indexOf('\n')))[0]?.time ?? '9') <= startedAt;
    const lines = `${isWhole ? '' : textOf(join(root, `${name}.1.gz`))}${newest}`.split('\n');
    // Before they are parsed: a log has tens of thousands of lines, a run some hundred.
    return lines.filter((line) => timeOf(line) >= startedAt && timeOf(line) <= until).flatMap(entryOf);
  });
  return { file: root, entries: entries.sort((a, b) => (a.time < b.time ? -1 : 1)).slice(-runLines) };
}

/** Journal writes the time first. */
function timeOf(line: string): string {
  return line.slice('{"time":"'.length, '{"time":"2023-10-12T05:30:04.120Z'.length);
}

/** A log as far as it goes; nothing where there is none. */
function textOf(path: string): string {
  try {
    const bytes = readFileSync(path);
    return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  } catch {
    return '';
  }
}

/** Whole lines at the end of a file; nothing where there is none. */
function endOf(path: string): string {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return '';
  }
  try {
    const { size } = fstatSync(file);
    const buffer = Buffer.alloc(Math.min(size, readBytes));
    const text = buffer.toString('utf8', 0, readSync(file, buffer, 0, buffer.length, size - buffer.length));
    return buffer.length < size ? text.slice(text.indexOf('\n') + 1) : text;
  } finally {
    closeSync(file);
  }
}

/** One JSON line. What is none, since a full disk cut it off for example, is left out. */
function entryOf(line: string): readonly LogEntry[] {
  let read: unknown;
  try {
    read = JSON.parse(line);
  } catch {
    return [];
  }
  if (typeof read !== 'object' || read === null) return [];
  const { time, level, event, text, ...others } = read as Readonly<Record<string, unknown>>;
  const rest = Object.entries(others).map(
    ([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  return [
    {
      time: String(time ?? ''),
      level: level === 'error' || level === 'warning' ? level : 'info',
      text: typeof text === 'string' ? text : [String(event ?? ''), ...rest].join(' '),
    },
  ];
}
