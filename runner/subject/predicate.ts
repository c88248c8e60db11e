import { identifier, literal, relation } from '../../warehouse/quote.ts';
import { subjectGraph } from '../manifest/lineage.ts';
import type { BuiltNode, Manifest, SubjectOf } from '../manifest/manifest.ts';
import { NodeError } from '../text/errors.ts';
import { didYouMean } from '../text/suggest.ts';

/** A table whose rows belong to subjects. */
export type SubjectNode = BuiltNode & { readonly subject: Exclude<SubjectOf, 'nobody'> };

export function isSubjectNode(node: unknown): node is SubjectNode {
  if (typeof node !== 'object' || node === null || !('subject' in node)) return false;
  return node.subject !== undefined && node.subject !== 'nobody';
}

/** The tables whose rows belong to subjects, each before its upstreams, the tables that it references and those by which its rows are found. */
export function subjectNodes({ nodes }: Manifest): readonly SubjectNode[] {
  const order = subjectGraph(nodes).order().reverse();
  return order.map((id) => nodes.get(id)).filter(isSubjectNode);
}

/** A subject as tables know it. */
export interface KnownSubject {
  readonly id: string;
  /** Lists of values by which rows are the subject's that the tables assign to nobody, by the names that `known_by` gives them. */
  readonly known: Readonly<Record<string, readonly string[]>>;
}

/**
 * The condition that a row of `node`, as `t`, is the subject's:
 * `t."room_id" in (select t1."room_id" from "silver"."dim_rooms" as t1 where ...)`. Through a table that is nobody's, it is nobody's.
 * @throws NodeError if a table is `known_by` a list that there is not.
 */
export function subjectPredicate(node: SubjectNode, manifest: Manifest, subject: KnownSubject, depth = 0): string {
  const { column, of, knownBy = {} } = node.subject;
  const alias = depth === 0 ? 't' : `t${depth}`;
  // Every column is qualified: one that the inner table lacks would silently be taken from the outer, and be all rows.
  const key = `${alias}.${identifier(column)}`;
  const target = of === undefined ? undefined : manifest.nodes.get(of);
  const inner = `t${depth + 1}`;
  const rowsOf = (table: SubjectNode) =>
    `(select ${inner}.${identifier(column)} from ${relation(table.relation)} as ${inner} where ${subjectPredicate(table, manifest, subject, depth + 1)})`;
  const now =
    of === undefined
      ? `${key} = ${literal(subject.id)}`
      : isSubjectNode(target)
        ? `${key} in ${rowsOf(target)}`
        : 'false';
  const before = Object.entries(knownBy).flatMap(([name, list]) => {
    const values = subject.known[list];
    if (values === undefined)
      throw new NodeError({
        what: `subject of ${node.name}: known_by names "${list}", which nothing knows`,
        where: node.file,
        hint: didYouMean(list, Object.keys(subject.known)),
      });
    return values.length === 0
      ? []
      : [`${alias}.${identifier(name)}::text in (${values.map((value) => literal(value)).join(', ')})`];
  });
  if (before.length === 0) return now;
  // Nobody's by the tables as they are, e.g. because its building is unknown.
  const unowned = isSubjectNode(target)
    ? `not exists (select from ${relation(target.relation)} as ${inner} where ${inner}.${identifier(column)} = ${key})`
    : `${key} is null`;
  return `(${now} or (${unowned} and (${before.join(' or ')})))`;
}
