import type { A_Expr, BoolExpr, FuncCall, Node, SubLink } from 'libpg-query';
import { constantNumber, constantText, isStar, nodesBelow, textsOf } from '../sql/tree.ts';
import { asMembers, computed, type Flow, filtered, merge, nothing, taken } from './flow.ts';
import { pathOf } from './json-path.ts';
import { isNullConstant } from './never-null.ts';
import { referred, type Scope, type Shape, starOf } from './scope.ts';

/** What the value of an expression comes from. */
export function flowOf(node: Node | undefined, scope: Scope): Flow {
  if (node === undefined) return nothing;
  if ('ColumnRef' in node) return columnFlow(node.ColumnRef.fields ?? [], scope);
  if ('A_Const' in node) return nothing;
  if ('TypeCast' in node) return computed(flowOf(node.TypeCast.arg, scope), true);
  if ('CollateClause' in node) return flowOf(node.CollateClause.arg, scope);
  if ('A_Expr' in node) return operatorFlow(node.A_Expr, scope);
  if ('FuncCall' in node) return callFlow(node.FuncCall, scope);
  if ('CoalesceExpr' in node) return computed(all(node.CoalesceExpr.args, scope), true);
  if ('CaseExpr' in node) {
    const { arg, args = [], defresult } = node.CaseExpr;
    const cases = args.flatMap((one) => ('CaseWhen' in one ? [one.CaseWhen] : []));
    const results = all([...cases.flatMap(({ result }) => result ?? []), ...(defresult ? [defresult] : [])], scope);
    const conditions = all([...cases.flatMap(({ expr }) => expr ?? []), ...(arg ? [arg] : [])], scope);
    // Constants chosen by a condition are made of what it asks; other values are only chosen by it.
    return merge(computed(results, true), results.parts.size === 0 ? computed(conditions) : filtered(conditions));
  }
  if ('BoolExpr' in node) tellOfNotIn(node.BoolExpr, scope);
  if ('SubLink' in node) return subqueryFlow(node.SubLink, scope);
  if ('A_Indirection' in node) return partFlow(node.A_Indirection, scope);
  // Whatever else there is computes its value from those of its operands.
  return computed(all(nodesBelow(Object.values(node)), scope));
}

/** What the values of several expressions come from. */
export function all(nodes: readonly Node[] | undefined, scope: Scope): Flow {
  return merge(nothing, ...(nodes ?? []).map((node) => flowOf(node, scope)));
}

function columnFlow(fields: readonly Node[], scope: Scope): Flow {
  if (!isStar(fields)) return referred(scope, textsOf(fields));
  // A star as an operand, as in row(t.*).
  const { columns, gaps } = starOf(scope, textsOf(fields));
  return computed(merge({ parts: new Map(), gaps: new Set(gaps) }, ...columns.map(({ flow }) => flow)));
}

function operatorFlow({ kind, name, lexpr, rexpr, location }: A_Expr, scope: Scope): Flow {
  if (kind === 'AEXPR_IN' && textsOf(name)[0] === '<>' && nodesBelow([rexpr]).some(holdsNull))
    scope.ground.onNotIn?.(location, 'a list that holds NULL');
  if (kind === 'AEXPR_NULLIF') return merge(computed(flowOf(lexpr, scope), true), computed(flowOf(rexpr, scope)));
  const [operator] = textsOf(name);
  if (kind === 'AEXPR_OP' && (operator === '->' || operator === '->>')) {
    const member = constantText(rexpr) ?? (constantNumber(rexpr) === undefined ? undefined : '*');
    const document = flowOf(lexpr, scope);
    if (member !== undefined) return taken(document, [member]);
    return merge(taken(document, ['*']), computed(flowOf(rexpr, scope)));
  }
  if (kind === 'AEXPR_OP' && (operator === '#>' || operator === '#>>')) {
    const names = /^\{(.*)\}$/.exec(constantText(rexpr) ?? '')?.[1];
    if (names !== undefined) return taken(flowOf(lexpr, scope), names === '' ? [] : names.split(',').map(member));
  }
  return computed(merge(flowOf(lexpr, scope), flowOf(rexpr, scope)));
}

/** A name in a path as PostgreSQL writes arrays; a number is any element. */
function member(written: string): string {
  const name = written.trim().replace(/^"(.*)"$/, '$1');
  return /^-?\d+$/.test(name) ? '*' : name;
}

/** Functions that yield members or elements of their first argument. */
const elements: ReadonlySet<string> = new Set([
  'jsonb_array_elements',
  'jsonb_array_elements_text',
  'json_array_elements',
  'json_array_elements_text',
  'jsonb_each',
  'jsonb_each_text',
  'json_each',
  'json_each_text',
]);
const jsonPaths: ReadonlySet<string> = new Set([
  'jsonb_path_query',
  'jsonb_path_query_first',
  'jsonb_path_query_array',
]);
const extracts: ReadonlySet<string> = new Set([
  'jsonb_extract_path',
  'jsonb_extract_path_text',
  'json_extract_path',
  'json_extract_path_text',
]);
/** Functions that yield their argument in another form. */
const sameDocument: ReadonlySet<string> = new Set(['to_jsonb', 'to_json', 'jsonb_strip_nulls', 'unnest']);

