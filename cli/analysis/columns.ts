import { compiledProject } from '../../runner/cache/cache.ts';
import { hasRelation, type Node } from '../../runner/manifest/manifest.ts';
import { nameInId } from '../../runner/manifest/node-id.ts';
import type { Project } from '../../runner/project/project.ts';
import { chosenNodes } from '../selection/chosen-nodes.ts';
import { lineageOf } from '../selection/column-lineage.ts';
import type { RunFlags } from '../selection/run-flags.ts';
import { formatTable } from '../terminal/table.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { grouped } from './lineage.ts';

export interface ColumnsFlags extends RunFlags {
  readonly output?: string | undefined;
}

/** Lists the columns of what a selection names, with what each comes from directly. */
export async function listColumns(project: Project, flags: ColumnsFlags, terminal: Terminal): Promise<0> {
  const compiled = await compiledProject(project);
  const { manifest } = compiled;
  const selected = await chosenNodes(compiled, flags, terminal);
  const lineage = await lineageOf(compiled);
  const rows = manifest.order.flatMap((id) => {
    const node = manifest.nodes.get(id);
    if (!hasRelation(node) || !selected.has(id)) return [];
    return (lineage[id]?.columns ?? []).map((one) => ({ node, ...one }));
  });
  switch (terminal.json ? 'json' : (flags.output ?? 'name')) {
    case 'json':
      for (const { node, column, from, unknown, place } of rows)
        terminal.output(JSON.stringify({ node: node.id, column, ...declared(node, column), from, unknown, place }));
      return 0;
    case 'path':
      for (const { node, place } of rows)
        terminal.output(place === undefined ? node.file : `${place.file}:${place.line}`);
      return 0;
    case 'table':
      terminal.output(
        formatTable(
          ['node', 'column', 'type', 'from'],
          rows.map(({ node, column, from }) => [
            nameInId(node.id),
            column,
            declared(node, column).data_type,
            grouped(from).join(', '),
          ]),
        ),
      );
      return 0;
    default:
      for (const { node, column } of rows) terminal.output(`${nameInId(node.id)}.${column}`);
      return 0;
  }
}

function declared(node: Extract<Node, { columns: unknown }>, column: string) {
  const spec = node.columns.find(({ name }) => name === column);
  return { data_type: spec?.dataType, description: spec?.description };
}
