import type { ApiSettings } from '../../manifest/api.ts';
import { normalType, timeType } from '../../manifest/column-type.ts';
import { type BuiltNode, isBuilt, type Node } from '../../manifest/manifest.ts';
import type { Properties } from '../../project/properties.ts';
import type { ApiModel } from '../../project/properties-schema.ts';
import type { Problem } from '../../text/errors.ts';
import { didYouMean } from '../../text/suggest.ts';
import type { YamlPath } from '../../yaml/yaml-file.ts';
import type { CompileContext } from '../draft/context.ts';

type Complain = (what: string, below: YamlPath, hint?: string | undefined) => void;

/** Addresses of the server's own. */
const taken = ['/health', '/docs', '/openapi.json', '/odata'];

/** Parameters that mean something for every address. */
export const reservedParameters = ['limit', 'cursor', 'order', 'fields', 'format', 'from', 'to'] as const;

/**
 * Puts the setting `api` of models and seeds, checked, into their nodes. The columns that it names must be declared with their types,
 * rows must have a key, and no two addresses may be the same.
 */
export function addApis(context: CompileContext, nodes: Map<string, Node>, problems: Problem[]): void {
  const owners = new Map<string, string>();
  for (const { id, properties } of context.drafts.values()) {
    const node = nodes.get(id);
    const given = properties?.value.api;
    if (given === undefined || properties === undefined || !isBuilt(node)) continue;
    const complain: Complain = (what, below, hint) =>
      problems.push(
        properties.yaml.problem(`api of ${node.name}: ${what}`, [...properties.path, 'api', ...below], hint),
      );
    if (node.materialized === 'ephemeral') complain('an ephemeral model has no rows to read', []);
    else {
      const api = apiOf(node, given, properties, complain);
      const other = owners.get(api.path);
      if (other !== undefined)
        complain(`${api.path} is the address of ${other}`, ['path'], 'Give one of them another.');
      else if (taken.some((own) => api.path === own || api.path.startsWith(`${own}/`)))
        complain(`${api.path} is an address of the server itself`, ['path'], 'Choose another one.');
      owners.set(api.path, node.name);
      nodes.set(id, { ...node, api });
    }
  }
}

function apiOf(node: BuiltNode, given: ApiModel, { value }: Properties, complain: Complain): ApiSettings {
  const declared = new Map((value.columns ?? []).map((column) => [column.name, column]));
  const columns = given.columns ?? [...declared.keys()];
  const primary = node.constraints.flatMap((one) => (one.type === 'primary_key' ? one.columns : []));
  const key = given.key ?? (primary.length > 0 ? primary : (node.config.unique_key ?? []));
  const orderBy = [...new Set([...(given.order_by ?? []), ...key])];
  const { time, required = [], only = {} } = given;
  if (columns.length === 0) complain('no column is declared', [], 'Declare the columns with their data_type.');
  if (key.length === 0)
    complain('no columns identify a row, and pages need that', [], 'Name them as key, or declare a primary key.');
  const named: readonly (readonly [string, YamlPath])[] = [
    ...columns.map((name) => [name, given.columns === undefined ? [] : ['columns']] as const),
    ...orderBy.map((name) => [name, given.order_by?.includes(name) === true ? ['order_by'] : ['key']] as const),
    ...required.map((name) => [name, ['required']] as const),
    ...Object.entries(only).map(([parameter, name]) => [name, ['only', parameter]] as const),
    ...(time === undefined ? [] : [[time, ['time']] as const]),
  ];
  const seen = new Set<string>();
  for (const [name, below] of named) {
    if (seen.has(name)) continue;
    seen.add(name);
    const column = declared.get(name);
    if (column === undefined)
      complain(`there is no column "${name}" in its .yml`, below, didYouMean(name, declared.keys()));
    else if (column.data_type === undefined)
      complain(`column ${name} has no data_type`, below, 'Declare it, so that requests can be checked.');
  }
  const typeOf = (name: string) => normalType(declared.get(name)?.data_type ?? '');
  if (time !== undefined && declared.get(time)?.data_type !== undefined && timeType(typeOf(time)) === undefined)
    complain(`column ${time} is no date or time`, ['time']);
  for (const [parameter, name] of Object.entries(only)) {
    if (declared.get(name)?.data_type !== undefined && typeOf(name) !== 'boolean')
      complain(`column ${name} is no boolean`, ['only', parameter]);
    if (declared.has(parameter) || reservedParameters.some((one) => one === parameter))
      complain(`${parameter} is a parameter already`, ['only', parameter], 'Choose another name.');
  }
  const neverNull = new Set([
    ...key,
    ...node.constraints.flatMap((one) => (one.type === 'not_null' ? one.columns : [])),
  ]);
  for (const name of given.order_by ?? [])
    if (declared.has(name) && !neverNull.has(name))
      complain(`column ${name} may be NULL, and rows cannot be ordered by it`, ['order_by'], 'Declare it not_null.');
  const path = given.path ?? `/${node.relation.schema}/${node.relation.name}`;
  return { path, key, orderBy, columns, time, required, only };
}
