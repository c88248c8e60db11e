import type { Node } from 'libpg-query';
import { textsOf } from '../sql/tree.ts';

/** The name that PostgreSQL gives to a column of a select list that has no alias. */
export function columnName(node: Node | undefined): string {
  return likelyName(node)?.name ?? '?column?';
}

/** A name, and whether it is one that a name further in would go before: that of a type. */
function likelyName(node: Node | undefined): { readonly name: string; readonly weak: boolean } | undefined {
  if (node === undefined) return undefined;
  const sure = (name: string | undefined) => (name === undefined ? undefined : { name, weak: false });
  if ('ColumnRef' in node) return sure(textsOf(node.ColumnRef.fields).at(-1));
  if ('A_Indirection' in node)
    return sure(textsOf(node.A_Indirection.indirection).at(-1)) ?? likelyName(node.A_Indirection.arg);
  if ('FuncCall' in node) return sure(textsOf(node.FuncCall.funcname).at(-1));
  if ('A_Expr' in node) return node.A_Expr.kind === 'AEXPR_NULLIF' ? sure('nullif') : undefined;
  if ('TypeCast' in node) {
    const inner = likelyName(node.TypeCast.arg);
    const type = textsOf(node.TypeCast.typeName?.names).at(-1);
    return inner !== undefined && !inner.weak ? inner : type === undefined ? inner : { name: type, weak: true };
  }
  if ('CollateClause' in node) return likelyName(node.CollateClause.arg);
  if ('CaseExpr' in node) {
    const inner = likelyName(node.CaseExpr.defresult);
    return inner !== undefined && !inner.weak ? inner : { name: 'case', weak: true };
  }
  if ('SubLink' in node) return subqueryName(node.SubLink);
  if ('A_ArrayExpr' in node) return sure('array');
  if ('RowExpr' in node) return sure('row');
  if ('CoalesceExpr' in node) return sure('coalesce');
  if ('MinMaxExpr' in node) return sure(node.MinMaxExpr.op === 'IS_LEAST' ? 'least' : 'greatest');
  if ('GroupingFunc' in node) return sure('grouping');
  if ('SQLValueFunction' in node)
    return sure((node.SQLValueFunction.op ?? '').replace(/^SVFOP_|_N$/g, '').toLowerCase());
  return undefined;
}

function subqueryName({ subLinkType, subselect }: { subLinkType?: string; subselect?: Node }) {
  if (subLinkType === 'EXISTS_SUBLINK') return { name: 'exists', weak: false };
  if (subLinkType === 'ARRAY_SUBLINK') return { name: 'array', weak: false };
  if (subLinkType !== 'EXPR_SUBLINK' || subselect === undefined || !('SelectStmt' in subselect)) return undefined;
  const [first] = subselect.SelectStmt.targetList ?? [];
  if (first === undefined || !('ResTarget' in first)) return undefined;
  const { name, val } = first.ResTarget;
  return name === undefined ? likelyName(val) : { name, weak: false };
}
