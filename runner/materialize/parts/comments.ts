import { identifier, literal, relation } from '../../../warehouse/quote.ts';
import type { Comments } from '../../database/attachments.ts';
import type { BuiltNode } from '../../manifest/manifest.ts';
import { run, type Step } from './step.ts';

/**
 * Writes the descriptions of a .yml as comments on a relation and its columns, where they differ from the existing comments. Where
 * the .yml says nothing, or persist_docs is false, a comment that was written by hand stays.
 * ```sql
 * comment on table t is '...'; comment on column t."room" is '...';
 * ```
 * @param before the comments of the relation of the same name that this one replaced.
 */
export function describeRelation(
  node: Pick<BuiltNode, 'relation' | 'description' | 'columns' | 'config'>,
  existing: Comments,
  before?: Comments | undefined,
): Step[] {
  const name = relation(node.relation);
  const steps: Step[] = [];
  const comment = (on: string, description: string | undefined, existing: string | null, replaced: string | null) => {
    const wanted = description !== undefined && description !== '' ? description : (existing ?? replaced);
    if (wanted !== null && wanted !== existing) steps.push(run(`comment on ${on} is ${literal(wanted).trim()}`));
  };
  const { relation: ofRelation = true, columns: ofColumns = true } = node.config.persist_docs ?? {};
  const description = ofRelation ? node.description : undefined;
  comment(`${existing.kind} ${name}`, description, existing.relation, before?.relation ?? null);
  const described = new Map(ofColumns ? node.columns.map((column) => [column.name, column.description]) : []);
  for (const [column, text] of existing.columns)
    comment(`column ${name}.${identifier(column)}`, described.get(column), text, before?.columns.get(column) ?? null);
  return steps;
}

/** The comments of a relation that was just made: none. */
export function withoutComments(kind: Comments['kind'], columns: readonly { readonly name: string }[]): Comments {
  return { kind, relation: null, columns: new Map(columns.map(({ name }) => [name, null])) };
}
