import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { relation } from '../../warehouse/quote.ts';
import type { Compiled } from '../compile/compile.ts';
import { isBuilt, type Node, type SourceNode, type UnitTestNode } from '../manifest/manifest.ts';
import { nameInId } from '../manifest/node-id.ts';
import type { TestNode } from '../manifest/test-node.ts';
import type { UnitTestRows } from '../manifest/unit-test-node.ts';
import { isGeneric, nameOf } from '../project/folders.ts';
import { type Project, sourceTexts } from '../project/project.ts';
import { type Selectable, selectablesOf } from './selectable.ts';
import { uniqueId } from './unique-id.ts';

/**
 * A compiled project as target/manifest.json holds it: by dbt's schema, which allows no keys but its own, and what a later one can
 * be compared with. Named here is what that comparison reads.
 */
export interface ManifestFile {
  readonly metadata: { readonly project_name: string; readonly generated_at: string };
  /** Models, seeds, snapshots, analyses and data tests by their unique ids. */
  readonly nodes: Readonly<Record<string, FileNode>>;
  readonly sources: Readonly<Record<string, FileNode>>;
  readonly exposures: Readonly<Record<string, FileNode>>;
  /** Absent from manifests of before, where they are among the nodes. */
  readonly unit_tests?: Readonly<Record<string, FileNode>> | undefined;
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
  /** Of a generic test: which it is, and its arguments. */
  readonly test_metadata?: { readonly name: string; readonly kwargs: Readonly<Record<string, unknown>> } | undefined;
  readonly checksum?: { readonly name: string; readonly checksum: string } | string | undefined;
  readonly schema?: string | undefined;
  readonly alias?: string | undefined;
  readonly identifier?: string | undefined;
  readonly source_name?: string | undefined;
  readonly columns?: Readonly<Record<string, FileColumn>> | undefined;
  readonly depends_on?: { readonly nodes?: readonly string[]; readonly macros: readonly string[] } | undefined;
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

/** What every artifact says of itself. @param schema `manifest/v12`. @param generatedAt ISO 8601. */
export function artifactMetadata(schema: string, generatedAt: string, runId: string | null) {
  return {
    dbt_schema_version: `https://schemas.getdbt.com/dbt/${schema}.json`,
    // The version whose artifacts these are like: readers choose by it what to expect.
    dbt_version: '1.10.0',
    generated_at: generatedAt,
    invocation_id: runId,
    env: { generated_by: 'datacycle' },
  };
}

/** @param generatedAt ISO 8601. */
export function manifestFile(compiled: Pick<Compiled, 'manifest' | 'project'>, generatedAt: string): ManifestFile {
  const { manifest, project } = compiled;
  const selectables = selectablesOf(compiled).nodes;
  const name = project.settings.name;
  const macros = macrosOf(project);
  const ids = new Map(macros.map(({ name: macro }) => [macro, `macro.${name}.${macro}`]));
  const naming = ['generate_schema_name', 'generate_alias_name'].flatMap((macro) => ids.get(macro) ?? []);
  const textOf = sourceTexts(project);
  const parents: Record<string, string[]> = {};
  const nodes = [...manifest.nodes.values()].flatMap((node) => {
    const as = selectables.get(node.id);
    if (as === undefined) return [];
    const raw =
      node.kind === 'model' || node.kind === 'analysis' || (node.kind === 'test' && node.generic === undefined)
        ? (textOf(node.file) ?? '')
        : '';
    const upstreams = node.dependsOn.flatMap((id) => selectables.get(id) ?? []).map(uniqueId);
    parents[uniqueId(as)] = upstreams;
    const called = [...calls(templatesOf(node, raw), ids), ...(isBuilt(node) ? naming : [])];
    return [fileNode({ node, as, raw, project, dependsOn: { nodes: upstreams, macros: [...new Set(called)] } })];
  });
  const apart = ['source', 'exposure', 'unit_test'];
  const byId = (kind: (type: string) => boolean) =>
    Object.fromEntries(nodes.filter((node) => kind(node.resource_type)).map((node) => [node.unique_id, node]));
  const groups = [...manifest.groups.values()].map((group) => ({
    ...located(group.place.file, project),
    unique_id: `group.${name}.${group.name}`,
    resource_type: 'group',
    name: group.name,
    description: group.description,
    owner: group.owner,
    config: { meta: group.meta },
  }));
  const membersOf = (group: string) =>
    [...selectables.values()].filter((as) => as.group === group && isBuilt(manifest.nodes.get(as.id))).map(uniqueId);
  const file = {
    metadata: {
      ...artifactMetadata('manifest/v12', generatedAt, null),
      project_name: name,
      adapter_type: 'postgres',
    },
    nodes: byId((type) => !apart.includes(type)),
    sources: byId((type) => type === 'source'),
    exposures: byId((type) => type === 'exposure'),
    unit_tests: byId((type) => type === 'unit_test'),
    macros: Object.fromEntries(macros.map((macro) => [`macro.${name}.${macro.name}`, fileMacro(macro, project, ids)])),
    groups: Object.fromEntries(groups.map((group) => [group.unique_id, group])),
    group_map: Object.fromEntries(groups.map((group) => [group.name, membersOf(group.name)])),
    parent_map: parents,
    child_map: reversed(parents),
    // What a project of ours has not, or what is not kept once it is compiled.
    docs: {},
    disabled: {},
    selectors: {},
    metrics: {},
    saved_queries: {},
    semantic_models: {},
    functions: {},
  };
  return file;
}

interface Described {
  readonly node: Node;
  readonly as: Selectable;
  readonly raw: string;
  readonly project: Project;
  readonly dependsOn: { readonly nodes: readonly string[]; readonly macros: readonly string[] };
}

/** A node by the keys of dbt's schema, of which a comparison reads those of {@link FileNode}. */
function fileNode(described: Described): FileNode & Readonly<Record<string, unknown>> {
  const { node, as, raw, project, dependsOn } = described;
  const base = {
    ...located(node.file, project),
    unique_id: uniqueId(as),
    resource_type: as.type,
    name: as.source?.table ?? node.name,
    fqn: as.fqn,
    description: node.description,
  };
  // Nobody asks the database for its name to compile a project.
  const runnable = { ...base, database: null, tags: as.tags, group: node.group ?? null, raw_code: raw };
  switch (node.kind) {
    case 'model':
    case 'seed': {
      const isSeed = node.kind === 'seed';
      const seed = isSeed ? readFileSync(join(project.root, node.file), 'utf8') : raw;
      const own = isSeed
        ? { depends_on: { macros: dependsOn.macros } }
        : { depends_on: dependsOn, language: 'sql', contract: { enforced: node.config.contract?.enforced === true } };
      return {
        ...runnable,
        ...own,
        ...(as.type === 'model' ? { access: as.access } : {}),
        config: node.config,
        columns: columnsOf(node),
        schema: node.relation.schema,
        alias: node.relation.name,
        relation_name: node.materialized === 'ephemeral' ? null : relation(node.relation),
        checksum: checksum(seed),
        patch_path: node.describedIn === undefined ? null : `${as.project}://${node.describedIn}`,
      };
    }
    case 'source':
      return { ...base, ...sourceParts(node), tags: as.tags, source_name: as.source?.name };
    case 'exposure': {
      const { label, maturity, url, owner = {}, meta } = node;
      const type = node.type === 'export' ? 'application' : node.type; // dbt's format has no exports
      return { ...base, tags: as.tags, depends_on: dependsOn, type, label, maturity, url, owner, config: { meta } };
    }
    case 'test':
      return { ...runnable, ...testParts(described, node) };
    case 'analysis':
      return {
        ...runnable,
        schema: '',
        alias: node.name,
        checksum: checksum(raw),
        language: 'sql',
        depends_on: dependsOn,
      };
    case 'unit_test':
      return { ...base, ...unitTestParts(node, as), depends_on: dependsOn };
    default:
      return node satisfies never;
  }
}

/** Where it is written: `path` begins below the folder of its kind. */
function located(file: string, project: Project) {
  const root = Object.values(project.folders)
    .flat()
    .find((folder) => file.startsWith(`${folder}/`));
  const path = root === undefined ? file : file.slice(root.length + 1);
  return { package_name: project.settings.name, original_file_path: file, path };
}

function sourceParts(node: SourceNode) {
  return {
    database: null,
    schema: node.relation.schema,
    identifier: node.relation.name,
    relation_name: relation(node.relation),
    source_description: node.sourceDescription ?? '',
    loader: node.loader ?? '',
    loaded_at_field: node.loadedAtField ?? null,
    loaded_at_query: node.loadedAtQuery ?? null,
    freshness: node.freshness ?? null,
    meta: node.meta ?? {},
    columns: columnsOf(node),
  };
}

function testParts({ raw, dependsOn }: Described, node: TestNode) {
  return {
    config: node.config,
    meta: node.meta ?? {},
    schema: node.stored?.relation.schema ?? '',
    alias: node.stored?.relation.name ?? node.name,
    relation_name: node.stored === undefined ? null : relation(node.stored.relation),
    checksum: checksum(raw),
    language: 'sql',
    depends_on: dependsOn,
    ...(node.generic === undefined
      ? {}
      : {
          column_name: node.column ?? null,
          test_metadata: {
            name: node.generic,
            kwargs: { ...(node.column === undefined ? {} : { column_name: node.column }), ...node.arguments },
          },
        }),
  };
}

/** Of a test of several runs, what its first one is given and its last one is to yield: dbt knows one run. */
function unitTestParts(node: UnitTestNode, { tags }: Selectable) {
  const expected = node.runs.findLast(({ expect }) => expect !== undefined)?.expect;
  return {
    model: node.model.name,
    given: (node.runs[0]?.given ?? []).map(({ of, rows }) => ({ input: inputOf(of, node.of), ...fixture(rows) })),
    expect: expected === undefined ? {} : fixture(expected.rows),
    checksum: node.definition,
    config: { tags, meta: node.meta },
  };
}

/** `ref('orders')`, `source('raw', 'orders')`, `this`: as a unit test names what it reads. */
function inputOf(id: string, model: string): string {
  if (id === model) return 'this';
  const name = nameInId(id);
  if (!id.startsWith('source.')) return `ref('${name}')`;
  const dot = name.indexOf('.');
  return `source('${name.slice(0, dot)}', '${name.slice(dot + 1)}')`;
}

function fixture(rows: UnitTestRows): object {
  switch (rows.kind) {
    case 'values':
      return { format: 'dict', rows: rows.rows };
    case 'query':
      return { format: 'sql', rows: rows.sql.text };
    case 'file':
      return { format: 'csv', rows: null };
    default:
      return rows satisfies never;
  }
}

interface Macro {
  readonly name: string;
  readonly path: string;
  readonly text: string;
}

/** The macros of a project, and its generic tests, which are macros to dbt. */
function macrosOf(project: Project): Macro[] {
  const generic = project.tests.filter(({ path }) => isGeneric(project, path));
  return [
    ...project.macros.map(({ path, text }) => ({ name: nameOf(path), path, text })),
    ...generic.map(({ path, text }) => ({ name: `test_${nameOf(path)}`, path, text })),
  ];
}

function fileMacro({ name, path, text }: Macro, project: Project, ids: ReadonlyMap<string, string>) {
  return {
    ...located(path, project),
    unique_id: `macro.${project.settings.name}.${name}`,
    resource_type: 'macro',
    name,
    macro_sql: text,
    depends_on: { macros: calls(text, ids) },
  };
}

function reversed(parents: Readonly<Record<string, readonly string[]>>): Record<string, string[]> {
  const children: Record<string, string[]> = Object.fromEntries(Object.keys(parents).map((id) => [id, []]));
  for (const [child, ids] of Object.entries(parents)) for (const id of ids) children[id]?.push(child);
  return children;
}

function columnsOf({ columns }: Extract<Node, { readonly columns: unknown }>): Record<string, FileColumn> {
  return Object.fromEntries(
    columns.map(({ name, description, dataType }) => [name, { name, description, data_type: dataType }]),
  );
}

function checksum(text: string) {
  return { name: 'sha256', checksum: createHash('sha256').update(text.replaceAll('\r\n', '\n').trim()).digest('hex') };
}

/** The templates that a node is made of: its own, its hooks, and the call of a generic test. */
function templatesOf(node: Node, raw: string): string {
  if (node.kind === 'test' && node.generic !== undefined) return `{{> test_${node.generic}}}`;
  if (!isBuilt(node)) return raw;
  const { pre_hook: before, post_hook: after } = node.config;
  return [raw, before, after].map((one) => (typeof one === 'string' ? one : JSON.stringify(one ?? ''))).join(' ');
}

/** The ids of the macros that a template calls by their names. */
function calls(template: string, ids: ReadonlyMap<string, string>): string[] {
  const found = template.matchAll(/\{\{~?#?>\s*([\w-]+)|\(call\s+\\?["']([\w-]+)/g);
  const names = [...found].map(([, macro, called]) => macro ?? called ?? '');
  return [...new Set(names)].flatMap((name) => ids.get(name) ?? []);
}
