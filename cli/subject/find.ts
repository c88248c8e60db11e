import { join } from 'node:path';
import type { Compiled } from '../../runner/compile.ts';
import type { Project } from '../../runner/project.ts';
import { thousands } from '../../runner/report.ts';
import { countKeptRows } from '../../runner/subject-audit.ts';
import { countSubjectRows } from '../../runner/subject-erase.ts';
import { schemasOf, searchDatabase, unknownTables } from '../../runner/subject-search.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { bronzeRoot, fromRoot } from '../environment.ts';
import { textSetting } from '../settings.ts';
import { formatTable } from '../table.ts';
import type { Terminal } from '../terminal.ts';
import { isOwnLog } from './erase-files.ts';
import type { NamedSubject } from './named.ts';
import { refuseWithoutBronze } from './refuse.ts';
import { searchFiles } from './search-files.ts';

/** A place that holds something of a subject, or may. */
export interface Finding {
  readonly place: string;
  /** What `count` counts. */
  readonly what:
    | 'its rows'
    | 'rows that name it'
    | 'rows that may be its: no model makes this table'
    | 'rows that may be its: kept of failed audits, without saying whose they are'
    | 'files and folders that name it'
    | 'files that cannot be read';
  readonly count: number;
}

/** Where files may speak of a subject, and what of them is ours. */
export function filePlaces(project: Project): readonly { place: string; folder: string; isOurs?: typeof isOwnLog }[] {
  const logs = textSetting(project, 'LOG_DIR');
  return [
    { place: 'Bronze', folder: bronzeRoot(project) },
    ...(logs === undefined ? [] : [{ place: 'LOG_DIR', folder: fromRoot(project.root, logs), isOurs: isOwnLog }]),
    { place: 'target', folder: join(project.root, 'target') },
  ];
}

/**
 * Everything that is left of a subject: its rows, and whatever names it in the project's schemas, in Bronze, in the logs
 * and in target. Prints no value. Reads all there is, which takes a while.
 * @throws SourceError if Bronze is not where it should be.
 */
export async function findSubject(
  warehouse: Warehouse,
  { manifest, context: { project } }: Compiled,
  { subject, words }: NamedSubject,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  await refuseWithoutBronze(warehouse, project);
  const owned = (await countSubjectRows(warehouse, manifest, subject.id, words))
    .filter(({ rows }) => rows > 0)
    .map(({ node, rows }): Finding => {
      return { place: `${node.relation.schema}.${node.relation.name}`, what: 'its rows', count: rows };
    });
  const named = await searchDatabase(warehouse, schemasOf(manifest), words, (table) => {
    signal.throwIfAborted();
    terminal.live(`searching ${table}`);
  });
  const columns = named.map(({ schema, table, column, rows }): Finding => {
    return { place: `${schema}.${table}.${column}`, what: 'rows that name it', count: rows };
  });
  const unknown = (await unknownTables(warehouse, manifest)).map(({ schema, table, rows }): Finding => {
    return { place: `${schema}.${table}`, what: 'rows that may be its: no model makes this table', count: rows };
  });
  const { theirs, unclear } = await countKeptRows(warehouse, manifest, subject.id, words);
  const place = 'datacycle.audit_row';
  const kept: Finding[] = [
    { place, what: 'its rows', count: theirs },
    { place, what: 'rows that may be its: kept of failed audits, without saying whose they are', count: unclear },
  ];
  const files: Finding[] = [];
  for (const { place, folder, isOurs } of filePlaces(project)) {
    const onProgress = (count: number) => terminal.live(`searching ${place}: ${thousands(count)} files`);
    const found = await searchFiles(folder, words, { signal, onProgress, ...(isOurs === undefined ? {} : { isOurs }) });
    if (found.named.length > 0)
      files.push({ place, what: 'files and folders that name it', count: found.named.length });
    if (found.unreadable.length > 0)
      files.push({ place, what: 'files that cannot be read', count: found.unreadable.length });
  }
  return [...owned, ...kept.filter(({ count }) => count > 0), ...columns, ...unknown, ...files];
}

/** Findings for a person, or one object a line. */
export function showFindings(findings: readonly Finding[], terminal: Terminal): void {
  if (terminal.json) for (const finding of findings) terminal.event({ type: 'found', ...finding });
  if (terminal.json || findings.length === 0) return;
  const rows = findings.map(({ place, what, count }) => [place, thousands(count), what]);
  terminal.output(formatTable(['where', 'count', 'of what'], rows));
}
