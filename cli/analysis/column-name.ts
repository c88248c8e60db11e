import type { ProjectLineage } from '../../runner/lineage/lineage.ts';
import type { ColumnName } from '../../runner/lineage/trace.ts';
import { hasRelation, type Manifest } from '../../runner/manifest/manifest.ts';
import { nameInId } from '../../runner/manifest/node-id.ts';
import { UsageError } from '../../runner/text/errors.ts';
import { didYouMean, nearest } from '../../runner/text/suggest.ts';

/**
 * The columns that arguments name: `model.column`, `source.table.column`, `model` for all of its columns, and
 * `source.table.column.way.into.a.document`. Names of columns may have dots themselves.
 * @throws UsageError for what is no node, or no column of it.
 */
export function columnsNamed(
  names: readonly string[],
  manifest: Pick<Manifest, 'nodes'>,
  lineage: ProjectLineage,
): ColumnName[] {
  const nodes = new Map([...manifest.nodes.values()].filter(hasRelation).map((node) => [node.name, node.id]));
  return names.flatMap((name) => {
    const whole = nodes.get(name);
    if (whole !== undefined) return columnsOf(lineage, whole).map((column) => ({ node: whole, column }));
    const parts = name.split('.');
    // The longest name of a node has precedence: that of a source has a dot.
    for (let count = parts.length - 1; count > 0; count -= 1) {
      const node = nodes.get(parts.slice(0, count).join('.'));
      if (node !== undefined) return [columnOf(node, parts.slice(count), lineage)];
    }
    const guess = nearest(parts[0] ?? '', nodes.keys()) ?? nearest(parts.slice(0, -1).join('.'), nodes.keys());
    throw new UsageError({
      what: `there is no model, seed or source "${parts.slice(0, -1).join('.') || name}"`,
      hint: guess === undefined ? 'See `datacycle ls`; write model.column.' : `Did you mean "${guess}"?`,
    });
  });
}

function columnOf(node: string, parts: readonly string[], lineage: ProjectLineage): ColumnName {
  const columns = columnsOf(lineage, node);
  for (let count = parts.length; count > 0; count -= 1) {
    const column = parts.slice(0, count).join('.');
    const path = parts.slice(count).join('.');
    if (columns.includes(column)) return { node, column, ...(path === '' ? {} : { path }) };
  }
  const name = nameInId(node);
  throw new UsageError({
    what: `${name} has no column "${parts.join('.')}"`,
    hint: didYouMean(parts.join('.'), columns) ?? `See \`datacycle ls --columns --select ${name}\`.`,
  });
}

function columnsOf(lineage: ProjectLineage, node: string): string[] {
  return lineage[node]?.columns.map(({ column }) => column) ?? [];
}
