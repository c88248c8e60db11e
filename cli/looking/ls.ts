import { compiledProject } from '../../runner/cache/cache.ts';
import type { Compiled } from '../../runner/compile/compile.ts';
import { hasRelation, isBuilt, type Node } from '../../runner/manifest/manifest.ts';
import type { Project } from '../../runner/project/project.ts';
import { manifestFile } from '../../runner/selection/manifest-file.ts';
import { type Selectable, selectablesOf } from '../../runner/selection/selectable.ts';
import { uniqueId } from '../../runner/selection/unique-id.ts';
import { UsageError } from '../../runner/text/errors.ts';
import { chosenNodes, type SelectionFlags } from '../selection/chosen-nodes.ts';
import { formatTable } from '../terminal/table.ts';
import type { Terminal } from '../terminal/terminal.ts';

export interface ListFlags extends SelectionFlags {
  /** As in dbt, `--select` and only models of that. */
  readonly models?: readonly string[] | undefined;
  readonly output?: string | undefined;
  readonly outputKeys?: readonly string[] | undefined;
}

interface Listed {
  readonly node: Node;
  readonly as: Selectable;
}

/** Lists what a selection names, in the order it would be built. */
export async function list(project: Project, flags: ListFlags, terminal: Terminal): Promise<0> {
  const compiled = await compiledProject(project);
  const chosen = await chosenNodes(compiled, usualKinds(onlyModels(flags)), terminal);
  const { nodes } = selectablesOf(compiled);
  const listed = compiled.manifest.order.flatMap((id) => {
    const [node, as] = [compiled.manifest.nodes.get(id), nodes.get(id)];
    return node !== undefined && as !== undefined && chosen.has(id) ? [{ node, as }] : [];
  });
  if (listed.length === 0 && !terminal.json) terminal.errors([{ tone: 'warning', text: 'Nothing is selected.' }]);
  switch (terminal.json ? 'json' : (flags.output ?? 'selector')) {
    case 'json':
      for (const one of describedBy(listed, compiled, nodes, keysOf(flags))) terminal.output(JSON.stringify(one));
      return 0;
    case 'path':
      for (const { node } of listed) terminal.output(node.file);
      return 0;
    case 'name':
      for (const { node } of listed) terminal.output(node.name);
      return 0;
    case 'table':
      terminal.output(
        formatTable(
          ['name', 'kind', 'relation', 'file'],
          listed.map(({ node }) => [node.name, kindOf(node), relationOf(node), node.file]),
        ),
      );
      return 0;
    default:
      for (const { as } of listed) terminal.output(selectorOf(as));
      return 0;
  }
}

function onlyModels({ models, ...flags }: ListFlags): ListFlags {
  if (models === undefined) return flags;
  const other = flags.select === undefined ? flags.resourceType && '--resource-type' : '--select';
  if (other !== undefined)
    throw new UsageError({
      what: `--models and ${other} exclude each other`,
      hint: 'Of ls, --models means --select with --resource-type model.',
    });
  return { ...flags, select: models, resourceType: ['model'] };
}

/** As in dbt, analyses are listed only where they are asked for. */
function usualKinds(flags: ListFlags): ListFlags {
  if (flags.resourceType !== undefined && !flags.resourceType.includes('default')) return flags;
  return { ...flags, excludeResourceType: [...(flags.excludeResourceType ?? []), 'analysis'] };
}

/** What selects a node and nothing else, where no two have one name in one folder. */
function selectorOf({ type, project, fqn, source }: Selectable): string {
  if (source !== undefined) return `source:${[project, source.name, source.table].join('.')}`;
  if (type === 'exposure' || type === 'unit_test') return `${type}:${project}.${fqn.at(-1)}`;
  return fqn.join('.');
}

/** A node by dbt's keys and some of ours. */
function describe(
  { node, as }: Listed,
  { project }: Compiled,
  nodes: ReadonlyMap<string, Selectable>,
): Readonly<Record<string, unknown>> {
  const built = isBuilt(node) ? node : undefined;
  return {
    name: as.source?.table ?? node.name,
    resource_type: as.type,
    package_name: project.settings.name,
    source_name: as.source?.name,
    original_file_path: node.file,
    unique_id: uniqueId(as),
    alias: built?.relation.name,
    materialized: built?.materialized,
    relation: relationOf(node),
    file: node.file,
    fqn: as.fqn,
    tags: as.tags,
    group: as.group,
    access: as.access,
    config: as.config,
    depends_on: { nodes: node.dependsOn.flatMap((id) => nodes.get(id) ?? []).map(uniqueId) },
    description: node.description,
    meta: built?.config.meta ?? (node.kind === 'exposure' ? node.meta : undefined),
    schema: hasRelation(node) ? node.relation.schema : undefined,
    patch_path: as.properties,
    columns: hasRelation(node) ? node.columns.map(({ name }) => name) : undefined,
  };
}

function keysOf({ outputKeys }: ListFlags): readonly string[] | undefined {
  return outputKeys?.flatMap((key) => key.split(/[\s,]+/)).filter((key) => key !== '');
}

/**
 * The nodes as objects.
 * @param keys of each: `config.materialized` is the key inside `config`; all of `describe`, if none is given. What is no key of that
 * may be one of the manifest, such as `raw_code`.
 */
function describedBy(
  listed: readonly Listed[],
  compiled: Compiled,
  nodes: ReadonlyMap<string, Selectable>,
  keys: readonly string[] | undefined,
): readonly object[] {
  const described = listed.map((one) => ({ ...describe(one, compiled, nodes) }));
  if (keys === undefined) return described;
  const known = new Set(described.flatMap((one) => Object.keys(one)));
  const needsManifest = keys.some((key) => !known.has(key.split('.')[0] ?? ''));
  const written = needsManifest ? manifestNodes(compiled) : {};
  return described.map((one) => {
    const all = { ...written[String(one.unique_id)], ...one };
    const values = keys.map((key) => [key, key.split('.').reduce(inside, all as unknown)] as const);
    return Object.fromEntries(values.filter(([, value]) => value !== undefined));
  });
}

function manifestNodes(compiled: Compiled): Readonly<Record<string, object>> {
  const { nodes, sources, exposures, unit_tests } = manifestFile(compiled, new Date().toISOString());
  return { ...nodes, ...sources, ...exposures, ...unit_tests };
}

function inside(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Readonly<Record<string, unknown>>)[key]
    : undefined;
}

function kindOf(node: Node): string {
  return node.kind === 'model' ? node.materialized : node.kind;
}

function relationOf(node: Node): string {
  return !hasRelation(node) || node.materialized === 'ephemeral' ? '' : `${node.relation.schema}.${node.relation.name}`;
}
