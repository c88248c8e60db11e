import type { Alias, JoinExpr, JsonTable, Node, RangeFunction, RangeVar } from 'libpg-query';
import { constantText, textsOf } from '../sql/tree.ts';
import { all, callFlow, flowOf, subqueryShape } from './expression.ts';
import { computed, type Flow, filtered, gap, merge, nothing, taken } from './flow.ts';
import { pathOf } from './json-path.ts';
import { loosened } from './never-null.ts';
import { type Column, columnIn, type Relation, renamed, type Scope, type Shape } from './scope.ts';

/** Adds what an item of a from clause brings into the scope. @returns what it says about which rows count. */
export function readFrom(item: Node, scope: Scope): Flow {
  if ('RangeVar' in item) return add(scope, relationOf(item.RangeVar, scope));
  if ('RangeSubselect' in item) {
    const { lateral = false, subquery, alias } = item.RangeSubselect;
    // Without lateral it sees what is around the whole query, not its neighbours.
    const around = lateral ? scope : { ...scope, relations: [], merged: new Map<string, Flow>() };
    return add(scope, aliased(subqueryShape(subquery, around), alias));
  }
  if ('RangeFunction' in item) return add(scope, functionRelation(item.RangeFunction, scope));
  if ('JoinExpr' in item) return join(item.JoinExpr, scope);
  if ('JsonTable' in item) return add(scope, jsonTable(item.JsonTable, scope));
  if ('RangeTableSample' in item && item.RangeTableSample.relation !== undefined)
    return readFrom(item.RangeTableSample.relation, scope);
  const what = gap('something of this from clause is not understood');
  return add(scope, { name: undefined, shape: { columns: [], other: () => what, rows: what, filters: nothing } });
}

function add(scope: Scope, relation: Relation): Flow {
  scope.relations.push(relation);
  return relation.shape.filters;
}

function aliased(shape: Shape, alias: Alias | undefined, name?: string): Relation {
  return { name: alias?.aliasname ?? name, shape: renamed(shape, textsOf(alias?.colnames)) };
}

function relationOf({ schemaname, relname = '', alias }: RangeVar, scope: Scope): Relation {
  const { ground, ctes } = scope;
  const named = schemaname === undefined ? (ground.ephemeral(relname) ?? ctes.get(relname)) : undefined;
  const shape = named ?? ground.relation(schemaname, relname) ?? unknownRelation(schemaname, relname);
  return { ...aliased(shape, alias, relname), schema: alias === undefined ? schemaname : undefined };
}

function unknownRelation(schema: string | undefined, name: string): Shape {
  const full = schema === undefined ? name : `${schema}.${name}`;
  const what = `${full} is no model, seed or source of the project`;
  return { columns: [], other: () => gap(what), starGap: what, rows: gap(what), filters: nothing };
}

function join({ jointype, isNatural, larg, rarg, usingClause, quals, alias }: JoinExpr, scope: Scope): Flow {
  const begin = scope.relations.length;
  const left = larg === undefined ? nothing : readFrom(larg, scope);
  const middle = scope.relations.length;
  const right = rarg === undefined ? nothing : readFrom(rarg, scope);
  const sides = [scope.relations.slice(begin, middle), scope.relations.slice(middle)] as const;
  const shared = isNatural === true ? commonNames(...sides) : textsOf(usingClause);
  const keys = shared.map((name) => {
    const one = scope.merged.get(name) ?? inSide(sides[0], name);
    const other = inSide(sides[1], name);
    scope.merged.set(name, sharedFlow(jointype, one, other));
    return filtered(merge(one, other));
  });
  for (let at = begin; at < scope.relations.length; at += 1) {
    const isLoose = jointype === 'JOIN_FULL' || jointype === (at < middle ? 'JOIN_RIGHT' : 'JOIN_LEFT');
    const one = scope.relations[at];
    if (isLoose && one !== undefined) scope.relations[at] = loosened(one);
  }
  if (alias !== undefined) {
    const inside = scope.relations.splice(begin);
    const columns = inside.flatMap(({ shape }) => shape.columns);
    const rows = merge(nothing, ...inside.map(({ shape }) => shape.rows));
    scope.relations.push(aliased({ columns, rows, filters: nothing }, alias));
  }
  return merge(left, right, filtered(flowOf(quals, scope)), ...keys);
}

function sharedFlow(kind: JoinExpr['jointype'], one: Flow, other: Flow): Flow {
  if (kind === 'JOIN_FULL') return computed(merge(one, other));
  return kind === 'JOIN_RIGHT' ? merge(other, filtered(one)) : merge(one, filtered(other));
}

function inSide(relations: readonly Relation[], name: string): Flow {
  for (const { shape } of relations) {
    const flow = columnIn(shape, name);
    if (flow !== undefined) return flow;
  }
  const open = relations.find(({ shape }) => shape.other !== undefined);
  return open?.shape.other?.(name) ?? gap(`${name} is no column of what is joined here, as far as is known`);
}

