import { compiledProject } from '../../runner/cache/cache.ts';
import { hasRelation, isBuilt, type Node } from '../../runner/manifest/manifest.ts';
import { selectNodes } from '../../runner/manifest/select.ts';
import type { Project } from '../../runner/project/project.ts';
import { selectionOf } from '../settings/selection.ts';
import { formatTable } from '../terminal/table.ts';
import type { Terminal } from '../terminal/terminal.ts';
import type { RunFlags } from './run.ts';

export interface ListFlags extends RunFlags {
  readonly resourceType?: readonly string[] | undefined;
  readonly output?: string | undefined;
}

/** Lists what a selection names, in the order it would be built. */
export async function list(project: Project, flags: ListFlags, terminal: Terminal): Promise<0> {
  const { manifest, graph } = await compiledProject(project);
  const selected = selectNodes(manifest, graph, selectionOf(flags));
  const nodes = manifest.order.flatMap((id) => {
    const node = manifest.nodes.get(id);
    return node !== undefined &&
      selected.has(id) &&
      (flags.resourceType === undefined || flags.resourceType.includes(node.kind))
      ? [node]
      : [];
  });
  switch (terminal.json ? 'json' : (flags.output ?? 'name')) {
    case 'json':
      for (const node of nodes) terminal.output(JSON.stringify(describe(node)));
      return 0;
    case 'path':
      for (const node of nodes) terminal.output(node.file);
      return 0;
    case 'table':
      terminal.output(
        formatTable(
          ['name', 'kind', 'relation', 'file'],
          nodes.map((node) => [node.name, kindOf(node), relationOf(node), node.file]),
        ),
      );
      return 0;
    default:
      for (const node of nodes) terminal.output(node.name);
      return 0;
  }
}

function describe(node: Node): object {
  return {
    name: node.name,
    resource_type: node.kind,
    materialized: node.kind === 'model' ? node.materialized : undefined,
    relation: relationOf(node),
    file: node.file,
    tags: node.tags,
    depends_on: node.dependsOn,
    description: node.description,
    group: node.group,
    access: node.kind === 'model' ? node.access : undefined,
    meta: isBuilt(node) ? node.config.meta : node.kind === 'exposure' ? node.meta : undefined,
  };
}

function kindOf(node: Node): string {
  return node.kind === 'model' ? node.materialized : node.kind;
}

function relationOf(node: Node): string {
  return hasRelation(node) && node.materialized !== 'ephemeral' ? `${node.relation.schema}.${node.relation.name}` : '';
}
