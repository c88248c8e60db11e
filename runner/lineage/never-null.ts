import type { A_Expr, Node } from 'libpg-query';
import { relation } from '../../warehouse/quote.ts';
import { isBuilt, type Manifest } from '../manifest/manifest.ts';
import { conjuncts, constantNumber, constantText, textsOf } from '../sql/tree.ts';
import { columnReferred, type Relation, type Scope } from './scope.ts';

/**
 * The columns of nodes that cannot be NULL, by the ids of the nodes: by a constraint, by a test, or since a build that yields a NULL in
 * `unique_key` fails.
 */
export function neverNullColumns({ nodes }: Pick<Manifest, 'nodes'>): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  const ids = new Map<string, string>();
  for (const node of nodes.values()) {
    if (isBuilt(node)) {
      const keys = node.constraints.flatMap((one) =>
        one.type === 'not_null' || one.type === 'primary_key' ? one.columns : [],
      );
      const { unique_key = [], surrogate_key } = node.config;
      found.set(node.id, new Set([...keys, ...unique_key, ...(surrogate_key === undefined ? [] : [surrogate_key])]));
      ids.set(relation(node.relation), node.id);
    } else if (node.kind === 'source') {
      found.set(node.id, new Set());
      ids.set(relation(node.relation), node.id);
    }
  }
  for (const node of nodes.values())
    if (node.kind === 'test' && node.provenBy?.type === 'not_null')
      found.get(ids.get(relation(node.provenBy.relation)) ?? '')?.add(node.provenBy.column);
  return found;
}

/** Functions that yield NULL for no operands but NULLs. */
const strict: ReadonlySet<string> = new Set(
  'abs btrim ceil date_trunc floor initcap left length lower lpad ltrim md5 normalize octet_length replace reverse right round rpad rtrim split_part substr substring to_char trunc upper timezone'.split(
    ' ',
  ),
);

/** Functions that never yield NULL. */
const always: ReadonlySet<string> = new Set(
  'count row_number rank dense_rank now current_database clock_timestamp statement_timestamp transaction_timestamp'.split(
    ' ',
  ),
);

/** Whether the value of an expression cannot be NULL, as far as the SQL and what is declared tell. */
export function isNeverNull(node: Node | undefined, scope: Scope): boolean {
  if (node === undefined) return false;
  const all = (nodes: readonly Node[] = []) => nodes.every((one) => isNeverNull(one, scope));
  const some = (nodes: readonly Node[] = []) => nodes.some((one) => isNeverNull(one, scope));
  if ('A_Const' in node)
    return constantText(node) !== undefined || constantNumber(node) !== undefined || !isNullConstant(node);
  if ('ColumnRef' in node) {
    const fields = textsOf(node.ColumnRef.fields);
    return scope.neverNull.has(fields.join('.')) || columnReferred(scope, fields)?.neverNull === true;
  }
  if ('TypeCast' in node) return isNeverNull(node.TypeCast.arg, scope);
  if ('CollateClause' in node) return isNeverNull(node.CollateClause.arg, scope);
  if ('CoalesceExpr' in node) return some(node.CoalesceExpr.args);
  if ('MinMaxExpr' in node) return some(node.MinMaxExpr.args);
  if ('NullTest' in node || 'BooleanTest' in node || 'SQLValueFunction' in node) return true;
  if ('CaseExpr' in node) {
    const { args = [], defresult } = node.CaseExpr;
    const results = args.flatMap((one) => ('CaseWhen' in one ? (one.CaseWhen.result ?? []) : []));
    return isNeverNull(defresult, scope) && all(results);
  }
  if ('FuncCall' in node) {
    const name = textsOf(node.FuncCall.funcname).at(-1) ?? '';
    return always.has(name) || (strict.has(name) && all(node.FuncCall.args));
  }
  return (
    'A_Expr' in node && isPlain(node.A_Expr) && all([node.A_Expr.lexpr, node.A_Expr.rexpr].flatMap((one) => one ?? []))
  );
}

/** Operators of text, numbers and comparison, which yield NULL for NULLs alone; those that look into documents do for less. */
function isPlain({ kind, name }: A_Expr): boolean {
  return kind === 'AEXPR_OP' && /^(?:[-+*/%<>=]|<>|<=|>=|\|\|)$/.test(textsOf(name)[0] ?? '');
}

/** Whether a node is the constant NULL, also one with a cast. */
export function isNullConstant(node: Node): boolean {
  if ('TypeCast' in node) return node.TypeCast.arg !== undefined && isNullConstant(node.TypeCast.arg);
  return 'A_Const' in node && (node.A_Const as { isnull?: boolean }).isnull === true;
}

/** The names of columns that a condition demands to be there: `a is not null`, and what a comparison must know. */
export function demanded(condition: Node | undefined): string[] {
  return conjuncts(condition).flatMap((one) => {
    if ('NullTest' in one) return one.NullTest.nulltesttype === 'IS_NOT_NULL' ? nameOf(one.NullTest.arg) : [];
    if (!('A_Expr' in one) || !isPlain(one.A_Expr)) return [];
    return [...nameOf(one.A_Expr.lexpr), ...nameOf(one.A_Expr.rexpr)];
  });
}

function nameOf(node: Node | undefined): string[] {
  return node !== undefined && 'ColumnRef' in node ? [textsOf(node.ColumnRef.fields).join('.')] : [];
}

/** The relation where an outer join may find no row of it. */
export function loosened(one: Relation): Relation {
  const columns = one.shape.columns.map((column) => ({ ...column, neverNull: false }));
  return { ...one, shape: { ...one.shape, columns } };
}
