import type { CommonTableExpr, Node, SelectStmt, WithClause } from 'libpg-query';
import { bareNames, columnFields, constantNumber, isNode, isStar, nodesBelow, textOf, textsOf } from '../sql/tree.ts';
import { columnName } from './column-name.ts';
import { all, flowOf } from './expression.ts';
import { computed, type Flow, filtered, gap, merge, nothing } from './flow.ts';
import { readFrom } from './from.ts';
import { demanded, isNeverNull } from './never-null.ts';
import { type Column, columnIn, type Ground, renamed, type Scope, type Shape, starOf } from './scope.ts';

/** What a query yields. @param outer what it may refer to beside what it reads itself. */
export function queryShape(select: SelectStmt, outer: Scope | undefined, around: Scope['ctes'], ground: Ground): Shape {
  const ctes = withCtes(select.withClause, outer, around, ground);
  const { op = 'SETOP_NONE', larg, rarg } = select;
  if (op !== 'SETOP_NONE' && larg !== undefined && rarg !== undefined) {
    const sides = [queryShape(larg, outer, ctes, ground), queryShape(rarg, outer, ctes, ground)] as const;
    return combined(op, select, ...sides);
  }
  const scope: Scope = {
    relations: [],
    merged: new Map(),
    ctes,
    windows: new Map(),
    neverNull: new Set(),
    outer,
    ground,
  };
  if (select.valuesLists !== undefined) return valuesShape(select.valuesLists, scope);
  return selectShape(select, scope);
}

function selectShape(select: SelectStmt, scope: Scope): Shape {
  const read = (select.fromClause ?? []).map((item) => readFrom(item, scope));
  for (const node of select.windowClause ?? [])
    if ('WindowDef' in node && node.WindowDef.name !== undefined)
      scope.windows.set(node.WindowDef.name, node.WindowDef);
  for (const name of demanded(select.whereClause)) scope.neverNull.add(name);
  const gaps: string[] = [];
  const columns = (select.targetList ?? []).flatMap((node): Column[] => {
    if (!('ResTarget' in node)) return [];
    const { name, val, location } = node.ResTarget;
    const fields = columnFields(val);
    if (!isStar(fields))
      return [
        {
          name: name ?? columnName(val),
          flow: flowOf(val, scope),
          location: location ?? 0,
          neverNull: isNeverNull(val, scope),
        },
      ];
    const star = starOf(scope, textsOf(fields));
    gaps.push(...star.gaps);
    return star.columns.map((one) => ({
      ...one,
      location: location ?? 0,
      neverNull: one.neverNull === true || scope.neverNull.has(one.name),
    }));
  });
  const isInput = (name: string) =>
    scope.merged.has(name) || scope.relations.some(({ shape }) => columnIn(shape, name) !== undefined);
  const named = (nodes: readonly Node[] | undefined, inputFirst: boolean): Flow =>
    merge(
      nothing,
      ...(nodes ?? []).map((node) => outputFlow(node, columns, scope, inputFirst ? isInput : () => false)),
    );
  const filters = merge(
    ...read,
    filtered(flowOf(select.whereClause, scope)),
    filtered(named(select.groupClause, true)),
    filtered(flowOf(select.havingClause, scope)),
    filtered(distinctFlow(select.distinctClause, columns, scope)),
    filtered(decidesByOrder(select) ? named(select.sortClause, false) : nothing),
    filtered(all([...(select.limitCount ? [select.limitCount] : [])], scope)),
  );
  const open = scope.relations.filter(({ shape }) => shape.other !== undefined);
  const others = (name: string) => {
    const [only, second] = open;
    return second === undefined && only?.shape.other !== undefined
      ? only.shape.other(name)
      : gap(`${name} comes by a * over several relations whose columns are not all known`);
  };
  return {
    columns,
    other: gaps.length > 0 ? others : undefined,
    starGap: gaps[0],
    rows: merge(nothing, ...scope.relations.map(({ shape }) => shape.rows)),
    filters,
  };
}

/** An expression that may name a column of the output, by its name or its number. */
function outputFlow(node: Node, columns: readonly Column[], scope: Scope, isInput: (name: string) => boolean): Flow {
  const expression = 'SortBy' in node ? node.SortBy.node : node;
  const number = constantNumber(expression);
  if (number !== undefined) return columns[number - 1]?.flow ?? nothing;
  const [first, second] = columnFields(expression);
  const name = second === undefined ? textOf(first) : undefined;
  const output = name === undefined || isInput(name) ? undefined : columns.find((one) => one.name === name);
  return output?.flow ?? flowOf(expression, scope);
}

