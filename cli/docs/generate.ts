// What describes a project to people and to other programs: `docs generate`.
//
//   1. generate.ts      compiles, asks the database and writes target/manifest.json and target/catalog.json
//   2. relations.ts     what PostgreSQL's catalog says of the project's relations: columns, comments, owner, rows, bytes
//   3. catalog-file.ts  the same by the keys of dbt's catalog v1. Pure
//   4. page-files.ts    the pages Lineage and Models as files in target/docs, with the two files beside them
//   5. serve.ts         `docs serve`: shows these files in a browser
//
// The manifest says what the project wants, the catalog what the database has. Nothing in the database is changed.
import { randomUUID } from 'node:crypto';
import { compiledProject } from '../../runner/cache/cache.ts';
import type { Compiled } from '../../runner/compile/compile.ts';
import { hasRelation } from '../../runner/manifest/manifest.ts';
import type { Project } from '../../runner/project/project.ts';
import { typeOf } from '../../runner/selection/selectable.ts';
import { uniqueId } from '../../runner/selection/unique-id.ts';
import { count } from '../../runner/text/figures.ts';
import { chosenNodes, type SelectionFlags } from '../selection/chosen-nodes.ts';
import { writeManifestWithLineage } from '../selection/column-lineage.ts';
import { shownTarget, writeTargetFile } from '../selection/target-files.ts';
import { openToRead } from '../settings/environment.ts';
import { tellNotices } from '../terminal/notices.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { catalogFile } from './catalog-file.ts';
import { writePages } from './page-files.ts';
import { type Described, readRelations, type Wanted } from './relations.ts';
import { serveDocs } from './serve.ts';

export interface DocsFlags extends SelectionFlags {
  /** No database is asked: the catalog says of nothing that it is there. */
  readonly emptyCatalog?: boolean | undefined;
  /** All pages in one file. */
  readonly singleFile?: boolean | undefined;
  readonly port?: number | undefined;
}

/** `docs generate` and `docs serve`. @param signal ends serving. */
export function docs(
  project: Project,
  action: string,
  flags: DocsFlags,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<0 | 1> {
  return action === 'serve' ? serveDocs(project, flags.port, terminal, signal) : generateDocs(project, flags, terminal);
}

/**
 * Writes target/manifest.json, and target/catalog.json for the selected models, seeds, snapshots and sources as they are in the
 * database. Changes nothing there. Exit code 1 if a file cannot be written.
 * @throws ProjectError | ConnectionError
 */
async function generateDocs(project: Project, flags: DocsFlags, terminal: Terminal): Promise<0 | 1> {
  const startedAt = new Date();
  const compiled = await compiledProject(project);
  tellNotices(terminal, compiled);
  const wanted = wantedOf(compiled, await chosenNodes(compiled, flags, terminal));
  const described = flags.emptyCatalog === true ? [] : await describedIn(project, wanted);
  const missing = flags.emptyCatalog === true ? [] : missingOf(wanted, described);
  const run = { generatedAt: new Date(), startedAt, invocationId: randomUUID() };
  const catalog = catalogFile(described, run);
  const isWritten = [
    await writeManifestWithLineage(compiled, terminal),
    writeTargetFile(project, 'catalog.json', () => catalog, terminal),
  ].every(Boolean);
  const pages = await writePages(compiled, flags.singleFile === true);
  if (terminal.json) {
    terminal.event({ type: 'documented', relations: described.length, missing: missing.map(({ name }) => name) });
    return isWritten ? 0 : 1;
  }
  if (missing.length > 0) terminal.aside(`Not in the database, and so not in the catalog: ${namesOf(missing)}.`);
  if (!isWritten) return 1;
  const what =
    flags.emptyCatalog === true ? 'no relations, as --empty-catalog says' : count(described.length, 'relation');
  const [manifestPath, catalogPath] = [shownTarget(project, 'manifest.json'), shownTarget(project, 'catalog.json')];
  terminal.say(`Written: ${manifestPath}, and ${catalogPath} with ${what}.`, 'good');
  terminal.say(`Pages: ${pages}`, 'good');
  return 0;
}

async function describedIn(project: Project, wanted: readonly Wanted[]): Promise<readonly Described[]> {
  const warehouse = await openToRead(project, 'docs', 1);
  try {
    return await readRelations(warehouse, wanted);
  } finally {
    await warehouse.close();
  }
}

/** Of the chosen nodes those that have a relation. */
function wantedOf({ manifest, project }: Compiled, chosen: ReadonlySet<string>): readonly Wanted[] {
  return manifest.order.flatMap((id) => {
    const node = manifest.nodes.get(id);
    if (!chosen.has(id) || !hasRelation(node) || node.materialized === 'ephemeral') return [];
    const uniqueIdOfNode = uniqueId({ id, type: typeOf(node), project: project.settings.name });
    return [{ id: uniqueIdOfNode, name: node.name, isSource: node.kind === 'source', relation: node.relation }];
  });
}

function missingOf(wanted: readonly Wanted[], described: readonly Described[]): readonly Wanted[] {
  const there = new Set(described.map(({ wanted: { id } }) => id));
  return wanted.filter(({ id }) => !there.has(id));
}

/** How many names a line says before it counts the rest. */
const namedAtMost = 10;

function namesOf(nodes: readonly Wanted[]): string {
  const names = nodes.slice(0, namedAtMost).map(({ name }) => name);
  return `${names.join(', ')}${nodes.length > namedAtMost ? ` and ${nodes.length - namedAtMost} more` : ''}`;
}
