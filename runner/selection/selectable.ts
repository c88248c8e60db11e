import { basename, dirname } from 'node:path/posix';
import type { Compiled } from '../compile/compile.ts';
import { Graph } from '../manifest/graph.ts';
import type { BuiltNode, Node, SourceNode } from '../manifest/manifest.ts';
import type { TestNode } from '../manifest/test-node.ts';

/** The kinds of nodes, by dbt's names; a project of ours has none of the kinds behind `analysis`. */
export const resourceTypes = [
  'model',
  'seed',
  'snapshot',
  'test',
  'source',
  'exposure',
  'unit_test',
  'analysis',
  'metric',
  'saved_query',
  'semantic_model',
  'function',
] as const;
export type ResourceType = (typeof resourceTypes)[number];

/** A node as selectors see it. */
export interface Selectable {
  readonly id: string;
  readonly type: ResourceType;
  /** Project, folders, name: what `fqn:` compares. */
  readonly fqn: readonly string[];
  readonly project: string;
  readonly tags: readonly string[];
  /** Where it is written, and the .yml that describes it. */
  readonly file: string;
  readonly properties: string | undefined;
  readonly group: string | undefined;
  /** Of models alone. */
  readonly access: string | undefined;
  /** Undefined for what has no settings that can be selected by. */
  readonly config: Readonly<Record<string, unknown>> | undefined;
  /** Of a generic test, which it is. */
  readonly generic: string | undefined;
  /** Of a source: the names of the source and of the table. */
  readonly source: { readonly name: string; readonly table: string } | undefined;
  readonly dependsOn: readonly string[];
  /** What else it may be called: its id, and names that reports show. */
  readonly aliases: readonly string[];
}

/** The nodes of a project as selectors see them, and how they depend on each other. */
export interface Selectables {
  readonly nodes: ReadonlyMap<string, Selectable>;
  readonly graph: Graph;
}

/** Of each manifest once: a run selects from it and writes it. */
const known = new WeakMap<Compiled['manifest'], Selectables>();

/** The nodes of a compiled project as selectors see them. */
export function selectablesOf(compiled: Pick<Compiled, 'manifest' | 'project'>): Selectables {
  const found = known.get(compiled.manifest);
  if (found !== undefined) return found;
  const nodes = new Map<string, Selectable>();
  for (const node of compiled.manifest.nodes.values()) nodes.set(node.id, selectable(node, compiled));
  const graph = new Graph(new Map([...nodes].map(([id, { dependsOn }]) => [id, dependsOn])));
  const selectables = { nodes, graph };
  known.set(compiled.manifest, selectables);
  return selectables;
}

export function typeOf(node: Node): ResourceType {
  return node.kind === 'model' && node.materialized === 'snapshot' ? 'snapshot' : node.kind;
}

function selectable(node: Node, { project }: Pick<Compiled, 'project'>): Selectable {
  const name = project.settings.name;
  const base = {
    id: node.id,
    type: typeOf(node),
    project: name,
    fqn: [
      name,
      ...foldersOf(node.file, Object.values(project.folders).flat()),
      ...fileOf(node, project.folders),
      node.name,
    ],
    tags: node.tags,
    file: node.file,
    properties: undefined,
    group: undefined,
    access: undefined,
    config: undefined,
    generic: undefined,
    source: undefined,
    dependsOn: node.dependsOn,
    aliases: [node.id],
  } as const;
  switch (node.kind) {
    case 'model':
    case 'seed':
      return {
        ...base,
        properties: node.describedIn,
        group: node.group,
        access: node.kind === 'model' ? node.access : undefined,
        config: configOf(node),
        aliases: [node.id, `${node.relation.schema}.${node.relation.name}`],
      };
    case 'source': {
      const [source = '', ...table] = node.name.split('.');
      return {
        ...base,
        fqn: [...base.fqn.slice(0, -1), source, table.join('.')],
        config: sourceConfig(node),
        source: { name: source, table: table.join('.') },
      };
    }
    case 'test':
      return {
        ...base,
        fqn: [...base.fqn.slice(0, -1), node.dbtName ?? node.name],
        group: node.group,
        config: testConfig(node),
        generic: node.generic,
        aliases: [node.id, node.name],
      };
    case 'unit_test':
      return {
        ...base,
        fqn: [...base.fqn.slice(0, -1), node.model.name, node.name],
        group: node.group,
        config: { enabled: true, meta: node.meta, tags: node.tags },
      };
    case 'exposure':
    case 'analysis':
      return base;
    default:
      return node satisfies never;
  }
}

/** As in dbt, a snapshot of a .sql file in snapshots/ has the file's name before its own. */
function fileOf(node: Node, { snapshot }: Compiled['project']['folders']): string[] {
  const isBlock = node.materialized === 'snapshot' && snapshot.some((folder) => node.file.startsWith(`${folder}/`));
  return isBlock && node.file.endsWith('.sql') ? [basename(node.file, '.sql')] : [];
}

/** The folders between that of its kind (models/, seeds/, tests/) and a file. */
function foldersOf(file: string, roots: readonly string[]): string[] {
  const root = roots.find((path) => file.startsWith(`${path}/`)) ?? file.split('/')[0] ?? '';
  return dirname(file)
    .slice(root.length)
    .split('/')
    .filter((part) => part !== '' && part !== '.');
}

/** The settings of a model or seed with what holds where nothing is set. */
function configOf(node: BuiltNode): Record<string, unknown> {
  return {
    enabled: true,
    on_schema_change: 'ignore',
    meta: {},
    contract: { enforced: false },
    docs: { show: true },
    ...node.config,
    materialized: node.materialized,
    tags: node.tags,
    group: node.group,
    ...(node.kind === 'model' ? { access: node.access } : {}),
  };
}

function sourceConfig(node: SourceNode): Record<string, unknown> {
  return { enabled: true, event_time: node.eventTime, tags: node.tags, meta: node.meta };
}

function testConfig(node: TestNode): Record<string, unknown> {
  return {
    enabled: true,
    materialized: 'test',
    fail_calc: 'count(*)',
    warn_if: '!= 0',
    error_if: '!= 0',
    meta: {},
    tags: [],
    ...node.config,
    severity: node.severity,
    group: node.group,
  };
}