/** `distinct` is a list with one empty entry, `distinct on` the list of its expressions. */
function distinctFlow(clause: readonly Node[] | undefined, columns: readonly Column[], scope: Scope): Flow {
  if (clause === undefined) return nothing;
  return clause.some(isNode) ? all(clause, scope) : merge(nothing, ...columns.map(({ flow }) => flow));
}

/** Whether the order decides which rows there are. `offset 0` leaves all of them. */
function decidesByOrder({ limitCount, limitOffset, distinctClause }: SelectStmt): boolean {
  const skips = limitOffset !== undefined && constantNumber(limitOffset) !== 0;
  return limitCount !== undefined || skips || (distinctClause ?? []).some(isNode);
}

function valuesShape(lists: readonly Node[], scope: Scope): Shape {
  const rows = lists.map((list) => ('List' in list ? (list.List.items ?? []) : []));
  const columns = (rows[0] ?? []).map((_, index) => ({
    name: `column${index + 1}`,
    neverNull: rows.every((row) => isNeverNull(row[index], scope)),
    flow: all(
      rows.flatMap((row) => row[index] ?? []),
      scope,
    ),
  }));
  return { columns, rows: nothing, filters: nothing };
}

function combined(op: string, select: SelectStmt, left: Shape, right: Shape): Shape {
  // Of what is intersected or excepted, the values are those of the first.
  const isUnion = op === 'SETOP_UNION';
  const columns = left.columns.map((one, index) => {
    const other = right.columns[index]?.flow ?? nothing;
    const neverNull = one.neverNull === true && (!isUnion || right.columns[index]?.neverNull === true);
    return { ...one, neverNull, flow: isUnion ? merge(one.flow, other) : one.flow };
  });
  const compared =
    select.all === true && isUnion
      ? nothing
      : merge(nothing, ...[...left.columns, ...right.columns].map((one) => one.flow));
  const starGap = left.starGap ?? right.starGap;
  const order = decidesByOrder(select) ? merge(nothing, ...columns.map(({ flow }) => flow)) : nothing;
  return {
    columns,
    other: starGap === undefined ? undefined : () => gap(`a * hides which columns meet: ${starGap}`),
    starGap,
    rows: merge(left.rows, right.rows),
    filters: merge(left.filters, right.filters, filtered(compared), filtered(order)),
  };
}

function withCtes(
  clause: WithClause | undefined,
  outer: Scope | undefined,
  around: Scope['ctes'],
  ground: Ground,
): ReadonlyMap<string, Shape> {
  if (clause === undefined) return around;
  const ctes = new Map(around);
  for (const node of clause.ctes ?? []) {
    if (!('CommonTableExpr' in node)) continue;
    const { ctename = '', ctequery } = node.CommonTableExpr;
    const select = ctequery !== undefined && 'SelectStmt' in ctequery ? ctequery.SelectStmt : undefined;
    if (select === undefined) {
      const what = `what ${ctename} changes and returns is not followed`;
      ctes.set(ctename, { columns: [], other: () => gap(what), starGap: what, rows: nothing, filters: nothing });
      continue;
    }
    const shapeNow = () => finished(queryShape(select, outer, ctes, ground), node.CommonTableExpr);
    if (clause.recursive === true && select.larg !== undefined && bareNames(select).includes(ctename)) {
      // The rows that it begins with, then twice what they bring: by then nothing new comes.
      ctes.set(ctename, finished(queryShape(select.larg, outer, ctes, ground), node.CommonTableExpr));
      ctes.set(ctename, shapeNow());
    }
    ctes.set(ctename, shapeNow());
  }
  return ctes;
}

/** With the names that the common table expression gives, and the columns that `search` and `cycle` add. */
function finished(shape: Shape, { aliascolnames, search_clause: search, cycle_clause: cycle }: CommonTableExpr): Shape {
  const keys = [...nodesBelow(search?.search_col_list), ...nodesBelow(cycle?.cycle_col_list)];
  const flow = computed(merge(nothing, ...textsOf(keys).map((name) => columnIn(shape, name) ?? nothing)));
  const added = [search?.search_seq_column, cycle?.cycle_mark_column, cycle?.cycle_path_column];
  const result = renamed(shape, textsOf(aliascolnames));
  return {
    ...result,
    columns: [...result.columns, ...added.flatMap((name) => (name === undefined ? [] : [{ name, flow }]))],
  };
}
