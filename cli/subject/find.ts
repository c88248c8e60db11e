import { join } from 'node:path';
import type { Compiled } from '../../runner/compile/compile.ts';
import type { Project } from '../../runner/project/project.ts';
import { subjectCondition } from '../../runner/subject/rows.ts';
import { schemasOf, searchDatabase, unknownTables } from '../../runner/subject/search.ts';
import { thousands } from '../../runner/text/figures.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { bronzeRoot, fromRoot } from '../settings/environment.ts';
import { textSetting } from '../settings/settings.ts';
import { formatTable } from '../terminal/table.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { isOwnLog, searchFiles } from './files.ts';
import { held } from './held.ts';
import type { NamedSubject } from './named.ts';
import { refuseWithoutBronze } from './refuse.ts';

/** A place that holds something of a subject, or may. */
export interface Finding {
  readonly place: string;
  /** What `count` counts. */
  readonly what:
    | 'its rows'
    | 'its files'
    | 'rows that name it'
    | 'rows that may be its: no model makes this table'
    | 'rows that may be its: kept of failed audits, without saying whose they are'
    | 'files and folders that name it'
    | 'files that cannot be read';
  readonly count: number;
  /** The first of them: keys of rows that are not its own, or paths. */
  readonly first: readonly string[];
  /** Whether there are more than `first` lists. */
  readonly more: boolean;
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
 * Everything that is left of a subject: its rows, and all that names it in the project's schemas, in Bronze, in the logs
 * and in target. Of values it reports only the keys of rows. It reads everything, which takes a while.
 * @throws SourceError if Bronze is not where it should be; LoadBusyError if the registry is being loaded for longer than half a
 * minute.
 */
export async function findSubject(
  warehouse: Warehouse,
  compiled: Compiled,
  named: NamedSubject,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const { manifest } = compiled;
  const { project } = compiled;
  await refuseWithoutBronze(warehouse, project);
  const { words } = named;
  const { known, tables, kept, landed } = await held(warehouse, compiled, named, signal);
  const owned: Finding[] = [];
  const tell = (place: string, what: Finding['what'], count: number) => {
    if (count > 0) owned.push({ place, what, count, first: [], more: false });
  };
  for (const { node, rows } of tables) tell(`${node.relation.schema}.${node.relation.name}`, 'its rows', rows);
  for (const [table, rows] of Object.entries(landed.rows)) tell(`staging.${table}`, 'its rows', rows);
  tell('registry in Bronze', 'its rows', landed.snapshotRows);
  tell('sensor files in Bronze', 'its files', landed.bronzeFiles);
  tell('datacycle.audit_row', 'its rows', kept.theirs);
  tell(
    'datacycle.audit_row',
    'rows that may be its: kept of failed audits, without saying whose they are',
    kept.unclear,
  );
  const isTheirs = (schema: string, table: string) => {
    const found = tables.find(({ node: { relation } }) => relation.schema === schema && relation.name === table);
    return found === undefined ? undefined : subjectCondition(found.node, manifest, known);
  };
  const naming = await searchDatabase(warehouse, schemasOf(manifest), words, isTheirs, (table) => {
    signal.throwIfAborted();
    terminal.live(`searching ${table}`);
  });
  const columns = naming.map(({ schema, table, column, rows, first, more }): Finding => {
    return { place: `${schema}.${table}.${column}`, what: 'rows that name it', count: rows, first, more };
  });
  for (const { schema, table, rows } of await unknownTables(warehouse, manifest))
    tell(`${schema}.${table}`, 'rows that may be its: no model makes this table', rows);
  const files: Finding[] = [];
  for (const { place, folder, isOurs } of filePlaces(project)) {
    const onProgress = (count: number) => terminal.live(`searching ${place}: ${thousands(count)} files`);
    const found = await searchFiles(folder, words, { signal, onProgress, ...(isOurs === undefined ? {} : { isOurs }) });
    const tellPaths = (what: Finding['what'], paths: readonly string[]) => {
      const first = paths.toSorted().slice(0, mostPaths);
      if (paths.length > 0) files.push({ place, what, count: paths.length, first, more: paths.length > first.length });
    };
    tellPaths('files and folders that name it', found.named);
    tellPaths('files that cannot be read', found.unreadable);
  }
  return [...owned, ...columns, ...files];
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
