import type { SelectStmt } from 'libpg-query';
import { computed, type Flow, gap, merge, nothing } from './flow.ts';

/** A column that a query or relation has. */
export interface Column {
  readonly name: string;
  readonly flow: Flow;
  /** Where it is written, as a location of the tree. */
  readonly location?: number | undefined;
  /** Whether it cannot be NULL; false where that is not known. */
  readonly neverNull?: boolean | undefined;
}

/** What a query or relation yields. */
export interface Shape {
  readonly columns: readonly Column[];
  /** What a column is that is not among them, where they are not all; undefined: they are all. */
  readonly other?: ((name: string) => Flow) | undefined;
  /** What `*` leaves out, or that it may; undefined: nothing. */
  readonly starGap?: string | undefined;
  /** What its name stands for as a value, of a function that yields single values; undefined: a row. */
  readonly scalar?: Flow | undefined;
  /** What its rows are made of. */
  readonly rows: Flow;
  /** What decides which rows there are. */
  readonly filters: Flow;
}

/** A relation of a from clause, under the name by which columns refer to it. */
export interface Relation {
  readonly name: string | undefined;
  readonly schema?: string | undefined;
  readonly shape: Shape;
}

/** What can be referred to at a place in a query. */
export interface Scope {
  /** Grows from left to right, as the from clause is read. */
  readonly relations: Relation[];
  /** Columns that `using` made one. */
  readonly merged: Map<string, Flow>;
  readonly ctes: ReadonlyMap<string, Shape>;
  readonly windows: Map<string, unknown>;
  /** Names of columns that the conditions of the query demand to be there. */
  readonly neverNull: Set<string>;
  readonly outer: Scope | undefined;
  readonly ground: Ground;
}

/** What lies outside of the SQL. */
export interface Ground {
  /** A relation by its name in the database; undefined: it is no node of the project. */
  readonly relation: (schema: string | undefined, name: string) => Shape | undefined;
  /** An ephemeral model by the name that it has in the SQL. */
  readonly ephemeral: (name: string) => Shape | undefined;
  readonly query: (select: SelectStmt, outer: Scope | undefined, ctes: Scope['ctes'], ground: Ground) => Shape;
  /** Told of `not in` something that may hold NULL. @param what that is. */
  readonly onNotIn?: ((location: number | undefined, what: string) => void) | undefined;
}

/** The columns of a shape under other names, as an alias with a column list gives them. */
export function renamed(shape: Shape, names: readonly string[]): Shape {
  if (names.length === 0) return shape;
  const columns = shape.columns.map((one, index) => ({ ...one, name: names[index] ?? one.name }));
  const more = names
    .slice(columns.length)
    .map((name) => ({ name, flow: shape.other?.(name) ?? gap(`nothing is known of the column ${name}`) }));
  return { ...shape, columns: [...columns, ...more] };
}

/** What the column of a shape comes from; undefined if it has none of that name, as far as can be known. */
export function columnIn(shape: Shape, name: string): Flow | undefined {
  return shape.columns.find((one) => one.name === name)?.flow;
}

/** What a reference to a column, by its parts, comes from. */
export function referred(scope: Scope, fields: readonly string[]): Flow {
  const [first = '', second, third] = fields;
  // A column that is known in an outer scope has precedence over one that is declared nowhere.
  const ways = second === undefined ? [known, undeclared] : [(at: Scope) => qualified(at, first, second, third)];
  for (const way of ways)
    for (let at: Scope | undefined = scope; at !== undefined; at = at.outer) {
      const found = way(at, first);
      if (found !== undefined) return found;
    }
  return gap(`${fields.join('.')} is no column of what is read here, as far as is known`);
}

/** The column that a reference names, where it is a known one. */
export function columnReferred(scope: Scope, fields: readonly string[]): Column | undefined {
  const name = fields.at(-1);
  const qualifier = fields.at(-2);
  for (let at: Scope | undefined = scope; at !== undefined; at = at.outer) {
    if (qualifier === undefined && at.merged.has(name ?? '')) return undefined;
    for (const { name: alias, shape } of at.relations) {
      const found = shape.columns.find((one) => one.name === name);
      if (found !== undefined && (qualifier === undefined || qualifier === alias)) return found;
    }
  }
  return undefined;
}

function known(scope: Scope, name: string): Flow | undefined {
  const merged = scope.merged.get(name);
  if (merged !== undefined) return merged;
  for (const { shape } of scope.relations) {
    const flow = columnIn(shape, name);
    if (flow !== undefined) return flow;
  }
  return undefined;
}

function undeclared(scope: Scope, name: string): Flow | undefined {
  const whole = scope.relations.find((one) => one.name === name);
  if (whole !== undefined) return whole.shape.scalar ?? computed(wholeRow(whole.shape));
  const [open, second] = scope.relations.filter(({ shape }) => shape.other !== undefined);
  if (second === undefined) return open?.shape.other?.(name);
  const names = scope.relations.flatMap((one) => (one.shape.other && one.name) ?? []);
  return gap(`${name} may be a column of any of ${names.join(', ')}, whose columns are not all known`);
}

function qualified(scope: Scope, first: string, second: string, third: string | undefined): Flow | undefined {
  const relation = scope.relations.find((one) =>
    third === undefined ? one.name === first : one.schema === first && one.name === second,
  );
  if (relation !== undefined) {
    const name = third ?? second;
    return (
      columnIn(relation.shape, name) ??
      relation.shape.other?.(name) ??
      gap(`${relation.name ?? ''} has no column ${name}, as far as is known`)
    );
  }
  // `relation.column.field`, or `(column).field` without the brackets that PostgreSQL asks for.
  return third === undefined ? undefined : qualified(scope, first, second, undefined);
}

/** A row as one value: all of its columns. */
function wholeRow({ columns, starGap, rows }: Shape): Flow {
  return merge(...columns.map(({ flow }) => flow), starGap === undefined ? nothing : gap(starGap), rows);
}

/** The columns that a star stands for. @param qualifier what is written before it, if anything. */
export function starOf(scope: Scope, qualifier: readonly string[]): { columns: Column[]; gaps: string[] } {
  const name = qualifier.at(-1);
  for (let at: Scope | undefined = scope; at !== undefined; at = at.outer) {
    const relations = name === undefined ? at.relations : at.relations.filter((one) => one.name === name);
    if (relations.length === 0 && name !== undefined) continue;
    const shared = name === undefined ? at.merged : new Map<string, Flow>();
    return {
      columns: [
        ...[...shared].map(([column, flow]) => ({ name: column, flow })),
        ...relations.flatMap(({ shape }) => shape.columns.filter((one) => !shared.has(one.name))),
      ],
      gaps: relations.flatMap(({ shape }) => shape.starGap ?? []),
    };
  }
  return { columns: [], gaps: [`${qualifier.join('.')}.* names nothing that is read here`] };
}