/** What a call yields: one value, or those of a set-returning function's only column. */
export function callFlow(call: FuncCall, scope: Scope): Flow {
  const name = textsOf(call.funcname).at(-1) ?? '';
  const { args = [] } = call;
  const [first, second] = args;
  const decides = filtered(flowOf(call.agg_filter, scope));
  const yielded = () => {
    if (elements.has(name)) return taken(flowOf(first, scope), ['*']);
    if (jsonPaths.has(name)) {
      const path = pathOf(constantText(second) ?? '');
      return merge(
        path === undefined ? computed(flowOf(first, scope)) : taken(flowOf(first, scope), path),
        computed(all(args.slice(1), scope)),
      );
    }
    if (extracts.has(name)) {
      const names = args.slice(1).map(constantText);
      if (names.every((one) => one !== undefined)) return taken(flowOf(first, scope), names.map(member));
    }
    if (sameDocument.has(name)) return computed(all(args, scope), true);
    if (/^jsonb?_object_agg/.test(name)) return merge(asMembers(flowOf(second, scope)), filtered(flowOf(first, scope)));
    // What takes no operand and stands for several rows tells of the rows themselves.
    if (args.length === 0 && (call.agg_star === true || call.over !== undefined))
      return merge(nothing, ...scope.relations.map(({ shape }) => shape.rows));
    return computed(all(args, scope));
  };
  const value = yielded();
  const order = merge(all(call.agg_order, scope), windowFlow(call.over, scope));
  // A rank or a percentile is made of what it goes by; other functions take their values from the rows that this picks.
  const isOfOrder = args.length === 0 || call.agg_within_group === true;
  return merge(value, decides, isOfOrder ? computed(order) : filtered(order));
}

/** What the rows are cut and ordered by over which a window function goes. */
function windowFlow(window: FuncCall['over'], scope: Scope): Flow {
  if (window === undefined) return nothing;
  const name = window.name ?? window.refname;
  let named: unknown;
  for (let at: Scope | undefined = scope; at !== undefined && named === undefined; at = at.outer)
    named = name === undefined ? undefined : at.windows.get(name);
  return all([...nodesBelow(window), ...nodesBelow(named)], scope);
}

function subqueryFlow(link: SubLink, scope: Scope): Flow {
  const { subLinkType, testexpr, subselect, operName, location } = link;
  if (subLinkType === 'ALL_SUBLINK' && textsOf(operName)[0] === '<>') tellIfNullable(link, location, scope);
  const shape = subqueryShape(subselect, scope);
  const value = merge(nothing, ...shape.columns.map(({ flow }) => flow));
  switch (subLinkType) {
    case 'EXPR_SUBLINK':
      return merge(value, filtered(shape.filters));
    case 'ARRAY_SUBLINK':
      return merge(computed(value), filtered(shape.filters));
    case 'EXISTS_SUBLINK':
      return computed(merge(asOperands(shape.filters), shape.rows));
    default:
      return computed(merge(flowOf(testexpr, scope), value, asOperands(shape.filters)));
  }
}

/** Where it is asked whether there are rows, what decides it is an operand. */
function asOperands({ parts, gaps }: Flow): Flow {
  return { parts: new Map([...parts].map(([key, part]) => [key, { ...part, how: 'computed' }])), gaps };
}

/** `not in` a subquery, and its other form `<> all`. */
function tellOfNotIn({ boolop, args = [], location }: BoolExpr, scope: Scope): void {
  const [only] = args;
  if (scope.ground.onNotIn === undefined || boolop !== 'NOT_EXPR' || only === undefined) return;
  if ('SubLink' in only && only.SubLink.subLinkType === 'ANY_SUBLINK' && only.SubLink.operName === undefined)
    tellIfNullable(only.SubLink, location, scope);
}

function tellIfNullable({ subselect }: SubLink, location: number | undefined, scope: Scope): void {
  const nullable = subqueryShape(subselect, scope).columns.find(({ neverNull }) => neverNull !== true);
  if (nullable !== undefined) scope.ground.onNotIn?.(location, `a subquery whose column ${nullable.name} may be NULL`);
}

function holdsNull(list: Node): boolean {
  return isNullConstant(list) || ('List' in list && (list.List.items ?? []).some(isNullConstant));
}

/** What a subquery yields that may refer to what is around it. */
export function subqueryShape(node: Node | undefined, scope: Scope): Shape {
  if (node === undefined || !('SelectStmt' in node)) return { columns: [], rows: nothing, filters: nothing };
  return scope.ground.query(node.SelectStmt, scope, scope.ctes, scope.ground);
}

function partFlow({ arg, indirection = [] }: { arg?: Node; indirection?: Node[] }, scope: Scope): Flow {
  let flow = flowOf(arg, scope);
  for (const one of indirection) {
    if ('A_Indices' in one) {
      const name = constantText(one.A_Indices.uidx);
      flow = merge(taken(flow, [name ?? '*']), computed(flowOf(one.A_Indices.uidx, scope)));
    } else flow = computed(flow);
  }
  return flow;
}
