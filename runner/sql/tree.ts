import type { Node } from 'libpg-query';

/** The nodes of a tree that are nearest below a value, which may be a node's own content: its operands, whatever its kind. */
export function nodesBelow(value: unknown): Node[] {
  if (Array.isArray(value)) return value.flatMap((one) => (isNode(one) ? [one] : nodesBelow(one)));
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap((one) => (isNode(one) ? [one] : nodesBelow(one)));
}

/** Whether a value is a node, that is an object with its kind as the only key. */
export function isNode(value: unknown): value is Node {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const [kind, second] = Object.keys(value);
  return kind !== undefined && second === undefined && /^[A-Z]/.test(kind);
}

/** The kind and the content of a node. */
export function contentOf(node: Node): readonly [kind: string, content: unknown] {
  return Object.entries(node)[0] ?? ['', undefined];
}

/** All nodes below a value and the value itself, if it is one, a node before those below it. */
export function* allNodes(value: unknown): Generator<Node> {
  if (isNode(value)) {
    yield value;
    yield* allNodes(contentOf(value)[1]);
  } else {
    for (const node of nodesBelow(value)) yield* allNodes(node);
  }
}

/** The relations below a value that are named without a schema: tables or common table expressions. */
export function bareNames(value: unknown): string[] {
  return [...allNodes(value)].flatMap((node) =>
    'RangeVar' in node && node.RangeVar.schemaname === undefined ? (node.RangeVar.relname ?? []) : [],
  );
}

/** The parts of a condition that all have to hold. */
export function conjuncts(condition: Node | undefined): Node[] {
  if (condition === undefined) return [];
  if ('BoolExpr' in condition && condition.BoolExpr.boolop === 'AND_EXPR')
    return (condition.BoolExpr.args ?? []).flatMap(conjuncts);
  return [condition];
}

/** The parts of the name of a column, a star among them; none for another node. */
export function columnFields(node: Node | undefined): readonly Node[] {
  return node !== undefined && 'ColumnRef' in node ? (node.ColumnRef.fields ?? []) : [];
}

/** Whether the parts of a name end with a star. */
export function isStar(fields: readonly Node[]): boolean {
  const last = fields.at(-1);
  return last !== undefined && 'A_Star' in last;
}

/** The text of a String node, as in names and aliases; undefined for another. */
export function textOf(node: Node | undefined): string | undefined {
  return node !== undefined && 'String' in node ? (node.String.sval ?? '') : undefined;
}

/** The texts of String nodes. */
export function textsOf(nodes: readonly Node[] | undefined): string[] {
  return (nodes ?? []).flatMap((node) => textOf(node) ?? []);
}

/** The value of a text constant, also one with a cast; undefined for anything else. */
export function constantText(node: Node | undefined): string | undefined {
  if (node === undefined) return undefined;
  if ('TypeCast' in node) return constantText(node.TypeCast.arg);
  if (!('A_Const' in node)) return undefined;
  // A constant of the tree has its value at the top, other than the library's types say of some.
  const { sval } = node.A_Const as { sval?: { sval?: string } };
  return sval === undefined ? undefined : (sval.sval ?? '');
}

/** The value of a number constant; undefined for anything else. */
export function constantNumber(node: Node | undefined): number | undefined {
  if (node === undefined || !('A_Const' in node)) return undefined;
  const { ival } = node.A_Const as { ival?: { ival?: number } };
  return ival === undefined ? undefined : (ival.ival ?? 0);
}
