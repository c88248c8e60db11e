// Column lineage: where each column of each node comes from, and how, as PostgreSQL's parser reads the compiled SQL.
//
//   1. flow.ts        what a value comes from: columns of nodes, and ways into the documents in them
//   2. expression.ts  an expression -> a flow; json-path.ts: the way that a jsonpath takes
//   3. scope.ts       which names can be referred to at a place, and what a star stands for
//   4. from.ts        the items of a from clause -> relations, set-returning functions included
//   5. query.ts       a select, union or values -> columns, and what decides which rows there are; column-name.ts names them
//   6. lineage.ts     each node, after its upstreams; the full and the incremental SQL of a model are one; added-columns.ts
//                     has those that the runner adds, never-null.ts tells which cannot be NULL
//   7. trace.ts       the way of one column through all nodes, up and down
//
// No database is asked. What cannot be known without one is said where it is missing: `unknown`.
import { relation } from '../../warehouse/quote.ts';
import { ephemeralModel } from '../manifest/ephemeral-table.ts';
import {
  type BuiltNode,
  hasRelation,
  incrementalSqlOf,
  type Manifest,
  type ModelNode,
  type SeedNode,
  type SourceNode,
} from '../manifest/manifest.ts';
import type { SqlParser } from '../sql/parser.ts';
import { placedQuery } from '../sql/placed-query.ts';
import type { Place } from '../text/place.ts';
import type { SqlText } from '../text/sql-text.ts';
import { addedColumns } from './added-columns.ts';
import {
  column,
  computed,
  type Flow,
  filtered,
  gap,
  type How,
  merge,
  nothing,
  type Part,
  ranks,
  rowsOf,
} from './flow.ts';
import { neverNullColumns } from './never-null.ts';
import { queryShape } from './query.ts';
import type { Column, Ground, Shape } from './scope.ts';

/** A column that another comes from. */
export interface Origin {
  /** The id of a node. */
  readonly node: string;
  /** `*`: its rows as such, as they are counted. */
  readonly column: string;
  /** For a part of a JSON document: the way to it, `*` for each member or element, e.g. `plugs.*.total`. */
  readonly path?: string;
  readonly how: How;
}

export interface ColumnLineage {
  readonly column: string;
  /** Columns of the node's upstreams, or of itself where it reads its own rows; empty for a constant. */
  readonly from: readonly Origin[];
  /** Why something may be missing; empty: nothing is. */
  readonly unknown: readonly string[];
  /** Where the column is written. */
  readonly place?: Place | undefined;
}

export interface NodeLineage {
  readonly node: string;
  readonly columns: readonly ColumnLineage[];
  /** What its rows are made of: the rows of its upstreams, and documents that are taken apart. */
  readonly rowsFrom: readonly Origin[];
  /** What decides which rows there are: conditions, joins, groups. */
  readonly filteredBy: readonly Origin[];
  /** What cannot be known of its columns as a whole, e.g. which there are. */
  readonly unknown: readonly string[];
}

/** Models, seeds and sources. */
export type NodeWithColumns = BuiltNode | SourceNode;

/** By the ids of the nodes, in the order of the manifest; what else there is has none. Plain data. */
export type ProjectLineage = Readonly<Record<string, NodeLineage>>;

export interface LineageOptions {
  readonly parser: SqlParser;
  /** The columns of a seed, as its file has them. */
  readonly seedColumns: (seed: SeedNode) => readonly string[];
  /** Told of `not in` something that may hold NULL, in a model: where, and what that is; more than once maybe. */
  readonly onNotIn?: ((node: ModelNode, place: Place, what: string) => void) | undefined;
}

