import { join } from 'node:path';
import type { Compiled } from '../../runner/compile/compile.ts';
import type { Project } from '../../runner/project/project.ts';
import { countSubjectRows, subjectCondition } from '../../runner/subject/erase.ts';
import { countKeptRows } from '../../runner/subject/kept-rows.ts';
import { type NamedIn, schemasOf, searchDatabase, unknownTables } from '../../runner/subject/search.ts';
import { thousands } from '../../runner/text/figures.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { bronzeRoot, fromRoot } from '../settings/environment.ts';
import { textSetting } from '../settings/settings.ts';
import { formatTable } from '../terminal/table.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { isOwnLog } from './erase-files.ts';
import { knownSubject } from './known.ts';
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
  /** The first of them: keys of rows that are not its own, or paths. */
  readonly first: readonly string[];
  /** Whether there are more that could stand in `first`. */
  readonly more: boolean;
}

/** Findings, and the columns among them that name the subject. */
export interface Found {
  readonly findings: readonly Finding[];
  readonly naming: readonly NamedIn[];
}

const mostPaths = 3;

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
 * and in target. Of values it tells no more than the keys of rows. Reads all there is, which takes a while.
 * @throws SourceError if Bronze is not where it should be; LoadBusyError if the registry is being loaded for longer than half a
 * minute.
 */
export async function findSubject(
  warehouse: Warehouse,
  { manifest, context: { project } }: Compiled,
  named: NamedSubject,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<Found> {
  await refuseWithoutBronze(warehouse, project);
  const { words } = named;
  const known = await knownSubject(warehouse, project, named, signal);
  const counts = await countSubjectRows(warehouse, manifest, known);
  const owned = counts.flatMap(({ node, rows }): Finding[] => {
    const place = `${node.relation.schema}.${node.relation.name}`;
    return rows === 0 ? [] : [{ place, what: 'its rows', count: rows, first: [], more: false }];
  });
  const isTheirs = (schema: string, table: string) => {
    const found = counts.find(({ node: { relation } }) => relation.schema === schema && relation.name === table);
    return found === undefined ? undefined : subjectCondition(found.node, manifest, known);
  };
  const naming = await searchDatabase(warehouse, schemasOf(manifest), words, isTheirs, (table) => {
    signal.throwIfAborted();
    terminal.live(`searching ${table}`);
  });
  const columns = naming.map(({ schema, table, column, rows, first, more }): Finding => {
    return { place: `${schema}.${table}.${column}`, what: 'rows that name it', count: rows, first, more };
  });
  const unknown = (await unknownTables(warehouse, manifest)).map(({ schema, table, rows }): Finding => {
    const what = 'rows that may be its: no model makes this table';
    return { place: `${schema}.${table}`, what, count: rows, first: [], more: false };
  });
  const { theirs, unclear } = await countKeptRows(warehouse, manifest, {
    id: named.subject.id,
    otherIds: named.otherIds,
    words,
  });
  const place = 'datacycle.audit_row';
  const nowhere = { first: [], more: false };
  const kept: Finding[] = [
    { place, what: 'its rows', count: theirs, ...nowhere },
    {
      place,
      what: 'rows that may be its: kept of failed audits, without saying whose they are',
      count: unclear,
      ...nowhere,
    },
  ];
  const files: Finding[] = [];
  for (const { place, folder, isOurs } of filePlaces(project)) {
    const onProgress = (count: number) => terminal.live(`searching ${place}: ${thousands(count)} files`);
    const found = await searchFiles(folder, words, { signal, onProgress, ...(isOurs === undefined ? {} : { isOurs }) });
    const tell = (what: Finding['what'], paths: readonly string[]) => {
      const first = paths.toSorted().slice(0, mostPaths);
      if (paths.length > 0) files.push({ place, what, count: paths.length, first, more: paths.length > first.length });
    };
    tell('files and folders that name it', found.named);
    tell('files that cannot be read', found.unreadable);
  }
  return { findings: [...owned, ...kept.filter(({ count }) => count > 0), ...columns, ...unknown, ...files], naming };
}

/** Findings for a person, or one object a line. */
export function showFindings(findings: readonly Finding[], terminal: Terminal): void {
  if (terminal.json) for (const finding of findings) terminal.event({ type: 'found', ...finding });
  if (terminal.json || findings.length === 0) return;
  const rows = findings.map(({ place, what, count, first, more }) => {
    return [place, thousands(count), what, [...first, ...(more && first.length > 0 ? ['...'] : [])].join(', ')];
  });
  terminal.output(formatTable(['where', 'count', 'of what', 'the first'], rows));
}
