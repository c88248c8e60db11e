import type { Column } from '../database/catalog.ts';
import { normalType } from '../manifest/column-type.ts';
import { type BuiltNode, type ColumnSpec, partitioningOf } from '../manifest/manifest.ts';
import { addedColumns } from '../materialize/snapshot.ts';
import { settingPlace } from '../project/setting-places.ts';
import { NodeError } from '../text/errors.ts';
import type { Place } from '../text/place.ts';
import type { YamlPath } from '../yaml/yaml-file.ts';

/** Every key and index column must be among the columns of the query. */
export function checkNamed(node: BuiltNode, columns: readonly Column[]): void {
  const have = new Set(columns.map((column) => column.name));
  const missing = namedColumns(node).filter(({ name }) => !have.has(name));
  if (missing.length === 0) return;
  throw new NodeError({
    what: `${node.name} has no column ${missing.map(({ name, where }) => `"${name}" (named in ${where})`).join(', ')}`,
    place: missing[0]?.place,
    hint: `Its columns are ${[...have].join(', ')}.`,
  });
}

/** The columns that a node's settings and constraints name, with the name of the setting and its place. */
export function namedColumns(node: BuiltNode): readonly NamedColumn[] {
  const listed = (key: string, names: string | readonly string[] = [], ...inside: YamlPath) =>
    [names].flat().map((name, at) => ({ name, where: key, place: settingPlace(node.settings, key, ...inside, at) }));
  return [
    ...listed('unique_key', node.config.unique_key),
    ...(node.config.indexes ?? []).flatMap(({ columns: keys, include }, at) => [
      ...listed('indexes', keys, at, 'columns'),
      ...listed('indexes', include, at, 'include'),
    ]),
    ...listed('updated_at', node.config.updated_at),
    ...listed('partition_by', partitioningOf(node)?.column, 'column'),
    ...(node.config.check_cols === 'all' ? [] : listed('check_cols', node.config.check_cols)),
    ...listed('merge_update_columns', node.config.merge_update_columns),
    ...listed('merge_exclude_columns', node.config.merge_exclude_columns),
    ...node.constraints.flatMap((constraint) =>
      'columns' in constraint
        ? constraint.columns.map((name) => ({ name, where: constraint.type, place: constraint.place }))
        : [],
    ),
  ];
}

interface NamedColumn {
  readonly name: string;
  readonly where: string;
  readonly place: Place | undefined;
}

/**
 * Holds the columns that a query or a seed's file yields against the contract, if one is enforced.
 * @throws NodeError with all differences in one message.
 */
export function checkContract(node: BuiltNode, yields: readonly Column[]): void {
  const faults = contractFaults(node, yields);
  if (faults.length === 0) return;
  throw new NodeError({
    what: `${node.name} breaks its contract:\n${faults.map(({ what }) => what).join('\n')}`,
    place: faults.find(({ place }) => place !== undefined)?.place,
    hint: `Change ${node.kind === 'seed' ? 'the file' : 'the query'} or the columns in its .yml file so that they agree.`,
  });
}

/** Whether columns are those of the contract; true where none is enforced. */
export function keepsContract(node: BuiltNode, columns: readonly Column[]): boolean {
  return contractFaults(node, columns).length === 0;
}

/** Whether a node's columns have to be those of its .yml. */
export function hasContract({ config }: BuiltNode): boolean {
  return config.contract?.enforced === true;
}

interface ContractFault {
  readonly what: string;
  readonly place?: Place | undefined;
}

function contractFaults(node: BuiltNode, yields: readonly Column[]): ContractFault[] {
  if (!hasContract(node)) return [];
  const [from, taken] = node.kind === 'seed' ? ['the file', 'in the file'] : ['the query', 'selected'];
  const actual = new Map(yields.map((column) => [column.name, column.type]));
  const faults: ContractFault[] = [];
  for (const { name, dataType, type: declared, place, typePlace } of promised(node)) {
    const type = actual.get(name);
    if (type === undefined) faults.push({ what: `  ${name}: declared, but not ${taken}`, place });
    else if (dataType === undefined)
      faults.push({ what: `  ${name}: has no data_type; ${from} yields ${type}`, place });
    else if ((declared ?? normalType(dataType)) !== type)
      faults.push({ what: `  ${name}: declared ${dataType}, but ${from} yields ${type}`, place: typePlace });
    actual.delete(name);
  }
  for (const [name, type] of actual) faults.push({ what: `  ${name}: ${taken} (${type}), but not declared` });
  return faults;
}

/** A snapshot's own columns may be described; they are not its query's to yield. */
function promised(node: BuiltNode): readonly ColumnSpec[] {
  if (node.materialized !== 'snapshot') return node.columns;
  const added = new Set(addedColumns(node.snapshot).map(({ name }) => name));
  return node.columns.filter(({ name }) => !added.has(name));
}