function commonNames(left: readonly Relation[], right: readonly Relation[]): string[] {
  const names = new Set(left.flatMap(({ shape }) => shape.columns.map(({ name }) => name)));
  return right.flatMap(({ shape }) => shape.columns.flatMap(({ name }) => (names.has(name) ? [name] : [])));
}

/** Functions whose only column has a name of its own, whatever the alias is. */
const ownNames: Readonly<Record<string, string>> = {
  jsonb_array_elements: 'value',
  jsonb_array_elements_text: 'value',
  json_array_elements: 'value',
  json_array_elements_text: 'value',
};

/** Functions that yield one column, named like the alias. */
const oneColumn: ReadonlySet<string> = new Set([
  'generate_series',
  'generate_subscripts',
  'unnest',
  'jsonb_path_query',
  'jsonb_object_keys',
  'json_object_keys',
  'regexp_matches',
  'regexp_split_to_table',
  'string_to_table',
]);

function functionRelation({ functions = [], coldeflist, ordinality, alias }: RangeFunction, scope: Scope): Relation {
  const parts = functions.flatMap((one) => {
    const [call, definitions] = 'List' in one ? (one.List.items ?? []) : [];
    const listed = definitions !== undefined && 'List' in definitions ? definitions.List.items : coldeflist;
    return call === undefined ? [] : [functionShape(call, listed ?? [], alias?.aliasname, scope)];
  });
  const operands = computed(merge(nothing, ...parts.map(({ rows }) => rows)));
  const [only, second] = parts;
  const isScalar = second === undefined && only?.columns.length === 1 && only.other === undefined;
  const shape: Shape = {
    scalar: isScalar && ordinality !== true && coldeflist === undefined ? only.columns[0]?.flow : undefined,
    columns: [
      ...parts.flatMap(({ columns }) => columns),
      ...(ordinality === true ? [{ name: 'ordinality', flow: operands }] : []),
    ],
    other: parts.find((part) => part.other !== undefined)?.other,
    starGap: parts.find((part) => part.starGap !== undefined)?.starGap,
    rows: operands,
    filters: filtered(operands),
  };
  return aliased(shape, alias, only?.name);
}

/** What a function yields; its rows come from its operands. */
function functionShape(
  node: Node,
  definitions: readonly Node[],
  alias: string | undefined,
  scope: Scope,
): Pick<Shape, 'columns' | 'other' | 'starGap' | 'rows'> & { readonly name: string } {
  const call = 'FuncCall' in node ? node.FuncCall : undefined;
  const name = textsOf(call?.funcname).at(-1) ?? 'function';
  const value = call === undefined ? flowOf(node, scope) : callFlow(call, scope);
  const operands = all(call?.args ?? [node], scope);
  const one = (column: string) => ({ name, columns: [{ name: column, flow: value }], rows: operands });
  if (definitions.length > 0) {
    const each = name.endsWith('_to_recordset') ? ['*'] : [];
    const isDocument = /^jsonb?_to_record/.test(name);
    const columns = definitions.flatMap((definition) => {
      const column = 'ColumnDef' in definition ? definition.ColumnDef.colname : undefined;
      if (column === undefined) return [];
      return [{ name: column, flow: isDocument ? taken(operands, [...each, column]) : computed(operands) }];
    });
    return { name, columns, rows: operands };
  }
  if (/^jsonb?_each(_text)?$/.test(name))
    return {
      name,
      columns: [
        { name: 'key', flow: computed(value) },
        { name: 'value', flow: value },
      ],
      rows: operands,
    };
  const own = ownNames[name];
  if (own !== undefined) return one(own);
  if (name === 'unnest' && (call?.args ?? []).length > 1)
    return {
      name,
      columns: (call?.args ?? []).map((arg) => ({ name: alias ?? name, flow: computed(flowOf(arg, scope), true) })),
      rows: operands,
    };
  if (oneColumn.has(name) || call === undefined) return one(alias ?? name);
  return {
    ...one(alias ?? name),
    other: () => computed(operands),
    starGap: `which columns ${name}() yields is not known without a database`,
  };
}

function jsonTable({ context_item, columns = [], pathspec, alias }: JsonTable, scope: Scope): Relation {
  const document = flowOf(context_item?.raw_expr, scope);
  const rows = taken(document, pathOf(constantText(pathspec?.string) ?? '') ?? ['*']);
  return aliased(
    { columns: tableColumns(columns, rows), rows: computed(document), filters: filtered(document) },
    alias,
    'json_table',
  );
}

function tableColumns(columns: readonly Node[], document: Flow): Column[] {
  return columns.flatMap((node) => {
    if (!('JsonTableColumn' in node)) return [];
    const { coltype, name, pathspec, columns: nested = [] } = node.JsonTableColumn;
    const written = constantText(pathspec?.string);
    const path = written === undefined ? [name ?? ''] : (pathOf(written) ?? ['*']);
    if (coltype === 'JTC_NESTED') return tableColumns(nested, taken(document, path));
    const flow = coltype === 'JTC_FOR_ORDINALITY' ? computed(document) : taken(document, path);
    return name === undefined ? [] : [{ name, flow }];
  });
}