/** The lineage of all nodes. */
export function columnLineage(manifest: Pick<Manifest, 'nodes' | 'order'>, options: LineageOptions): ProjectLineage {
  const { nodes, order } = manifest;
  const known = new Map<string, Shape>();
  const found: Record<string, NodeLineage> = {};
  const byRelation = new Map<string, NodeWithColumns>();
  for (const node of nodes.values())
    if (hasRelation(node) && node.materialized !== 'ephemeral') byRelation.set(relation(node.relation), node);
  const neverNull = neverNullColumns(manifest);
  const ground = (self: ModelNode, own: Shape): Ground => ({
    query: queryShape,
    relation: (schema, name) => {
      const node = schema === undefined ? undefined : byRelation.get(relation(schema, name));
      return node?.id === self.id ? own : node && (known.get(node.id) ?? undescribed(node));
    },
    ephemeral: (name) => {
      const model = ephemeralModel(name);
      return model === undefined ? undefined : known.get(`model.${model}`);
    },
  });
  for (const id of order) {
    const node = nodes.get(id);
    if (!hasRelation(node)) continue;
    const isNeverNull = (name: string) => neverNull.get(id)?.has(name) === true;
    if (node.kind === 'model') {
      const { lineage, isFilled } = ofModel(node, options, isNeverNull, (own) => ground(node, own));
      found[id] = lineage;
      known.set(
        id,
        shapeOf(node, lineage, (name) => isNeverNull(name) || isFilled(name)),
      );
    } else {
      found[id] = ofRoot(node, options);
      known.set(id, shapeOf(node, found[id], isNeverNull));
    }
  }
  return found;
}

/** A node whose lineage is not there, since it comes later in the order: a cycle that foreign keys allow. */
function undescribed(node: NodeWithColumns): Shape {
  return openShape(node.id, [], `the columns of ${node.name} are not known here`);
}

function openShape(
  id: string,
  names: readonly string[],
  starGap: string,
  neverNull: (name: string) => boolean = () => false,
): Shape {
  return {
    columns: names.map((name) => ({ name, flow: column(id, name), neverNull: neverNull(name) })),
    other: (name) => column(id, name),
    starGap,
    rows: rowsOf(id),
    filters: nothing,
  };
}

/** What reading a node yields: its columns as they are. */
function shapeOf(
  node: NodeWithColumns,
  { columns, unknown }: NodeLineage,
  neverNull: (name: string) => boolean,
): Shape {
  const names = columns.map((one) => one.column);
  const declared =
    node.kind === 'source' ? `which columns the source ${node.name} has is declared, not known` : undefined;
  const open = openShape(node.id, names, unknown[0] ?? declared ?? '', neverNull);
  return unknown[0] === undefined && declared === undefined ? { ...open, other: undefined, starGap: undefined } : open;
}

/** A source has the columns that its .yml declares, a seed those of its file. */
function ofRoot(node: Exclude<NodeWithColumns, ModelNode>, { seedColumns }: LineageOptions): NodeLineage {
  const declared = new Map(node.columns.map((one) => [one.name, one.place]));
  const { names, unknown } = namesOf(node, [...declared.keys()], seedColumns);
  return {
    node: node.id,
    columns: names.map((name) => ({ column: name, from: [], unknown: [], place: declared.get(name) })),
    rowsFrom: [],
    filteredBy: [],
    unknown,
  };
}

function namesOf(
  node: Exclude<NodeWithColumns, ModelNode>,
  declared: readonly string[],
  seedColumns: LineageOptions['seedColumns'],
): { readonly names: readonly string[]; readonly unknown: readonly string[] } {
  if (node.kind === 'source')
    return {
      names: declared,
      unknown: declared.length > 0 ? [] : [`no columns are declared for the source ${node.name}`],
    };
  try {
    return { names: seedColumns(node), unknown: [] };
  } catch (error) {
    return { names: declared, unknown: [error instanceof Error ? error.message : String(error)] };
  }
}

interface ModelRead {
  readonly lineage: NodeLineage;
  /** Whether no form of its SQL yields a NULL in a column. */
  readonly isFilled: (column: string) => boolean;
}

