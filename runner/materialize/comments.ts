import { identifier, literal, relation } from '../../warehouse/quote.ts';
import type { Comments } from '../catalog.ts';
import type { ModelNode, SeedNode } from '../manifest.ts';
import { run, type Step } from './step.ts';

/**
 * Steps that write the descriptions of a .yml into the database, as comments on a relation and its columns, where they
 * differ from what stands there. Where the .yml says nothing a comment is somebody's own and stays.
 */
export function describeRelation(
  node: Pick<ModelNode | SeedNode, 'relation' | 'description' | 'columns'>,
  standing: Comments,
): Step[] {
  const name = relation(node.relation.schema, node.relation.name);
  const own = differs(node.description, standing.relation)
    ? [run(`comment on ${standing.kind} ${name} is ${literal(node.description).trim()}`)]
    : [];
  const columns = node.columns
    .filter((column) => standing.columns.has(column.name))
    .filter((column) => differs(column.description, standing.columns.get(column.name)))
    .map((column) =>
      run(`comment on column ${name}.${identifier(column.name)} is ${literal(column.description).trim()}`),
    );
  return [...own, ...columns];
}

function differs(description: string, comment: string | null | undefined): boolean {
  return description !== '' && description !== comment;
}
