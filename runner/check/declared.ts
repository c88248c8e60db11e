import { StatementError } from '../../warehouse/errors.ts';
import { identifier, type RelationName, relation } from '../../warehouse/quote.ts';
import type { Queryable, Warehouse } from '../../warehouse/warehouse.ts';
import { type Column, readRelation } from '../database/catalog.ts';
import { readTypesOf } from '../database/declared-types.ts';
import { normalType } from '../manifest/column-type.ts';
import type { BuiltNode, ColumnSpec, SeedNode, SourceNode } from '../manifest/manifest.ts';
import { NodeError } from '../text/errors.ts';
import { formatPlace, type Place } from '../text/place.ts';
import { didYouMean } from '../text/suggest.ts';

/**
 * Makes a source's table of the columns its .yml declares. One that is there already (the loaders' own) must have them.
 * @returns what is wrong; empty if the table can be read.
 */
export async function provideSource(on: Warehouse, node: SourceNode): Promise<readonly NodeError[]> {
  const existing = await readRelation(on, node.relation);
  const faults = await wrongTypes(on, node);
  if (faults.length > 0) return faults;
  if (existing === undefined) {
    const untyped = node.columns.filter(({ dataType }) => dataType === undefined);
    if (node.columns.length > 0 && untyped.length === 0) await createEmpty(on, node.relation, node.columns);
    else if (node.columns.length === 0) return [missingColumns(node)];
    return untyped.map((column) =>
      fault(node, column.place, `${column.name} has no data_type, which a check needs`, 'Add it.'),
    );
  }
  const types = new Map(existing.columns.map((column) => [column.name, column.type]));
  const names = node.columns.flatMap(({ dataType }) => dataType ?? []);
  const declared = await on.transaction((session) => readTypesOf(session, names));
  return node.columns.flatMap((column) => {
    const type = types.get(column.name);
    if (type === undefined)
      return fault(node, column.place, `there is no column "${column.name}"`, didYouMean(column.name, types.keys()));
    if (column.dataType === undefined || (declared.get(column.dataType) ?? normalType(column.dataType)) === type)
      return [];
    return fault(node, column.typePlace, `${column.name} is ${type}, not ${column.dataType}`, 'Correct its data_type.');
  });
}

/**
 * Creates an empty table as a stand-in for a model or seed that cannot be built.
 * @param yields the columns of its query, if they are known; declared columns are added.
 * @returns false if no column is known.
 */
export async function createStandIn(
  on: Queryable,
  node: BuiltNode,
  yields: readonly Column[] | undefined,
): Promise<boolean> {
  const others = node.columns.filter(({ name }) => yields?.every((column) => column.name !== name) ?? true);
  const untyped = others.some(({ dataType }) => dataType === undefined);
  if (yields === undefined && (others.length === 0 || untyped)) return false;
  const columns = [...(yields ?? []).map(({ name, type }) => ({ name, dataType: type })), ...others];
  try {
    await createEmpty(on, node.relation, columns);
    return true;
  } catch (error) {
    if (error instanceof StatementError) return false;
    throw error;
  }
}

/** The declared types that PostgreSQL does not know. */
export async function wrongTypes(on: Queryable, node: SourceNode | SeedNode): Promise<NodeError[]> {
  const faults: NodeError[] = [];
  for (const column of node.columns) {
    if (column.dataType === undefined || (await isType(on, column.dataType))) continue;
    faults.push(
      fault(node, column.typePlace, `"${column.dataType}" is no type of PostgreSQL`, 'Write e.g. text or bigint.'),
    );
  }
  return faults;
}

async function isType(on: Queryable, type: string): Promise<boolean> {
  try {
    const { rows } = await on.query('select to_regtype($1) is not null as known', [normalType(type)]);
    return rows[0]?.known === true;
  } catch (error) {
    // What cannot be read as the name of a type is none.
    if (error instanceof StatementError) return false;
    throw error;
  }
}

async function createEmpty(
  on: Queryable,
  name: RelationName,
  columns: readonly Pick<ColumnSpec, 'name' | 'dataType'>[],
): Promise<void> {
  const list = columns.map((column) => `${identifier(column.name)} ${normalType(column.dataType ?? 'text')}`);
  await on.query(`create table ${relation(name)} (\n    ${list.join(',\n    ')}\n)`);
}

function missingColumns(node: SourceNode): NodeError {
  return new NodeError({
    what: `${node.name}: no columns are declared, so nothing made of it can be checked`,
    where: formatPlace(node.place),
    hint: 'List them: columns: [{ name: load_id, data_type: bigint }, ...].',
  });
}

/** @param at where what is wrong is declared. */
function fault(node: SourceNode | SeedNode, at: Place | undefined, what: string, hint: string | undefined): NodeError {
  const where = at === undefined ? node.file : formatPlace(at);
  return new NodeError({ what: `${node.name}: ${what}`, where, hint });
}
