import { basename } from 'node:path';
import { visitLanded } from '../../loaders/erasure/landed.ts';
import { registryRows, sensorFiles } from '../../loaders/erasure/request.ts';
import { cacheFolder } from '../../runner/cache/cache.ts';
import type { Compiled } from '../../runner/compile/compile.ts';
import { countSubjectRows } from '../../runner/subject/rows.ts';
import { type Finding, mostFirst, searchDatabase } from '../../runner/subject/search.ts';
import { thousands } from '../../runner/text/figures.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { bronzeRoot } from '../settings/environment.ts';
import { formatTable } from '../terminal/table.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { isOwnLog, ownFolders, searchFiles } from './files.ts';
import { type NamedSubject, requestOf } from './named.ts';

/**
 * Everything that is there of a subject: its rows and files, and all that names it in the project's schemas, in Bronze, in the
 * logs and in target. Of values it reports only the keys of rows. It reads everything, which takes a while.
 * @throws SourceError if Bronze is not where it should be; LoadBusyError if a load goes on for longer than half a minute;
 * NodeError if a table lacks the column that says whose its rows are.
 */
export async function findSubject(
  warehouse: Warehouse,
  { manifest, project }: Compiled,
  named: NamedSubject,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const { words } = named;
  const findings: Finding[] = [];
  const add = (place: string, what: string, count: number, paths: readonly string[] = []) => {
    if (count > 0) findings.push({ place, what, count, first: paths.slice(0, mostFirst) });
  };
  const {
    counts,
    damaged,
    ids: known,
  } = await visitLanded(warehouse, requestOf(project, named, signal), { kind: 'count' });
  const subject = { id: named.subject.id, known };
  for (const { table, rows } of await countSubjectRows(warehouse, manifest, subject)) add(table, 'its rows', rows);
  for (const [place, count] of Object.entries(counts))
    add(place, place === sensorFiles ? 'its files' : 'its rows', count);
  const onTable = (table: string) => {
    signal.throwIfAborted();
    terminal.live(`searching ${table}`);
  };
  findings.push(...(await searchDatabase(warehouse, manifest, subject, words, onTable)));
  add(registryRows, 'files that cannot be read', damaged.length, damaged);
  const { logs, target } = ownFolders(project);
  for (const [place, folder, isOurs] of [
    ['Bronze', bronzeRoot(project)],
    ['LOG_DIR', logs, isOwnLog],
    // What is in the cache holds nothing but what the project's own files say.
    ['target', target, (path: string) => path !== basename(cacheFolder(project.targetFolder))],
  ] as const) {
    if (folder === undefined) continue;
    const onProgress = (count: number) => terminal.live(`searching ${place}: ${thousands(count)} files`);
    const found = await searchFiles(folder, words, { signal, onProgress, ...(isOurs && { isOurs }) });
    add(place, 'files and folders that name it', found.named.length, found.named);
    add(place, 'files that cannot be read', found.unreadable.length, found.unreadable);
  }
  return findings;
}

/** Findings for a person, or one object a line. */
export function showFindings(findings: readonly Finding[], terminal: Terminal): void {
  if (terminal.json) for (const finding of findings) terminal.event({ type: 'found', ...finding });
  if (terminal.json || findings.length === 0) return;
  const rows = findings.map(({ place, what, count, first }) => {
    const more = first.length > 0 && count > first.length ? ['...'] : [];
    return [place, thousands(count), what, [...first, ...more].join(', ')];
  });
  terminal.output(formatTable(['where', 'count', 'of what', 'the first'], rows));
}
