import { identifier, relation } from '../../warehouse/quote.ts';
import { Graph } from '../manifest/graph.ts';
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

/**
 * The tables whose rows belong to subjects, each before its upstreams, the tables that it references and those by which its rows
 * are found; schema by schema where possible, so that what people see goes first.
 */
export function subjectNodes({ nodes }: Manifest): readonly SubjectNode[] {
  const all = subjectGraph(nodes);
  const ordered = all
    .order()
    .reverse()
    .map((id) => nodes.get(id))
    .filter(isSubjectNode);
  const graph = all.restrictedTo(new Set(ordered.map(({ id }) => id)));
  const schemaOf = (id: string) => ordered.find((node) => node.id === id)?.relation.schema ?? '';
  const behind = new Map<string, string[]>();
  for (const { id, relation: at } of ordered) {
    const others = graph.upstreams(id).map(schemaOf);
    behind.set(at.schema, [...(behind.get(at.schema) ?? []), ...others.filter((schema) => schema !== at.schema)]);
  }
  const schemas = new Graph(behind);
  if (schemas.findCycle() !== undefined) return ordered;
  return schemas
    .order()
    .reverse()
    .flatMap((schema) => ordered.filter((node) => node.relation.schema === schema));
}

/** Lists of values that tell a subject's rows where nothing else does, by the names that `known_by` gives them; each may be empty. */
export type KnownValues = ReadonlyMap<string, readonly string[]>;

/** SQL for a value: a parameter, or a literal where a statement takes none. */
export type Bind = (value: string) => string;

/** Values as parameters of a statement, in the order in which they were met. */
export class Parameters {
  readonly values: string[] = [];
  readonly bind: Bind = (value) => `$${this.values.push(value)}`;
}

/**
 * The condition that a row of `node`, as `t`, is the subject's:
 * `t."room_id" in (select t1."room_id" from "silver"."dim_rooms" as t1 where ...)`.
 * @param id SQL for the subject's id.
 * @param known with {@link Bind}: what else tells its rows, besides the tables as they are now.
 * @throws NodeError if a table is `known_by` a list that there is not.
 */
export function subjectPredicate(
  node: SubjectNode,
  manifest: Manifest,
  id = '$1',
  known?: { readonly values: KnownValues; readonly bind: Bind },
): string {
  const predicateOf = (one: SubjectNode, depth: number): string => {
    // Every column is qualified: one that the inner table lacks would silently be taken from the outer, and be all rows.
    const column = `${alias(depth)}.${identifier(one.subject.column)}`;
    const target = targetOf(one, manifest);
    const inner = alias(depth + 1);
    const now =
      target === undefined
        ? `${column} = ${id}`
        : `${column} in (select ${inner}.${identifier(one.subject.column)} from ${relation(target.relation)} as ${inner} where ${predicateOf(target, depth + 1)})`;
    const unowned = unownedPredicate(one, manifest, depth);
    if (known === undefined || unowned === undefined) return now;
    const before = Object.entries(one.subject.knownBy ?? {}).flatMap(([name, list]) => {
      const values = known.values.get(list);
      if (values === undefined) throw unknownList(one, list, known.values);
      if (values.length === 0) return [];
      const among = `(select jsonb_array_elements_text(${known.bind(JSON.stringify(values))}::text::jsonb))`;
      return [`${alias(depth)}.${identifier(name)}::text in ${among}`];
    });
    return before.length === 0 ? now : `(${now} or (${unowned} and (${before.join(' or ')})))`;
  };
  return predicateOf(node, 0);
}

/**
 * The condition that a row of `node`, as `t`, belongs to nobody although the table's rows belong to subjects, e.g. because its
 * building is unknown; undefined if constraints make that impossible.
 */
export function unownedPredicate(node: SubjectNode, manifest: Manifest, depth = 0): string | undefined {
  const { column } = node.subject;
  const holds = (type: 'not_null' | 'foreign_key', of?: string) =>
    node.constraints.some(
      (one) =>
        one.type === type &&
        one.columns.includes(column) &&
        (one.type !== 'foreign_key' || (one.toId === of && one.columns.length === 1)),
    );
  const target = targetOf(node, manifest);
  const isKey = node.constraints.some((one) => one.type === 'primary_key' && one.columns.includes(column));
  if ((isKey || holds('not_null')) && (target === undefined || holds('foreign_key', target.id))) return undefined;
  const own = `${alias(depth)}.${identifier(column)}`;
  if (target === undefined) return `${own} is null`;
  const { schema, name } = target.relation;
  const inner = alias(depth + 1);
  return `not exists (select from ${relation(schema, name)} as ${inner} where ${inner}.${identifier(column)} = ${own})`;
}

function unknownList({ name, file }: SubjectNode, list: string, values: KnownValues): NodeError {
  const lists = [...values.keys()];
  return new NodeError({
    what: `subject of ${name}: known_by names "${list}", which nothing knows`,
    where: file,
    hint: didYouMean(list, lists) ?? `There are ${lists.join(', ')}. Nothing was touched.`,
  });
}

function alias(depth: number): string {
  return depth === 0 ? 't' : `t${depth}`;
}

function targetOf(node: SubjectNode, manifest: Manifest): SubjectNode | undefined {
  const { of } = node.subject;
  if (of === undefined) return undefined;
  const target = manifest.nodes.get(of);
  if (!isSubjectNode(target)) throw new Error(`${node.name} finds its subject through ${of}, which has none`);
  return target;
}
