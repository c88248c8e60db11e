import type { ApiSettings } from '../../runner/manifest/api.ts';
import { normalType } from '../../runner/manifest/column-type.ts';
import type { Exposure } from '../../runner/manifest/exposure.ts';
import { behind, isView } from '../../runner/manifest/lineage.ts';
import { type BuiltNode, isBuilt, type Manifest, rowSecurityOf } from '../../runner/manifest/manifest.ts';
import { castOf, kindOf } from './kinds.ts';
import type { Column, Resource } from './resource.ts';

/** What a project shows. `leftOut`: why the view of an exposed model is not among it. */
export interface Resources {
  readonly all: readonly Resource[];
  readonly leftOut: readonly string[];
}

/** The addresses of a project, by their paths. */
export function resourcesOf(manifest: Manifest, exposures: readonly Exposure[]): Resources {
  const all: Resource[] = [];
  const leftOut: string[] = [];
  for (const node of manifest.nodes.values()) {
    if (!isBuilt(node) || node.api === undefined) continue;
    all.push(ofModel(manifest, node, node.api));
    const exposure = exposures.find(({ model }) => model === node.id);
    const view = exposure && ofView(manifest, exposure, node.api);
    if (typeof view === 'object') all.push(view);
    else if (view !== undefined) leftOut.push(view);
  }
  return { all: all.sort((a, b) => (a.path < b.path ? -1 : 1)), leftOut };
}

function ofModel(manifest: Manifest, node: BuiltNode, api: ApiSettings): Resource {
  const columns = node.columns.map(({ name, description, dataType = '' }) => columnOf(name, description, dataType));
  return {
    path: api.path,
    name: node.name,
    model: node.id,
    isView: false,
    description: node.description,
    relation: node.relation,
    columns: new Map(columns.map((column) => [column.name, column])),
    shown: api.columns,
    orderBy: api.orderBy,
    time: api.time,
    required: api.required,
    only: api.only,
    behind: behindOf(manifest, node.id),
  };
}

/** The view of a model, by its own names; why not, where it does not show the key. */
function ofView(manifest: Manifest, exposure: Exposure, api: ApiSettings): Resource | string {
  const nameOf = (source: string) => exposure.columns.find((column) => column.source === source)?.name;
  const orderBy = api.orderBy.flatMap((source) => nameOf(source) ?? []);
  const path = `/${exposure.view.schema}/${slug(exposure.view.name)}`;
  const missing = [...api.orderBy, ...api.required].find((source) => nameOf(source) === undefined);
  if (missing !== undefined) return `${path} is not served: the view does not show the column ${missing}`;
  const columns = exposure.columns.map(({ name, description, sqlType }) => columnOf(name, description, sqlType));
  const only = Object.entries(api.only).flatMap(([parameter, source]) => {
    const name = nameOf(source);
    return name === undefined ? [] : [[parameter, name] as const];
  });
  return {
    path,
    name: exposure.view.name,
    model: exposure.model,
    isView: true,
    description: exposure.description,
    relation: exposure.view,
    columns: new Map(columns.map((column) => [column.name, column])),
    shown: columns.map(({ name }) => name),
    orderBy,
    time: api.time === undefined ? undefined : nameOf(api.time),
    required: api.required.flatMap((source) => nameOf(source) ?? []),
    only: Object.fromEntries(only),
    behind: behindOf(manifest, exposure.model),
  };
}

function columnOf(name: string, description: string, type: string): Column {
  const kind = kindOf(type);
  return { name, description, kind, type: normalType(type), cast: castOf(kind, type) };
}

/** `Room by hour` -> `room-by-hour` */
function slug(name: string): string {
  return name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[\u0300-\u036f]/g, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}

/** The models and seeds with rows of their own, and those that say who sees which of them. */
function behindOf(manifest: Manifest, id: string): readonly string[] | undefined {
  const stored = behind(manifest.nodes, [id], isView);
  if (!stored.every(isBuilt)) return undefined;
  const names = stored.filter(isBuilt).flatMap((node) => [node.name, rowSecurityOf(node)?.name ?? []].flat());
  return [...new Set(names)].sort();
}
