import { readSeed } from '../../runner/build/transaction/seed.ts';
import type { Compiled } from '../../runner/compile/compile.ts';
import { columnLineage, type NodeLineage, type Origin, type ProjectLineage } from '../../runner/lineage/lineage.ts';
import type { SeedNode } from '../../runner/manifest/manifest.ts';
import { type ManifestFile, manifestFile } from '../../runner/selection/manifest-file.ts';
import { typeOf } from '../../runner/selection/selectable.ts';
import { uniqueId } from '../../runner/selection/unique-id.ts';
import { loadSqlParser } from '../../runner/sql/parser.ts';
import { ProjectError } from '../../runner/text/errors.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { writeTargetFile } from './target-files.ts';

/** The lineage of all nodes of a project. @throws ProjectError for SQL that cannot be parsed. */
export async function lineageOf(compiled: Pick<Compiled, 'manifest' | 'project'>): Promise<ProjectLineage> {
  return columnLineage(compiled.manifest, await sqlReading(compiled));
}

/** What reading the SQL of a project needs besides its manifest. */
export async function sqlReading({ project }: Pick<Compiled, 'project'>) {
  return {
    parser: await loadSqlParser(),
    seedColumns: (seed: SeedNode) => readSeed(project.root, seed).columns.map(({ name }) => name),
  };
}

/**
 * Writes target/manifest.json with the lineage of columns, which takes the time to parse all SQL: for commands that describe the
 * project. SQL that cannot be parsed is told, and the manifest is written without lineage. @returns whether it is written.
 */
export async function writeManifestWithLineage(compiled: Compiled, terminal: Terminal): Promise<boolean> {
  let lineage: ProjectLineage = {};
  try {
    lineage = await lineageOf(compiled);
  } catch (error) {
    if (!(error instanceof ProjectError)) throw error;
    terminal.errors([{ tone: 'warning', text: `Warning: no lineage of columns is in the manifest: ${error.message}` }]);
  }
  const file = () => withLineage(manifestFile(compiled, new Date().toISOString()), compiled, lineage);
  return writeTargetFile(compiled.project, 'manifest.json', file, terminal);
}

/**
 * A manifest in which each model, seed and source has, below `meta.datacycle.lineage`, where its columns come from: dbt's schema allows keys
 * of one's own nowhere else. Nodes are named by their ids in the manifest. Pure.
 */
export function withLineage(
  file: ManifestFile,
  { manifest, project }: Pick<Compiled, 'manifest' | 'project'>,
  lineage: ProjectLineage,
): ManifestFile {
  const ids = new Map(
    [...manifest.nodes.values()].map((node) => [
      node.id,
      uniqueId({ id: node.id, type: typeOf(node), project: project.settings.name }),
    ]),
  );
  const found = new Map(Object.values(lineage).map((one) => [ids.get(one.node), lineageByKeys(one, ids)]));
  const add = <N extends object>(nodes: Readonly<Record<string, N>>): Record<string, N> =>
    Object.fromEntries(
      Object.entries(nodes).map(([id, node]) => {
        const own = found.get(id);
        return [id, own === undefined ? node : { ...node, meta: { ...metaOf(node), datacycle: { lineage: own } } }];
      }),
    );
  return { ...file, nodes: add(file.nodes), sources: add(file.sources) };
}

/** As in dbt, what a node's settings have as `meta` is also its own. */
function metaOf(node: object): object {
  const { meta, config } = node as { readonly meta?: object; readonly config?: { readonly meta?: object } };
  return meta ?? config?.meta ?? {};
}

function lineageByKeys({ columns, rowsFrom, filteredBy, unknown }: NodeLineage, ids: ReadonlyMap<string, string>) {
  const origins = (all: readonly Origin[]) => all.map((one) => ({ ...one, node: ids.get(one.node) ?? one.node }));
  return {
    columns: columns.map(({ column, from, unknown: gaps }) => ({ column, from: origins(from), unknown: gaps })),
    rows_from: origins(rowsFrom),
    filtered_by: origins(filteredBy),
    unknown,
  };
}