function ofModel(
  node: ModelNode,
  options: LineageOptions,
  isNeverNull: (column: string) => boolean,
  groundWith: (own: Shape) => Ground,
): ModelRead {
  const declared = node.columns.map(({ name }) => name);
  const added = addedColumns(node);
  const readOn = (sql: SqlText, own: Shape) => read(node, sql, options, groundWith(own));
  // Before its SQL is read, its own rows have the columns that it declares, and any other.
  const before = openShape(node.id, declared, `which columns ${node.name} itself has is being found out`, isNeverNull);
  const full = readOn(node.fullSql, before);
  const { columns, starGap } = full.shape;
  const names = [...columns, ...added].map(({ name }) => name);
  const own =
    starGap === undefined ? { ...openShape(node.id, names, '', isNeverNull), other: undefined, starGap } : before;
  const incremental = incrementalSqlOf(node);
  const forms = [full, ...(incremental === undefined ? [] : [readOn(incremental, own)])];
  const flowIn = (name: string) => merge(nothing, ...forms.map(({ shape }) => flowNamed(shape.columns, name)));
  const hidden = starGap === undefined ? [] : declared.filter((name) => !names.includes(name));
  const lineage = {
    node: node.id,
    columns: [
      ...columns.map((one) => lineageOf(one.name, flowIn(one.name), full.placeOf(one))),
      ...hidden.map((name) => lineageOf(name, full.shape.other?.(name) ?? gap(starGap ?? ''))),
      ...added.map(({ name, from }) =>
        lineageOf(name, computed(merge(nothing, ...from.map((key) => flowNamed(columns, key))))),
      ),
    ],
    rowsFrom: originsOf(computed(merge(...forms.map(({ shape }) => shape.rows)))),
    filteredBy: originsOf(filtered(merge(...forms.map(({ shape }) => shape.filters)))),
    unknown: [...new Set(forms.flatMap(({ shape }) => shape.starGap ?? []))],
  };
  const isFilled = (name: string) =>
    forms.every(({ shape }) => shape.columns.find((one) => one.name === name)?.neverNull === true);
  return { lineage, isFilled };
}

function flowNamed(columns: readonly Column[], name: string): Flow {
  return columns.find((one) => one.name === name)?.flow ?? nothing;
}

interface Read {
  readonly shape: Shape;
  readonly placeOf: (column: Column) => Place | undefined;
}

function read(node: ModelNode, sql: SqlText, { parser, onNotIn }: LineageOptions, ground: Ground): Read {
  const { select, placeOf } = placedQuery(sql, parser);
  const tell = (location: number | undefined, what: string) => {
    const place = placeOf(location);
    if (place !== undefined) onNotIn?.(node, place, what);
  };
  const shape = queryShape(select, undefined, new Map(), onNotIn === undefined ? ground : { ...ground, onNotIn: tell });
  return { shape, placeOf: ({ location }) => (location === undefined ? undefined : placeOf(location)) };
}

function lineageOf(name: string, flow: Flow, place?: Place): ColumnLineage {
  return { column: name, from: originsOf(flow), unknown: [...flow.gaps], ...(place === undefined ? {} : { place }) };
}

function originsOf({ parts }: Flow): Origin[] {
  const found = new Map<string, Part>();
  for (const part of parts.values()) {
    const key = JSON.stringify([part.node, part.column, ...part.path]);
    const other = found.get(key);
    if (other === undefined || ranks[part.how] > ranks[other.how]) found.set(key, part);
  }
  return [...found.values()].map(originOf).sort(compareOrigins);
}

function originOf({ node, column: name, path, how }: Part): Origin {
  return { node, column: name, ...(path.length === 0 ? {} : { path: path.join('.') }), how };
}

const order: Readonly<Record<How, number>> = { copied: 0, computed: 1, filtered: 2 };

function compareOrigins(a: Origin, b: Origin): number {
  const key = ({ node, column: name, path = '' }: Origin) => `${node} ${name} ${path}`;
  return order[a.how] - order[b.how] || (key(a) < key(b) ? -1 : 1);
}
