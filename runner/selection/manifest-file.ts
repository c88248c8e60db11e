import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Compiled } from '../compile/compile.ts';
import { hasRelation, isBuilt, type Node } from '../manifest/manifest.ts';
import { sourceTexts } from '../project/project.ts';
import { type Selectable, selectablesOf } from './selectable.ts';
import { uniqueId } from './unique-id.ts';

/** A compiled project as target/manifest.json holds it, by dbt's keys: what a later one can be compared with. */
export interface ManifestFile {
  readonly metadata: { readonly project_name: string; readonly generated_at: string };
  /** Models, seeds, snapshots and tests by their unique ids. */
  readonly nodes: Readonly<Record<string, FileNode>>;
  readonly sources: Readonly<Record<string, FileNode>>;
  readonly exposures: Readonly<Record<string, FileNode>>;
  readonly macros: Readonly<Record<string, FileMacro>>;
}

export interface FileNode {
  readonly unique_id: string;
  readonly resource_type: string;
  readonly name: string;
  readonly package_name: string;
  readonly original_file_path: string;
  readonly fqn: readonly string[];
  readonly description?: string | undefined;
  readonly tags?: readonly string[] | undefined;
  /** As it is set; what nobody sets is not there. */
  readonly config?: Readonly<Record<string, unknown>> | undefined;
  readonly raw_code?: string | undefined;
  readonly checksum?: { readonly name: string; readonly checksum: string } | undefined;
  readonly schema?: string | undefined;
  readonly alias?: string | undefined;
  readonly identifier?: string | undefined;
  readonly source_name?: string | undefined;
  readonly columns?: Readonly<Record<string, FileColumn>> | undefined;
  readonly contract?: { readonly enforced: boolean } | undefined;
  readonly depends_on?: { readonly nodes: readonly string[]; readonly macros: readonly string[] } | undefined;
  /** Of an exposure. */
  readonly type?: string | undefined;
  readonly label?: string | undefined;
  readonly maturity?: string | undefined;
  readonly url?: string | undefined;
  readonly owner?: unknown;
}

export interface FileColumn {
  readonly name: string;
  readonly description: string;
  readonly data_type?: string | undefined;
}

export interface FileMacro {
  readonly unique_id: string;
  readonly name: string;
  readonly macro_sql: string;
  readonly depends_on: { readonly macros: readonly string[] };
}

/** @param generatedAt ISO 8601. */
export function manifestFile(compiled: Pick<Compiled, 'manifest' | 'project'>, generatedAt: string): ManifestFile {
  const { manifest, project } = compiled;
  const selectables = selectablesOf(compiled).nodes;
  const name = project.settings.name;
  const ids = new Map(project.macros.map(({ path }) => [nameOf(path), `macro.${name}.${nameOf(path)}`]));
  const macros = project.macros.map(({ path, text }) => {
    const macro = nameOf(path);
    return {
      unique_id: `macro.${name}.${macro}`,
      name: macro,
      macro_sql: text,
      depends_on: { macros: calls(text, ids) },
    };
  });
  const textOf = sourceTexts(project);
  const nodes = [...manifest.nodes.values()].flatMap((node) => {
    const as = selectables.get(node.id);
    if (as === undefined) return [];
    const raw =
      node.kind === 'model' || (node.kind === 'test' && node.generic === undefined) ? textOf(node.file) : undefined;
    const upstreams = node.dependsOn.flatMap((id) => selectables.get(id) ?? []).map(uniqueId);
    return [
      {
        ...fileNode(node, as, project.root),
        raw_code: raw,
        depends_on: { nodes: upstreams, macros: calls(raw ?? '', ids) },
      },
    ];
  });
  const byId = (kind: (type: string) => boolean) =>
    Object.fromEntries(nodes.filter((node) => kind(node.resource_type)).map((node) => [node.unique_id, node]));
  return {
    metadata: { project_name: name, generated_at: generatedAt },
    nodes: byId((type) => type !== 'source' && type !== 'exposure'),
    sources: byId((type) => type === 'source'),
    exposures: byId((type) => type === 'exposure'),
    macros: Object.fromEntries(macros.map((macro) => [macro.unique_id, macro])),
  };
}

function fileNode(node: Node, as: Selectable, root: string): FileNode {
  const base = {
    unique_id: uniqueId(as),
    resource_type: as.type,
    name: as.source?.table ?? node.name,
    package_name: as.project,
    original_file_path: node.file,
    fqn: as.fqn,
    description: node.description,
    tags: as.tags,
    config: isBuilt(node) || node.kind === 'test' ? node.config : undefined,
    columns: hasRelation(node) ? columnsOf(node) : undefined,
  };
  switch (node.kind) {
    case 'model':
    case 'seed':
      return {
        ...base,
        schema: node.relation.schema,
        alias: node.relation.name,
        contract: { enforced: node.config.contract?.enforced === true },
        checksum: node.kind === 'seed' ? checksum(readFileSync(join(root, node.file), 'utf8')) : undefined,
      };
    case 'source':
      return {
        ...base,
        schema: node.relation.schema,
        identifier: node.relation.name,
        source_name: as.source?.name,
      };
    case 'exposure': {
      const { type, label, maturity, url, owner, meta } = node;
      return { ...base, type, label, maturity, url, owner, config: { meta } };
    }
    default:
      return base;
  }
}

function columnsOf({ columns }: Extract<Node, { readonly columns: unknown }>): Record<string, FileColumn> {
  return Object.fromEntries(
    columns.map(({ name, description, dataType }) => [name, { name, description, data_type: dataType }]),
  );
}

function checksum(text: string): FileNode['checksum'] {
  return { name: 'sha256', checksum: createHash('sha256').update(text.replaceAll('\r\n', '\n').trim()).digest('hex') };
}

/** The ids of the macros that a template calls by their names. */
function calls(template: string, ids: ReadonlyMap<string, string>): string[] {
  const names = [...template.matchAll(/\{\{~?#?>\s*([\w-]+)/g)].map(([, name = '']) => name);
  return [...new Set(names)].flatMap((name) => ids.get(name) ?? []);
}

function nameOf(path: string): string {
  return basename(path, '.sql').normalize('NFC');
}
